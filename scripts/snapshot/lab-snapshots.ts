import { cutPower, type LabMachine, startMachines, stopMachines } from "../../hypervisor/machine/lab-power";
import { isStopped, stateOf } from "../../hypervisor/machine/power";
import {
  deleteSnapshot,
  listSnapshots,
  requireDeletable,
  requireNewName,
  requireSnapshot,
  requireWhole,
  restoreSnapshot,
  takeSnapshot,
} from "../../hypervisor/machine/snapshots";
import { requireFreePorts } from "../../hypervisor/network/host-ports";
import type { ExistingLab } from "../../lab/existing-lab";
import type { StackResource } from "../../lab/stack/stack";
import { together } from "../../lib/together";
import { startLab } from "../start/start-lab";

/** Takes a snapshot of the lab at rest: all machines are shut down for it, and started again if one ran. */
export async function takeLabSnapshot(lab: ExistingLab, name: string): Promise<void> {
  const { vbox, outputs } = lab;
  requireNewName(name, await listSnapshots(vbox, outputs.machines));
  const states = await together(outputs.machines, (machine) => stateOf(vbox, machine.hypervisorName));
  const ran = states.some((state) => state !== undefined && !isStopped(state));
  await stopMachines(vbox, outputs.machines);
  try {
    await takeSnapshot(vbox, outputs.machines, name, new Date());
    console.log(`Snapshot ${name} is taken.`);
  } finally {
    if (ran) await startLab(lab);
  }
}

/** The machines lose their power and what they have done since; the lab starts as it was when the snapshot was taken. */
export async function restoreLabSnapshot(lab: ExistingLab, name: string): Promise<void> {
  const { vbox, outputs, stack } = lab;
  const snapshot = requireSnapshot(name, await listSnapshots(vbox, outputs.machines));
  requireWhole(snapshot, outputs.machines);
  const { resources = [] } = (await stack.exportState()).deployment;
  const changed = changedSince(resources, outputs.machines, snapshot.takenAt);
  await requireFreePorts(vbox, outputs.machines);
  await cutPower(vbox, outputs.machines);
  await restoreSnapshot(vbox, outputs.machines, snapshot, ({ name }) => changed.includes(name), new Date());
  console.log(`Snapshot ${name} of ${snapshot.takenAt} is restored.`);
  if (changed.length === 0) return startLab(lab);
  // It may need what the update brought: its health may never come.
  await startMachines(vbox, outputs.machines);
  console.log(
    `Updates since have changed ${changed.join(", ")}. To bring the lab to its configuration: npm run up`,
  );
}

export async function deleteLabSnapshot({ vbox, outputs }: ExistingLab, name: string): Promise<void> {
  const snapshot = requireSnapshot(name, await listSnapshots(vbox, outputs.machines));
  requireDeletable(snapshot);
  await deleteSnapshot(vbox, outputs.machines, snapshot);
  console.log(`Snapshot ${name} is deleted.`);
}

/** Names of the machines whose hardware or files an update has changed after that time. */
export function changedSince(
  resources: readonly Pick<StackResource, "urn" | "modified">[],
  machines: readonly Pick<LabMachine, "name">[],
  time: string,
): string[] {
  const changed = resources.filter(({ modified }) => Date.parse(modified ?? "") > Date.parse(time));
  return machines
    .map(({ name }) => name)
    .filter((name) =>
      changed.some(({ urn }) => urn.endsWith(`-${name}-hardware`) || urn.endsWith(`-${name}-node-apply`)),
    );
}
