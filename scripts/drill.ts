import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { confirm } from "../lib/confirm";
import { table } from "../lib/table";
import { drill, type Outcome } from "./drill/drill";
import { openLab } from "./set-up/open-lab";

const options = {
  yes: { type: "boolean", short: "y", does: "does not ask before it begins" },
  json: { type: "boolean", does: "as JSON" },
} as const satisfies Options;

const usage = {
  name: "drill",
  does: "cuts the power of one machine of each role in turn and measures what is lost; ends with 1 when a goal is missed",
  options,
};

/** The load balancer that holds the virtual IP, the master that leads etcd, a worker, a Gluster machine. */
async function main({ stack, values }: CommandLine<typeof options>): Promise<void> {
  const question = `The drill cuts the power of four machines of lab ${stack}, one after the other. Go on?`;
  if (!values.yes && !(await confirm(question))) return;
  const { outcomes, skipped } = await drill(await openLab(stack));
  const missed = outcomes.flatMap((outcome) => outcome.missed);
  if (values.json)
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

void runCommand(usage, main, 2);
