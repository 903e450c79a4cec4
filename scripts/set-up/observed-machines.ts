import { imageChoice } from "../../components/base-disk";
import { openVBoxManage } from "../../hypervisor/driver/vboxmanage";
import type { Observation } from "../../hypervisor/reality/observation";
import { observeWith } from "../../hypervisor/reality/reality";
import { thisHost } from "../../lib/host";
import { logFor } from "../../lib/progress";
import type { LabPlan } from "../../plan/lab-plan";

/**
 * What is there of a plan's machines and of their templates; without a look inside, and without effects.
 * @param labFolder the lab's own; undefined where no lab is known: then there is nothing to look at
 * @throws RemedyError when there is no VBoxManage.
 */
export async function observeMachines(
  plan: LabPlan,
  labFolder: string | undefined,
): Promise<ReadonlyMap<string, Observation> | undefined> {
  if (labFolder === undefined) return undefined;
  const vbox = openVBoxManage(plan.hypervisor, thisHost(), logFor("hypervisor"));
  return observeWith(vbox, plan, imageChoice(plan), labFolder, new Date());
}
