import type { VBoxManage } from "../hypervisor/driver/vboxmanage";
import { observeStates } from "../hypervisor/reality/reality";

/** Of these machines those that were ever started: inside the others there is nothing yet. */
export async function begunMachines<M extends { name: string; hypervisorName: string }>(
  vbox: VBoxManage,
  machines: readonly M[],
): Promise<M[]> {
  const states = await observeStates(vbox, machines);
  return machines.filter(({ name }) => states.get(name) !== "made");
}
