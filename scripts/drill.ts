import { fail, parseStackArguments } from "./command-line";
import { confirm } from "./confirm";
import { openLab } from "./existing-lab";
import { drill, type Outcome } from "./lab-drill";
import { table } from "./table";

/**
 * `npm run drill [-- --stack NAME] [--yes] [--json]`: switches off, one after the other, the load balancer that holds the
 * virtual IP, the master that leads etcd, a worker and a Gluster machine, and measures what users notice. Ends with 1 when a
 * goal is missed.
 */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  const unknown = rest.filter((word) => word !== "--yes" && word !== "--json");
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(" ")}. There are --yes and --json.`);
  const question = `The drill cuts the power of four machines of lab ${stack}, one after the other. Go on?`;
  if (!rest.includes("--yes") && !(await confirm(question))) return;
  const { outcomes, skipped } = await drill(await openLab(stack));
  const missed = outcomes.flatMap((outcome) => outcome.missed);
  if (rest.includes("--json"))
    console.log(JSON.stringify({ stack, passed: missed.length === 0, outcomes, skipped }, null, 2));
  else console.log(formatted(outcomes, skipped));
  process.exitCode = missed.length === 0 ? 0 : 1;
}

function formatted(outcomes: readonly Outcome[], skipped: readonly string[]): string {
  const heading = [
    "",
    "lost",
    "because it",
    "API lost",
    "goal",
    "requests failed",
    "writes failed",
    "slowest write",
    "healthy again",
  ];
  const rows = outcomes.map(
    ({ machine, because, goalSeconds, api, storage, healthyAfterSeconds, missed }) => [
      missed.length === 0 ? "ok" : "BAD",
      machine,
      because,
      `${api.lossSeconds.toFixed(1)} s`,
      goalSeconds === undefined ? "" : `${goalSeconds} s`,
      `${api.failed} of ${api.requests}`,
      storage === undefined ? "" : `${storage.failed} of ${storage.written + storage.failed}`,
      storage === undefined ? "" : `${storage.longestSeconds.toFixed(1)} s`,
      `${healthyAfterSeconds} s`,
    ],
  );
  const missed = outcomes.flatMap(({ machine, missed }) => missed.map((why) => `${machine}: ${why}`));
  return [
    "",
    table(heading, rows),
    "",
    ...skipped.map((why) => `not tried, ${why}`),
    ...(missed.length === 0 ? ["Every goal was reached."] : missed),
  ].join("\n");
}

main().catch(fail(2));
