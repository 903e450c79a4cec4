import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Place } from "../place";
import { runOnHost } from "../process";
import { contentFolder, deleteContent, hasRootFileSystem, rootFolder, snapshotContent } from "./content";
import { loadMedia } from "./medium";

/**
 * Linked clones read the programs in /usr from the disk they began as, so that the page cache holds them once: a btrfs
 * snapshot's files are other inodes, which each machine would read and cache again. The folder `usr` of a clone's content
 * holds `base`, the UUID of that disk, and `changes`; both lie over the clone's own /usr while it has power. Snapshots of
 * the content take them along.
 *
 * Its own /usr stays beneath: it costs nothing, and keeps its inode numbers taken. overlayfs holds all of one btrfs for one
 * numbering, so no file of `changes` may get a number that one of the base has.
 *
 * The base outlives its readers: it is their ancestor, a disk with children cannot be closed, and refuseNeeded() keeps
 * snapshots whose disk is read. It never changes: it is a snapshot's, and powerOn() refuses to write where somebody reads.
 */
export interface SharedUsr {
  /** The base's /usr, on the host. */
  base: string;
  /** What this disk has changed of it. */
  changes: string;
}

/** The two layers of a disk's /usr; undefined where it has its own. */
export function sharedUsr(place: Place, uuid: string): SharedUsr | undefined {
  const base = baseOf(place, uuid);
  if (base === undefined) return undefined;
  return { base: join(rootFolder(place, base), "usr"), changes: join(usrFolder(place, uuid), "changes") };
}

/** Whether another disk, and none of these, reads its /usr from this one. */
export function isUsrBase(place: Place, uuid: string, without: ReadonlySet<string> = new Set()): boolean {
  return loadMedia(place).some((medium) => !without.has(medium.uuid) && baseOf(place, medium.uuid) === uuid);
}

/** Removes overlayfs' work folder, which systemd-nspawn makes beside `changes` and leaves there when it is killed. */
export function clearWork(place: Place, uuid: string): void {
  const folder = usrFolder(place, uuid);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (name !== "base" && name !== "changes") rmSync(join(folder, name), { recursive: true });
}

/** A copy for a linked clone. */
export async function linkContent(place: Place, from: string, to: string): Promise<void> {
  await snapshotContent(place, from, to);
  if (!hasRootFileSystem(place, to) || baseOf(place, to) !== undefined) return;
  const own = join(rootFolder(place, to), "usr");
  const changes = join(usrFolder(place, to), "changes");
  mkdirSync(changes, { recursive: true });
  const { uid, gid, mode } = statSync(own);
  chownSync(changes, uid, gid);
  chmodSync(changes, mode & 0o7777);
  // systemd takes a /usr that is newer than its last boot for an upgrade, and works for seconds.
  await runOnHost("touch", [`--reference=${own}`, changes]);
  writeFileSync(join(usrFolder(place, to), "base"), from);
}

/** A copy that reads nothing from any other disk. */
export async function copyContent(place: Place, from: string, to: string): Promise<void> {
  await snapshotContent(place, from, to);
  const shared = sharedUsr(place, to);
  if (shared === undefined) return;
  try {
    await makeWhole(place, to, shared);
  } catch (error) {
    await deleteContent(place, to);
    throw error;
  }
}

/** Mounted where nobody else sees it, and gone with the copying process. */
const COPY_MERGED =
  'mount -t overlay -o "$1" overlay "$2" && exec cp --archive --no-target-directory "$2" "$3"';

async function makeWhole(place: Place, uuid: string, { base, changes }: SharedUsr): Promise<void> {
  const [own, merged] = [join(rootFolder(place, uuid), "usr"), join(contentFolder(place, uuid), "merged")];
  const work = join(usrFolder(place, uuid), "work");
  clearWork(place, uuid);
  mkdirSync(work);
  const layers = `lowerdir=${base},upperdir=${changes},workdir=${work}`;
  await runOnHost("unshare", ["--mount", "sh", "-c", COPY_MERGED, "sh", layers, changes, merged]);
  await runOnHost("rm", ["--recursive", own, usrFolder(place, uuid)]);
  renameSync(merged, own);
}

function baseOf(place: Place, uuid: string): string | undefined {
  const file = join(usrFolder(place, uuid), "base");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function usrFolder(place: Place, uuid: string): string {
  return join(contentFolder(place, uuid), "usr");
}
