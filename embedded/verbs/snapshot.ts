import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasOption, type OptionRule, optionValue, parseArguments } from "../arguments";
import { machineLocked, SyntaxFailure, snapshotNotFound, VirtualBoxError } from "../errors";
import { withLock } from "../locks";
import type { AttachmentRecord, MachineRecord, SnapshotRecord } from "../machine/record";
import { findMachine, saveMachine } from "../machine/registry";
import { isOn, machineState } from "../machine/state";
import type { Place } from "../place";
import { deleteContent, snapshotContent } from "../storage/content";
import { forgetMedium, loadMedia, newMedium, saveMedium } from "../storage/medium";
import { ensureStore } from "../storage/store";
import { type Call, PROGRESS, type Verb } from "./verb";

const USAGE =
  "snapshot <uuid|vmname> take <snapshot-name> [--description=description] | delete <snapshot-name> | list [--machinereadable]";

/** `snapshot NAME take|delete|list` */
export const snapshot: Verb = async (call) => {
  const [name, action, ...rest] = call.args;
  if (name === undefined || action === undefined) throw new SyntaxFailure("Not enough parameters", USAGE);
  const machine = findMachine(call.place, name);
  switch (action) {
    case "take":
      return take(call, machine, rest);
    case "delete":
      return remove(call, machine, rest);
    case "list":
      return list(call, machine, rest);
    default:
      throw new SyntaxFailure(`Invalid parameter '${action}'`, USAGE);
  }
};

/** The disks as they are become the snapshot's; the machine goes on with new ones that begin as they are. */
async function take({ place, print, warn }: Call, machine: MachineRecord, rest: string[]): Promise<void> {
  const rules: OptionRule[] = [
    { names: ["description"], values: 1 },
    { names: ["live"], values: 0 },
    { names: ["pause"], values: 0 },
    { names: ["uniquename"], values: 1 },
  ];
  const parsed = parseArguments(rest, rules, USAGE, { least: 1, most: 1 });
  if (isOn(machineState(place, machine).state)) throw machineLocked(machine.name);
  await ensureStore(place);
  const uuid = randomUUID();
  await withLock(place, "registry", async () => {
    const record = findMachine(place, machine.uuid);
    const taken: SnapshotRecord = {
      ...{ uuid, name: parsed.positionals[0] ?? "", description: optionValue(parsed, "description") ?? "" },
      ...(record.currentSnapshot === undefined ? {} : { parent: record.currentSnapshot }),
      ...{ takenAt: new Date().toISOString(), cpus: record.cpus, memoryMiB: record.memoryMiB },
      controllers: structuredClone(record.controllers),
      attachments: record.attachments,
    };
    record.attachments = await Promise.all(record.attachments.map((one) => branch(place, record, one)));
    record.snapshots.push(taken);
    record.currentSnapshot = uuid;
    record.changedAt = taken.takenAt;
    saveMachine(place, record);
  });
  warn(PROGRESS);
  print(`Snapshot taken. UUID: ${uuid}`);
}

async function branch(
  place: Place,
  machine: MachineRecord,
  attachment: AttachmentRecord,
): Promise<AttachmentRecord> {
  const source = loadMedia(place).find((medium) => medium.uuid === attachment.medium);
  if (attachment.type === "dvddrive" || !source) return attachment;
  const child = newMedium({
    kind: "disk",
    location: "",
    parent: source.uuid,
    capacityBytes: source.capacityBytes,
  });
  child.location = join(dirname(machine.settingsFile), "Snapshots", `{${child.uuid}}.vdi`);
  await snapshotContent(place, source.uuid, child.uuid);
  saveMedium(place, child);
  return { ...attachment, medium: child.uuid };
}

/** The snapshot's disks give way to their children, which hold everything already. */
async function remove({ place, print, warn }: Call, machine: MachineRecord, rest: string[]): Promise<void> {
  const parsed = parseArguments(rest, [], USAGE, { least: 1, most: 1 });
  const name = parsed.positionals[0] ?? "";
  const orphaned = await withLock(place, "registry", () => {
    const record = findMachine(place, machine.uuid);
    const found = record.snapshots.find((candidate) => candidate.name === name || candidate.uuid === name);
    if (!found) throw snapshotNotFound(name);
    if (isOn(machineState(place, record).state)) throw machineLocked(record.name);
    print(`Deleting snapshot '${found.name}' (${found.uuid})`);
    const disks = found.attachments.flatMap(({ type, medium }) => (type === "hdd" && medium ? [medium] : []));
    for (const disk of disks) refuseManyChildren(place, disk);
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

function setParent(child: SnapshotRecord, parent: string | undefined): void {
  if (parent === undefined) delete child.parent;
  else child.parent = parent;
}

function refuseManyChildren(place: Place, disk: string): void {
  const media = loadMedia(place);
  const children = media.filter((medium) => medium.parent === disk).length;
  if (children <= 1) return;
  const location = media.find((medium) => medium.uuid === disk)?.location ?? disk;
  throw new VirtualBoxError(
    `Hard disk '${location}' has more than one child hard disk (${children})`,
    { code: "NS_ERROR_FAILURE", component: "SessionMachine", interface: "IMachine" },
    "Snapshot operation failed",
  );
}

/** The only child takes its parent's place and path. */
function hoist(place: Place, disk: string): void {
  const media = loadMedia(place);
  const gone = media.find((medium) => medium.uuid === disk);
  if (!gone) return;
  forgetMedium(place, gone, true);
  for (const child of media.filter((medium) => medium.parent === disk)) {
    if (gone.parent === undefined) delete child.parent;
    else child.parent = gone.parent;
    rmSync(child.location, { force: true });
    saveMedium(place, { ...child, location: gone.location });
  }
}

async function list({ print }: Call, machine: MachineRecord, rest: string[]): Promise<void> {
  const rules: OptionRule[] = ["machinereadable", "details"].map((name) => ({
    names: [name],
    values: 0 as const,
  }));
  const parsed = parseArguments(rest, rules, USAGE, { least: 0, most: 0 });
  if (machine.snapshots.length === 0) {
    print("This machine does not have any snapshots");
    throw new QuietFailure();
  }
  if (hasOption(parsed, "machinereadable")) for (const line of snapshotLines(machine)) print(line);
  else for (const line of snapshotTree(machine)) print(line);
}

/** Status 1 without a word on standard error, as the real one does there. */
class QuietFailure extends VirtualBoxError {
  constructor() {
    super("");
  }
  override text(): string {
    return "";
  }
}

function snapshotTree(machine: MachineRecord, parent?: string, indent = "   "): string[] {
  return machine.snapshots
    .filter((candidate) => candidate.parent === parent)
    .flatMap((candidate) => {
      const mark = candidate.uuid === machine.currentSnapshot ? " *" : "";
      const own = `${indent}Name: ${candidate.name} (UUID: ${candidate.uuid})${mark}`;
      return [own, ...snapshotTree(machine, candidate.uuid, `${indent}   `)];
    });
}

/** Keys of showvminfo and of `snapshot list --machinereadable`: `SnapshotName`, its child `SnapshotName-1`. */
export function snapshotLines(machine: MachineRecord): string[] {
  if (machine.snapshots.length === 0) return [];
  const nodes = new Map<string, string>();
  const lines = keyedLines(machine, undefined, "", nodes);
  const current = machine.snapshots.find((candidate) => candidate.uuid === machine.currentSnapshot);
  if (!current) return lines;
  return [
    ...lines,
    `CurrentSnapshotName="${current.name}"`,
    `CurrentSnapshotUUID="${current.uuid}"`,
    `CurrentSnapshotNode="SnapshotName${nodes.get(current.uuid) ?? ""}"`,
  ];
}

function keyedLines(
  machine: MachineRecord,
  parent: string | undefined,
  prefix: string,
  nodes: Map<string, string>,
): string[] {
  return machine.snapshots
    .filter((candidate) => candidate.parent === parent)
    .flatMap((candidate, index) => {
      const suffix = parent === undefined ? "" : `${prefix}-${index + 1}`;
      nodes.set(candidate.uuid, suffix);
      return [
        `SnapshotName${suffix}="${candidate.name}"`,
        `SnapshotUUID${suffix}="${candidate.uuid}"`,
        ...(candidate.description ? [`SnapshotDescription${suffix}="${candidate.description}"`] : []),
        ...keyedLines(machine, candidate.uuid, suffix, nodes),
      ];
    });
}
