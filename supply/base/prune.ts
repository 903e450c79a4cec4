import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DiskLayout } from "../../plan/lab-plan";
import { baseParent, readBaseRecord, stagesFolder, storedBytes, withBases } from "./base";
import { downloadPrefix } from "./cloud-image";

/** A base disk in the cache. */
export interface CachedBase {
  /** Hex SHA-256 of what went in; the template machine's name has its first twelve digits. */
  hash: string;
  folder: string;
  /** On disk; the image itself is sparse and much larger. */
  bytes: number;
  rootDiskGiB: number;
  layout: DiskLayout;
  built: Date;
}

/** All finished base disks below the cache folder, oldest first. */
export async function listBases(cache?: string): Promise<CachedBase[]> {
  const parent = baseParent(cache);
  const names = await readdir(parent).catch(() => []);
  const bases = await Promise.all(names.map((name) => describe(join(parent, name), name)));
  return bases.filter((base) => base !== undefined).sort((one, other) => +one.built - +other.built);
}

/**
 * Removes a base disk. Machines that were cloned from a copy of it do not mind; a later `up` makes it again.
 * @throws Error when another process is making one just now
 */
export async function removeBase(base: Pick<CachedBase, "folder">, cache?: string): Promise<void> {
  await locked(cache, () => rm(base.folder, { recursive: true, force: true }));
}

/** Removes what the next build could have begun with; returns the bytes that gives back. */
export async function removeStages(cache?: string): Promise<number> {
  const folder = stagesFolder(baseParent(cache));
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map((name) => storedBytes(join(folder, name))));
  if (names.length > 0) await locked(cache, () => rm(folder, { recursive: true, force: true }));
  return sizes.reduce((total, size) => total + size, 0);
}

/** Downloaded disk images, whole or not. */
export async function listDownloads(
  cache?: string,
): Promise<{ folder: string; name: string; bytes: number }[]> {
  const parent = baseParent(cache);
  const folders = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith(downloadPrefix));
  const downloads = folders.map(async (name) => {
    const folder = join(parent, name);
    const files = await readdir(folder);
    const sizes = await Promise.all(files.map((file) => storedBytes(join(folder, file))));
    const image = files.find((file) => !file.endsWith(".json")) ?? name;
    return { folder, name: image, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  });
  return Promise.all(downloads);
}

function locked(cache: string | undefined, work: () => Promise<void>): Promise<void> {
  return withBases(baseParent(cache), console.log, work, 0);
}

async function describe(folder: string, hash: string): Promise<CachedBase | undefined> {
  const record = await readBaseRecord(folder);
  if (!record) return undefined;
  const bytes = await storedBytes(join(folder, "disk.img"));
  // A record without a layout is of the time before there was a choice.
  const { rootDiskGiB, layout = "plain", built } = record;
  return { hash, folder, bytes, rootDiskGiB, layout, built: new Date(built) };
}
