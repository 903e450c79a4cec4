import { thisHost } from "../hypervisor/host";
import { logFor } from "../hypervisor/progress";
import { observe } from "../hypervisor/reality";
import { openVBoxManage, type VBoxManage } from "../hypervisor/vboxmanage";
import type { LabPlan } from "../plan/lab-plan";
import { type LabOutputs, readOutputs } from "./lab-outputs";
import type { LabShell } from "./lab-shell";
import { type Check, examine } from "./lab-status";
import { type SetUp, setUp } from "./set-up";
import { Stack } from "./stack";

/** A lab that came up once, and what is needed to do something with it. */
export interface ExistingLab {
  stack: Stack;
  plan: LabPlan;
  /** Name of the template that its machines are clones of. */
  template: string;
  outputs: LabOutputs;
  vbox: VBoxManage;
}

/** @throws Error when the stack has no lab, or one that never came up whole. */
export async function openLab(stackName: string): Promise<ExistingLab> {
  const ready = await setUp(stackName);
  return existingLab(new Stack(stackName, ready), ready);
}

export async function existingLab(stack: Stack, { plan, template }: SetUp): Promise<ExistingLab> {
  const outputs = readOutputs(await stack.outputs());
  const vbox = openVBoxManage(plan.hypervisor, thisHost(), logFor("hypervisor"));
  return { stack, plan, template, outputs, vbox };
}

/** Everything that `npm run status` shows. */
export async function examineLab(
  { plan, template, outputs }: ExistingLab,
  shell: LabShell,
): Promise<Check[]> {
  return examine(outputs, await observe(plan, template), shell, new Date());
}
