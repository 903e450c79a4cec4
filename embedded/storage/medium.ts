import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import { mediumInaccessible, mediumNotFound, VirtualBoxError } from "../errors";
import type { Place } from "../place";

/** A registered medium. A disk's content is the store's subvolume of its UUID; a DVD's is its own file. */
export interface MediumRecord {
  uuid: string;
  kind: "disk" | "dvd";
  /** The path users see. For a disk: a small file that names this record. */
  location: string;
  /** The disk this one began as a copy-on-write snapshot of. */
  parent?: string;
  capacityBytes: number;
  registeredAt: number;
  /** Its record is broken: only its UUID is known, and its location is the record's. */
  problem?: string;
}

/** Every registered medium, oldest first. */
export function loadMedia(place: Place): MediumRecord[] {
  if (!existsSync(place.registry.media)) return [];
  return readdirSync(place.registry.media)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => readRegistered(place, file) ?? [])
    .sort((a, b) => a.registeredAt - b.registeredAt);
}

/** A registered medium by its UUID. */
export function loadMedium(place: Place, uuid: string): MediumRecord | undefined {
  return readMedium(join(place.registry.media, `${uuid}.json`));
}

export function saveMedium(place: Place, medium: MediumRecord): void {
  const text = JSON.stringify(medium, null, 1);
  writeAtomically(join(place.registry.media, `${medium.uuid}.json`), text);
  if (medium.kind !== "disk") return;
  mkdirSync(dirname(medium.location), { recursive: true, mode: 0o700 });
  // Enough to register it again after a close without --delete.
  writeAtomically(medium.location, `${JSON.stringify({ standIn: "kube-lab", ...medium })}\n`);
}

/** Forgets the record; the descriptor goes only with its content. */
export function forgetMedium(place: Place, medium: MediumRecord, andDescriptor: boolean): void {
  rmSync(join(place.registry.media, `${medium.uuid}.json`), { force: true });
  if (andDescriptor) rmSync(medium.location, { force: true });
}

export function newMedium(fields: Omit<MediumRecord, "uuid" | "registeredAt">): MediumRecord {
  return { uuid: randomUUID(), ...fields, registeredAt: Date.now() };
}

/**
 * The medium of this path or UUID, registered now if it was not.
 * @throws VirtualBoxError when there is none
 */
export function openMedium(place: Place, locationOrUuid: string, kind: MediumRecord["kind"]): MediumRecord {
  const media = loadMedia(place).filter((medium) => medium.kind === kind);
  const uuid = locationOrUuid.replace(/^\{(.*)\}$/, "$1").toLowerCase();
  const location = resolve(locationOrUuid);
  const known =
    media.find((medium) => medium.uuid === uuid) ?? media.find((medium) => medium.location === location);
  if (known?.problem !== undefined) throw mediumInaccessible(known.problem);
  if (known) return known;
  if (!existsSync(location)) throw mediumNotFound(locationOrUuid);
  const medium = kind === "dvd" ? dvdAt(location) : diskAt(place, location);
  saveMedium(place, medium);
  return medium;
}

function dvdAt(location: string): MediumRecord {
  return newMedium({ kind: "dvd", location, capacityBytes: 0 });
}

function diskAt(place: Place, location: string): MediumRecord {
  const descriptor = readDescriptor(location);
  if (!descriptor?.uuid || !existsSync(join(place.store, descriptor.uuid))) throw mediumNotFound(location);
  if (descriptor.parent !== undefined && !loadMedium(place, descriptor.parent))
    throw new VirtualBoxError(
      `Parent medium with UUID {${descriptor.parent}} of the medium '${location}' is not found in the media registry ('${place.registry.media}')`,
      { code: "NS_ERROR_FAILURE", component: "MediumWrap", interface: "IMedium" },
    );
  return { ...descriptor, location };
}

/** What the file says that users see of a disk; undefined when it is missing or broken. */
export function readDescriptor(location: string): MediumRecord | undefined {
  return readMedium(location);
}

function readMedium(file: string): MediumRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as MediumRecord;
  } catch {
    return undefined;
  }
}

/** A broken record is told by name, and never taken for no disk: the content is there by its UUID. */
function readRegistered(place: Place, name: string): MediumRecord | undefined {
  const file = join(place.registry.media, name);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as MediumRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const uuid = basename(name, ".json");
    const problem = `${file} cannot be read: ${(error as Error).message}; attach the medium's own file again, which mends it`;
    const kind = existsSync(join(place.store, uuid)) ? "disk" : "dvd";
    return { uuid, kind, location: file, capacityBytes: 0, registeredAt: 0, problem };
  }
}
