import { observe } from "../hypervisor/reality";
import { fail, parseStackArguments } from "./command-line";
import { readOutputs } from "./lab-outputs";
import { LabShell } from "./lab-shell";
import { examine } from "./lab-status";
import { setUp } from "./set-up";
import { Stack } from "./stack";
import { table } from "./table";

/**
 * `npm run status [-- --stack NAME] [--json]`: machines, nodes, etcd members, virtual IP, HAProxy backends, Gluster and
 * certificates in one table. Ends with 0 when all is healthy, 1 when something is not, 2 when there is no lab to look at.
 */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  const json = rest.includes("--json");
  const ready = await setUp(stack);
  const outputs = readOutputs(await new Stack(stack, ready).outputs());
  const shell = new LabShell(outputs.access);
  try {
    const observations = await observe(ready.plan, ready.template);
    const checks = await examine(outputs, observations, shell, new Date());
    const healthy = checks.every((check) => check.healthy);
    if (json) console.log(JSON.stringify({ stack, healthy, checks }, null, 2));
    else console.log(formatted(checks));
    process.exitCode = healthy ? 0 : 1;
  } finally {
    await shell.close();
  }
}

function formatted(checks: Awaited<ReturnType<typeof examine>>): string {
  const rows = checks.map(({ kind, name, healthy, detail }) => [healthy ? "ok" : "BAD", kind, name, detail]);
  const bad = checks.filter(({ healthy }) => !healthy).length;
  return `${table(["", "what", "name", "state"], rows)}\n\n${bad === 0 ? "The lab is healthy." : `${bad} of ${checks.length} checks failed.`}`;
}

main().catch(fail(2));
