import { canGoOn, formatFindings, problemsIn } from "../hypervisor/finding";
import { preflight } from "../hypervisor/preflight";
import type { LabPlan } from "../plan/lab-plan";
import { accessFiles, writeAccessFiles } from "./access-files";
import { type CommandLine, type Options, runCommand } from "./command-line";
import { forPulumi, pulumiOptions } from "./pulumi-options";
import { complete, prepare } from "./set-up";
import { Stack } from "./stack";
import { whatNow } from "./what-now";

const usage = {
  name: "up",
  does: "brings the lab up, or to its changed configuration",
  options: { ...pulumiOptions.up, yes: { type: "boolean", short: "y", does: "asks nothing" } },
} as const;

async function main({ stack: name, values }: CommandLine<Options>): Promise<void> {
  const { yes: _, ...options } = values;
  const prepared = await prepare(name);
  const findings = problemsIn(await preflight(prepared.plan));
  if (findings.length > 0) console.error(formatFindings(findings));
  if (!canGoOn(findings)) throw new Error("nothing was made; mend the above and run again");
  const ready = await complete(prepared);
  const stack = new Stack(name, ready);
  await stack.select();
  process.exitCode = await stack.run(["up", "--yes", "--skip-preview", ...forPulumi(options)]);
  if (process.exitCode === 0) await sayWhatNow(stack, ready.plan.hostAccess);
}

async function sayWhatNow(stack: Stack, { mode }: LabPlan["hostAccess"]): Promise<void> {
  writeAccessFiles(stack.name, await stack.outputs());
  console.log(`\n${whatNow(accessFiles(stack.name), process.platform)}`);
  if (mode !== "forward") console.log("This computer's way to every machine: npm run host");
}

void runCommand(usage, main);
