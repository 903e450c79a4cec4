import { mkdirSync, readdirSync, renameSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isProcess } from "../machine/state";
import type { Place } from "../place";
import { runOnHost, runQuietly } from "../process";
import {
  contentFolder,
  createContent,
  createRawContent,
  deleteContent,
  rawFile,
  rootFolder,
} from "./content";
import { type ByteRange, findRootCandidates } from "./partitions";

/** Content that is still being copied: `importing-PID-UUID`; its image is mounted at the same name with `mounted-`. */
const IMPORTING = /^(?:mounted-)?importing-(\d+)-/;

/**
 * Fills a new disk from a raw image: the files of its root file system if it has one, its bytes if not.
 * @returns which of the two
 */
export async function importRawImage(place: Place, image: string, uuid: string): Promise<"root" | "bytes"> {
  await removeAbandoned(place);
  const fresh = `importing-${process.pid}-${uuid}`;
  try {
    const what = await fill(place, image, fresh);
    renameSync(contentFolder(place, fresh), contentFolder(place, uuid));
    return what;
  } catch (error) {
    await deleteContent(place, fresh);
    throw error;
  }
}

/** What imports that were killed have left: a mounted image, and content. */
async function removeAbandoned(place: Place): Promise<void> {
  const isAbandoned = (name: string) => {
    const pid = IMPORTING.exec(name)?.[1];
    return pid !== undefined && !isProcess(Number(pid));
  };
  for (const name of readdirSync(place.folder).filter(isAbandoned)) {
    await runQuietly("umount", ["--lazy", join(place.folder, name)]);
    rmdirSync(join(place.folder, name));
  }
  for (const name of readdirSync(place.store).filter(isAbandoned)) await deleteContent(place, name);
}

async function fill(place: Place, image: string, content: string): Promise<"root" | "bytes"> {
  const size = statSync(image).size;
  for (const range of await findRootCandidates(image, size))
    if (await copyRoot(place, image, range, content)) return "root";
  await createRawContent(place, content, size);
  await runOnHost("cp", ["--sparse=always", image, rawFile(place, content)]);
  return "bytes";
}

/** False when this partition holds no root file system. */
async function copyRoot(place: Place, image: string, range: ByteRange, content: string): Promise<boolean> {
  const mounted = join(place.folder, `mounted-${content}`);
  mkdirSync(mounted);
  try {
    if (!(await mountPart(image, range, mounted))) return false;
    try {
      if (!(await isRoot(mounted))) return false;
      await createContent(place, content);
      mkdirSync(rootFolder(place, content));
      await runOnHost("cp", ["--archive", `${mounted}/.`, `${rootFolder(place, content)}/`]);
      await withoutCopyOnWrite(place, content);
      await runOnHost("sync", ["--file-system", contentFolder(place, content)]);
      return true;
    } finally {
      await runOnHost("umount", [mounted]);
    }
  } finally {
    rmdirSync(mounted);
  }
}

/** False when the kernel finds no ext file system there. */
async function mountPart(image: string, range: ByteRange, folder: string): Promise<boolean> {
  const part = [`--offset=${range.start}`, `--sizelimit=${range.length}`];
  const device = (await runOnHost("losetup", ["--find", "--show", "--read-only", ...part, image])).trim();
  try {
    // noload: the image is read only, its journal must not be replayed.
    await runOnHost("mount", ["-t", "ext4", "-o", "ro,noload", device, folder]);
    return true;
  } catch {
    return false;
  } finally {
    // The device goes by itself with the mount (autoclear).
    await runQuietly("losetup", ["--detach", device]);
  }
}

async function isRoot(folder: string): Promise<boolean> {
  return runOnHost("test", ["-e", join(folder, "usr/lib/systemd/systemd")]).then(
    () => true,
    () => false,
  );
}

/** etcd syncs at every write; without copy-on-write that takes two thirds of the time on btrfs (0.8 against 1.2 ms). */
async function withoutCopyOnWrite(place: Place, uuid: string): Promise<void> {
  await runQuietly("chattr", ["+C", join(rootFolder(place, uuid), "var/lib/etcd")]);
}
