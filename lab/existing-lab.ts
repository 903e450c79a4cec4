import { openVBoxManage, type VBoxManage } from "../hypervisor/driver/vboxmanage";
import { observeStates } from "../hypervisor/reality/reality";
import { thisHost } from "../lib/host";
import { logFor } from "../lib/progress";
import type { LabPlan } from "../plan/lab-plan";
import type { Check } from "./check";
import type { LabOutputs } from "./outputs";
import type { LabShell } from "./shell";
import type { Stack } from "./stack/stack";
import { examine } from "./status";

/**
 * A lab that came up once, and what is needed to do something with it; it stays as it is meanwhile. Who only looks at one
 * that others may take down, change or bring up has a LabWatcher.
 */
export interface ExistingLab {
  stack: Stack;
  plan: LabPlan;
  outputs: LabOutputs;
  vbox: VBoxManage;
}

export async function existingLab(stack: Stack, plan: LabPlan): Promise<ExistingLab> {
  const outputs = await stack.outputs();
  const vbox = openVBoxManage(plan.hypervisor, thisHost(), logFor("hypervisor"));
  return { stack, plan, outputs, vbox };
}

/** Everything that `npm run status` shows. */
export async function examineLab({ outputs, vbox }: ExistingLab, shell: LabShell): Promise<Check[]> {
  return examine(outputs, await observeStates(vbox, outputs.machines), shell, new Date());
}
