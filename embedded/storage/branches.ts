import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { VirtualBoxError } from "../errors";
import type { AttachmentRecord, StoredMachine } from "../machine/record";
import type { Place } from "../place";
import { snapshotContent } from "./content";
import { forgetMedium, loadMedia, newMedium, saveMedium } from "./medium";
import { isUsrBase } from "./shared-usr";

/** UUIDs of the disks among what is attached. */
export function disksOf(attachments: readonly AttachmentRecord[]): string[] {
  return attachments.flatMap(({ type, medium }) => (type === "hdd" && medium ? [medium] : []));
}

/** In place of each disk a new one that begins as that is now, and leaves it is. */
export function branch(
  place: Place,
  machine: StoredMachine,
  attachments: readonly AttachmentRecord[],
): Promise<AttachmentRecord[]> {
  return Promise.all(attachments.map((attachment) => branchOne(place, machine, attachment)));
}

async function branchOne(
  place: Place,
  machine: StoredMachine,
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

/** Forgets what the machine has written since its last snapshot. @returns the disks whose content is to be deleted */
export function dropBranches(place: Place, machine: StoredMachine): string[] {
  const media = loadMedia(place);
  const kept = new Set(machine.snapshots.flatMap(({ attachments }) => disksOf(attachments)));
  // A disk attached after the snapshot is nobody's branch, and one with children is theirs too: it is only taken out.
  const dropped = media.filter(
    ({ uuid, parent }) =>
      disksOf(machine.attachments).includes(uuid) &&
      parent !== undefined &&
      kept.has(parent) &&
      !kept.has(uuid) &&
      !media.some((other) => other.parent === uuid),
  );
  for (const medium of dropped) forgetMedium(place, medium, true);
  return dropped.map(({ uuid }) => uuid);
}

/** @throws VirtualBoxError where several disks build on one, or one that reads from it: linked clones. */
export function refuseNeeded(place: Place, disk: string): void {
  const media = loadMedia(place);
  const children = media.filter((medium) => medium.parent === disk).length;
  const isRead = isUsrBase(place, disk);
  if (children <= 1 && !isRead) return;
  const location = media.find((medium) => medium.uuid === disk)?.location ?? disk;
  throw new VirtualBoxError(
    children > 1
      ? `Hard disk '${location}' has more than one child hard disk (${children})`
      : `Hard disk '${location}' is read by a linked clone`,
    { code: "NS_ERROR_FAILURE", component: "SessionMachine", interface: "IMachine" },
    "Snapshot operation failed",
  );
}

/** The only child, which holds everything already, takes its parent's place and path. */
export function hoist(place: Place, disk: string): void {
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
