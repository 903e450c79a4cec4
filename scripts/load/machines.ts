import type { OwnArchive } from "../../hypervisor/containers/own-archives";
import type { ImageGoal } from "../../hypervisor/containers/survey";
import type { Guest, GuestAccess } from "../../hypervisor/guest/guest-access";
import type { LabOutputs, OutputMachine } from "../../lab/outputs";

/** What each master and worker of the lab's last update is to have. */
export function goalsOf({ machines, access }: LabOutputs, archives: readonly OwnArchive[]): ImageGoal[] {
  const workers = machines.filter(({ role }) => role === "worker");
  const masters = machines.filter(({ role }) => role === "master");
  const forPods = workers.length > 0 ? workers : masters;
  return [...masters, ...workers].map((machine) => ({
    guest: guestOf(machine, access.hostKeys),
    archives: archives.filter(({ on }) => on === "nodes" || forPods.includes(machine)),
  }));
}

function guestOf({ name, address }: OutputMachine, hostKeys: Record<string, string>): Guest {
  return { name, address, hostKey: hostKeys[name] ?? "" };
}

/** The way into these machines. Secret. */
export function accessTo({ access }: LabOutputs, guests: readonly Guest[]): GuestAccess {
  const { user, privateKey, gateway, host: address, port, hostKeys } = access;
  const way = { name: gateway, address, port, hostKey: hostKeys[gateway] ?? "" };
  return { user, privateKey, gateway: way, machine: way, peers: [...guests] };
}
