import { existsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../place";
import { runOnHost, runQuietly } from "../process";

/**
 * A disk's subvolume. Holds `root/`, a root file system, or `disk.raw`, a block device's content; a linked clone's also `usr/`,
 * see shared-usr.ts.
 */
export function contentFolder(place: Place, uuid: string): string {
  return join(place.store, uuid);
}

/** A folder below the subvolume and not itself: else the guest's tmpfiles would make subvolumes inside it. */
export function rootFolder(place: Place, uuid: string): string {
  return join(contentFolder(place, uuid), "root");
}

export function rawFile(place: Place, uuid: string): string {
  return join(contentFolder(place, uuid), "disk.raw");
}

export function hasRootFileSystem(place: Place, uuid: string): boolean {
  return existsSync(rootFolder(place, uuid));
}

/** An empty subvolume. */
export async function createContent(place: Place, uuid: string): Promise<void> {
  await runOnHost("btrfs", ["subvolume", "create", contentFolder(place, uuid)]);
}

/** A thin data disk of this size, without copy-on-write of single blocks until it is snapshotted. */
export async function createRawContent(place: Place, uuid: string, bytes: number): Promise<void> {
  await createContent(place, uuid);
  await runOnHost("chattr", ["+C", contentFolder(place, uuid)]);
  writeFileSync(rawFile(place, uuid), "", { mode: 0o600 });
  truncateSync(rawFile(place, uuid), bytes);
}

/** A copy that costs nothing until it differs. */
export async function snapshotContent(place: Place, from: string, to: string): Promise<void> {
  await runOnHost("btrfs", ["subvolume", "snapshot", contentFolder(place, from), contentFolder(place, to)]);
}

/** Removes a disk's content, with subvolumes that programs in the guest made inside. */
export async function deleteContent(place: Place, uuid: string): Promise<void> {
  const folder = contentFolder(place, uuid);
  if (!existsSync(folder)) return;
  await runQuietly("btrfs", ["property", "set", "-ts", folder, "ro", "false"]);
  for (const nested of await nestedSubvolumes(folder))
    await runQuietly("btrfs", ["subvolume", "delete", nested]);
  await runOnHost("btrfs", ["subvolume", "delete", folder]);
}

/** Deepest first. */
async function nestedSubvolumes(folder: string): Promise<string[]> {
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  const list = await runOnHost("btrfs", ["subvolume", "list", "-o", folder]).catch(() => "");
  return list
    .split("\n")
    .map((line) => line.slice(line.indexOf(`${name}/`)))
    .filter((path) => path.startsWith(`${name}/`))
    .map((path) => join(folder, path.slice(name.length + 1)))
    .sort((a, b) => b.length - a.length);
}

export function resizeRawContent(place: Place, uuid: string, bytes: number): void {
  if (existsSync(rawFile(place, uuid))) truncateSync(rawFile(place, uuid), bytes);
}

/** Bytes on disk, for media without a root file system; a root file system's are shared and not counted. */
export function bytesOnDisk(place: Place, uuid: string): number {
  const file = rawFile(place, uuid);
  return existsSync(file) ? statSync(file).blocks * 512 : 2 << 20;
}
