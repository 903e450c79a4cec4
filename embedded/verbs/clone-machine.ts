import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { hasOption, type OptionRule, optionValue, type ParsedArguments, parseArguments } from "../arguments";
import { machineLocked, snapshotNotFound, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import type { AttachmentRecord, SnapshotRecord, StoredMachine } from "../machine/record";
import { randomMac } from "../machine/record";
import { findMachine, saveMachine } from "../machine/registry";
import type { Place } from "../place";
import { deleteContent } from "../storage/content";
import { loadMedia, type MediumRecord, newMedium, saveMedium } from "../storage/medium";
import { copyContent, linkContent } from "../storage/shared-usr";
import { ensureStore } from "../storage/store";
import { parseGroups, refuseExisting, settingsFileOf } from "./create-machine";
import { PROGRESS, type Verb } from "./verb";

const USAGE =
  "clonevm <vmname|uuid> [--basefolder=basefolder] [--groups=group,…] [--mode=machine] [--name=name] [--options=option,…] [--register] [--snapshot=snapshot-name] [--uuid=uuid]";

const RULES: OptionRule[] = [
  ...["basefolder", "groups", "mode", "name", "options", "snapshot", "uuid"].map((name) => ({
    names: [name],
    values: 1 as const,
  })),
  { names: ["register"], values: 0 },
];

/** `clonevm`: linked from a snapshot, or a full one; only a linked clone's full one copies anything. */
export const cloneMachine: Verb = async ({ place, args, print, warn }) => {
  const parsed = parseArguments(args, RULES, USAGE, { least: 1, most: 1 });
  const source = findMachine(place, parsed.positionals[0] ?? "");
  const snapshot = snapshotOf(source, optionValue(parsed, "snapshot"));
  const isLinked = (optionValue(parsed, "options") ?? "").toLowerCase().split(",").includes("link");
  if (isLinked && !snapshot)
    throw new VirtualBoxError("Linked clone can only be created from a snapshot", {
      code: "NS_ERROR_INVALID_ARG",
      component: "MachineWrap",
      interface: "IMachine",
      context: "CloneTo(trgMachine, mode, ComSafeArrayAsInParam(options), progress.asOutParam())",
    });
  if (!hasOption(parsed, "register"))
    throw new VirtualBoxError("The stand-in creates registered machines only: add --register");
  const clone = cloneRecord(place, source, snapshot, parsed);
  await withPlaceLock(place, "registry", () => refuseExisting(place, clone.settingsFile, clone.uuid));
  await ensureStore(place);
  const disks = await cloneDisks(place, clone, snapshot?.attachments ?? source.attachments, isLinked);
  try {
    await withPlaceLock(place, "registry", () => {
      refuseExisting(place, clone.settingsFile, clone.uuid);
      // Its disks, which a linked clone needs, may have gone meanwhile.
      if (snapshot) snapshotOf(findMachine(place, source.uuid), snapshot.uuid);
      if (findMachine(place, source.uuid).isBeingRemoved) throw machineLocked(source.name);
      for (const disk of disks) saveMedium(place, disk);
      saveMachine(place, clone);
    });
  } catch (error) {
    for (const disk of disks) await deleteContent(place, disk.uuid);
    throw error;
  }
  warn(PROGRESS);
  print(`Machine has been successfully cloned as "${clone.name}"`);
};

function snapshotOf(machine: StoredMachine, name: string | undefined): SnapshotRecord | undefined {
  if (name === undefined) return undefined;
  const found = machine.snapshots.find((snapshot) => snapshot.name === name || snapshot.uuid === name);
  if (!found) throw snapshotNotFound(name);
  return found;
}

/** The clone's record; its attachments are the source's until cloneDisks() puts its own in. */
function cloneRecord(
  place: Place,
  source: StoredMachine,
  snapshot: SnapshotRecord | undefined,
  parsed: ParsedArguments,
): StoredMachine {
  const name = optionValue(parsed, "name") ?? `${source.name} Clone`;
  const groups = parseGroups(optionValue(parsed, "groups") ?? "/");
  const now = new Date();
  return {
    ...structuredClone(source),
    uuid: (optionValue(parsed, "uuid") ?? randomUUID()).toLowerCase(),
    name,
    groups,
    settingsFile: settingsFileOf(place, name, groups, optionValue(parsed, "basefolder")),
    cpus: snapshot?.cpus ?? source.cpus,
    memoryMiB: snapshot?.memoryMiB ?? source.memoryMiB,
    controllers: structuredClone(snapshot?.controllers ?? source.controllers),
    adapters: structuredClone(source.adapters).map((adapter) => ({ ...adapter, mac: randomMac() })),
    attachments: [],
    snapshots: [],
    currentSnapshot: undefined,
    extraData: {},
    guestProperties: {},
    changedAt: now.toISOString(),
    registeredAt: now.getTime(),
  };
}

/** A new disk for each of the source's; DVDs are shared. */
async function cloneDisks(
  place: Place,
  clone: StoredMachine,
  attachments: readonly AttachmentRecord[],
  isLinked: boolean,
): Promise<MediumRecord[]> {
  const media = loadMedia(place);
  const disks: MediumRecord[] = [];
  for (const attachment of attachments) {
    const source = media.find((medium) => medium.uuid === attachment.medium);
    if (attachment.type === "dvddrive" || !source) {
      clone.attachments.push(structuredClone(attachment));
      continue;
    }
    const disk = { ...newMedium({ kind: "disk", location: "", capacityBytes: source.capacityBytes }) };
    const folder = join(dirname(clone.settingsFile), isLinked ? "Snapshots" : "");
    disk.location = join(
      folder,
      isLinked ? `{${disk.uuid}}.vdi` : `${clone.name}-disk${disks.length + 1}.vdi`,
    );
    if (isLinked) disk.parent = source.uuid;
    await (isLinked ? linkContent : copyContent)(place, source.uuid, disk.uuid);
    disks.push(disk);
    clone.attachments.push({ ...attachment, medium: disk.uuid });
  }
  return disks;
}
