import { machineChanges } from "../../components/machine-changes";
import { canGoOn, formatFindings, problemsIn } from "../../hypervisor/preflight/finding";
import { preflight } from "../../hypervisor/preflight/preflight";
import { accessFiles, writeAccessFiles } from "../../lab/access-files";
import { Stack } from "../../lab/stack/stack";
import { confirm } from "../../lib/confirm";
import type { LabPlan } from "../../plan/lab-plan";
import { renewPersonalFiles } from "../host/personal-files";
import { observeMachines } from "../set-up/observed-machines";
import { completeForUpdate, type Prepared } from "../set-up/set-up";
import { whatNow } from "./what-now";

/**
 * Brings a stack's lab up, or to its changed configuration, and says what a person can do with it. Asks before machines that have run
 * are taken away or recreated.
 * @param prepared of that stack, by set-up
 * @param options for Pulumi
 * @param yes asks nothing
 * @returns Pulumi's exit status
 * @throws Error with what stands in the way; nothing was made then.
 */
export async function bringUp(
  name: string,
  prepared: Prepared,
  options: readonly string[],
  yes: boolean,
): Promise<number> {
  const findings = problemsIn(await preflight(prepared.plan));
  if (findings.length > 0) console.error(formatFindings(findings));
  if (!canGoOn(findings)) throw new Error("nothing was made; fix the above and run again");
  const ready = await completeForUpdate(prepared);
  const stack = new Stack(name, ready);
  const [losses] = await Promise.all([yes ? [] : lossesOf(prepared), stack.select()]);
  if (losses.length > 0) await askFor(losses);
  // What becomes of machines is to be the last that a person reads, not screens of certificates.
  const status = await stack.run(["up", "--yes", "--skip-preview", "--suppress-outputs", ...options]);
  if (status === 0) await sayWhatNow(stack, ready.plan.hostAccess);
  return status;
}

/** What takes machines that have run away, a line each. */
async function lossesOf({ plan, labFolder }: Prepared): Promise<string[]> {
  const seen = await observeMachines(plan, labFolder);
  if (seen === undefined) return [];
  return machineChanges(plan, seen)
    .filter(({ takes }) => takes)
    .map(({ words }) => words);
}

/** @throws Error where the answer is no, or nobody is there to answer. */
export async function askFor(losses: readonly string[]): Promise<void> {
  const lines = losses.map((words) => `  ${words}`).join("\n");
  if (!(await confirm(`This update\n${lines}\nGo on?`))) throw new Error("nothing was changed");
}

async function sayWhatNow(stack: Stack, { mode }: LabPlan["hostAccess"]): Promise<void> {
  const outputs = await stack.outputs();
  writeAccessFiles(stack.name, outputs);
  renewPersonalFiles(stack.name);
  console.log(`\n${whatNow(accessFiles(stack.name), outputs.machines, process.platform)}`);
  if (mode !== "forward") console.log("This computer's way to every machine: npm run host");
}
