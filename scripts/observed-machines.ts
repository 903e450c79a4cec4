import { imageChoice } from "../components/base-disk";
import { thisHost } from "../hypervisor/host";
import { logFor } from "../hypervisor/progress";
import { type Observation, observeWith } from "../hypervisor/reality";
import { openVBoxManage } from "../hypervisor/vboxmanage";
import type { LabPlan } from "../plan/lab-plan";

/**
 * What is there of a plan's machines and of their templates; without a look inside, and without effects.
 * @param labFolder the lab's own; undefined where nobody knows of a lab: then there is nothing to look at
 * @throws HypervisorError when there is no VBoxManage.
 */
export async function observeMachines(
  plan: LabPlan,
  labFolder: string | undefined,
): Promise<ReadonlyMap<string, Observation> | undefined> {
  if (labFolder === undefined) return undefined;
  const vbox = openVBoxManage(plan.hypervisor, thisHost(), logFor("hypervisor"));
  return observeWith(vbox, plan, imageChoice(plan), labFolder, new Date());
}
