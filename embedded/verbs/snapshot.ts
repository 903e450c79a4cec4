import { randomUUID } from "node:crypto";
import { type OptionRule, optionValue, parseArguments } from "../arguments";
import { machineLocked, SyntaxFailure, snapshotNotFound, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import type { SnapshotRecord, StoredMachine } from "../machine/record";
import { findMachine, saveMachine } from "../machine/registry";
import { isOn, machineState } from "../machine/state";
import type { Place } from "../place";
import { branch, disksOf, dropBranches, hoist, refuseNeeded } from "../storage/branches";
import { deleteContent } from "../storage/content";
import { ensureStore } from "../storage/store";
import { childrenOf, printSnapshots, QuietFailure } from "./snapshot-list";
import { type Call, PROGRESS, type Verb } from "./verb";

const USAGE =
  "snapshot <uuid|vmname> take <snapshot-name> [--description=description] | delete <snapshot-name> | restore <snapshot-name> | restorecurrent | list [--machinereadable]";

/** `snapshot NAME take|delete|restore|restorecurrent|list` */
export const snapshot: Verb = async (call) => {
  const [name, action, ...rest] = call.args;
  if (name === undefined || action === undefined) throw syntaxFailure("Not enough parameters");
  const machine = findMachine(call.place, name);
  switch (action) {
    case "take":
      return take(call, machine, rest);
    case "delete":
      return remove(call, machine, onlyName(rest));
    case "restore":
      return restore(call, machine, findSnapshot(machine, onlyName(rest)));
    case "restorecurrent":
      if (rest.length > 0) throw syntaxFailure("Too many arguments");
      return restore(call, machine, currentSnapshot(call, machine));
    case "list":
      return printSnapshots(call, machine, rest);
    default:
      throw syntaxFailure(`Invalid parameter '${action}'`);
  }
};

/** This verb's end with status 1. */
function syntaxFailure(message: string): SyntaxFailure {
  return new SyntaxFailure(message, USAGE, 1);
}

function onlyName([name, ...more]: string[]): string {
  if (name === undefined || more.length > 0) throw syntaxFailure("Expecting snapshot name only");
  return name;
}

function findSnapshot(machine: StoredMachine, name: string): SnapshotRecord {
  const found = machine.snapshots.find((candidate) => candidate.name === name || candidate.uuid === name);
  if (found) return found;
  if (machine.snapshots.length > 0) throw snapshotNotFound(name, "SessionMachine");
  throw new VirtualBoxError("This machine does not have any snapshots", {
    code: "VBOX_E_OBJECT_NOT_FOUND",
    component: "SessionMachine",
    interface: "IMachine",
    context: "FindSnapshot(Bstr(a->argv[2]).raw(), pSnapshot.asOutParam())",
  });
}

function currentSnapshot({ print }: Call, machine: StoredMachine): SnapshotRecord {
  const found = machine.snapshots.find(({ uuid }) => uuid === machine.currentSnapshot);
  if (found) return found;
  print("This machine does not have any snapshots");
  throw new QuietFailure();
}

/** The disks as they are become the snapshot's; the machine goes on with new ones that begin as they are. */
async function take({ place, print, warn }: Call, machine: StoredMachine, rest: string[]): Promise<void> {
  const rules: OptionRule[] = [
    { names: ["description"], values: 1 },
    { names: ["live"], values: 0 },
    { names: ["pause"], values: 0 },
    { names: ["uniquename"], values: 1 },
  ];
  if (rest.length === 0) throw syntaxFailure("Missing snapshot name");
  const parsed = parseArguments(rest, rules, USAGE, { least: 1, most: 1 });
  // Without its memory it would be no snapshot of a running machine.
  if (isOn(machineState(place, machine).state)) throw machineLocked(machine.name);
  await ensureStore(place);
  const uuid = randomUUID();
  await withPlaceLock(place, "registry", async () => {
    const record = findMachine(place, machine.uuid);
    const taken: SnapshotRecord = {
      ...{ uuid, name: parsed.positionals[0] ?? "", description: optionValue(parsed, "description") ?? "" },
      ...(record.currentSnapshot === undefined ? {} : { parent: record.currentSnapshot }),
      ...{ takenAt: new Date().toISOString(), cpus: record.cpus, memoryMiB: record.memoryMiB },
      adapters: structuredClone(record.adapters),
      controllers: structuredClone(record.controllers),
      attachments: record.attachments,
    };
    record.attachments = await branch(place, record, record.attachments);
    record.snapshots.push(taken);
    record.currentSnapshot = uuid;
    record.changedAt = taken.takenAt;
    saveMachine(place, record);
  });
  warn(PROGRESS);
  print(`Snapshot taken. UUID: ${uuid}`);
}

/** The machine goes on with new disks that begin as the snapshot's; what it wrote since its last snapshot is lost. */
async function restore(
  { place, print, warn }: Call,
  machine: StoredMachine,
  wanted: SnapshotRecord,
): Promise<void> {
  print(`Restoring snapshot '${wanted.name}' (${wanted.uuid})`);
  await ensureStore(place);
  const dropped = await withPlaceLock(place, "registry", async () => {
    const record = findMachine(place, machine.uuid);
    refuseRunning(place, record);
    const { attachments, controllers, cpus, memoryMiB, adapters } = findSnapshot(record, wanted.uuid);
    const disks = dropBranches(place, record);
    record.attachments = await branch(place, record, attachments);
    record.controllers = structuredClone(controllers);
    record.adapters = structuredClone(adapters ?? record.adapters);
    Object.assign(record, {
      cpus,
      memoryMiB,
      currentSnapshot: wanted.uuid,
      changedAt: new Date().toISOString(),
    });
    saveMachine(place, record);
    return disks;
  });
  for (const disk of dropped) await deleteContent(place, disk);
  warn(PROGRESS);
}

function refuseRunning(place: Place, machine: StoredMachine): void {
  const { state } = machineState(place, machine);
  if (!isOn(state)) return;
  const shown = `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
  throw new VirtualBoxError(
    `Cannot delete the current state of the running machine (machine state: ${shown})`,
    {
      code: "VBOX_E_INVALID_VM_STATE",
      component: "SessionMachine",
      interface: "IMachine",
      context: "RestoreSnapshot(pSnapshot, pProgress.asOutParam())",
    },
  );
}

/** The snapshot's disks give way to their children, which hold everything already: also while the machine runs. */
async function remove({ place, print, warn }: Call, machine: StoredMachine, name: string): Promise<void> {
  // It makes room.
  await ensureStore(place, { leastFreeBytes: 0 });
  const orphaned = await withPlaceLock(place, "registry", () => {
    const record = findMachine(place, machine.uuid);
    const found = findSnapshot(record, name);
    print(`Deleting snapshot '${found.name}' (${found.uuid})`);
    refuseForked(record, found);
    const disks = disksOf(found.attachments);
    for (const disk of disks) refuseNeeded(place, disk);
    for (const disk of disks) hoist(place, disk);
    record.snapshots = record.snapshots.filter((candidate) => candidate !== found);
    for (const child of record.snapshots) if (child.parent === found.uuid) setParent(child, found.parent);
    if (record.currentSnapshot === found.uuid) record.currentSnapshot = found.parent;
    saveMachine(place, record);
    return disks;
  });
  for (const disk of orphaned) await deleteContent(place, disk);
  warn(PROGRESS);
}

/** What builds on a snapshot can be at one place only once that is gone. */
function refuseForked(machine: StoredMachine, found: SnapshotRecord): void {
  const children = childrenOf(machine, found.uuid).length;
  const reason =
    children > 1
      ? `it has ${children} child snapshots, which is more than the one snapshot allowed for deletion`
      : children === 1 && found.uuid === machine.currentSnapshot
        ? "it is the current snapshot and has one child snapshot"
        : undefined;
  if (reason === undefined) return;
  throw new VirtualBoxError(
    `Snapshot '${found.name}' of the machine '${machine.name}' cannot be deleted, because ${reason}`,
    {
      code: "VBOX_E_INVALID_OBJECT_STATE",
      component: "SessionMachine",
      interface: "IMachine",
      context: "DeleteSnapshot(bstrSnapGuid.raw(), pProgress.asOutParam())",
    },
  );
}

function setParent(child: SnapshotRecord, parent: string | undefined): void {
  if (parent === undefined) delete child.parent;
  else child.parent = parent;
}
