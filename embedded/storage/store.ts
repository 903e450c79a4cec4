import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import { loadMachines } from "../machine/registry";
import { isOn, machineState } from "../machine/state";
import type { Place } from "../place";
import { runOnHost, runQuietly } from "../process";

/** Apparent size; it takes only what is written. Metadata of an empty one of this size: some MiB. */
const IMAGE_BYTES = 2 ** 40;

/** Whether the store is mounted: a mount point is on another device than its folder. */
export function isStoreMounted(place: Place): boolean {
  if (!existsSync(place.store)) return false;
  return statSync(place.store).dev !== statSync(place.folder).dev;
}

/** Room that a change of the store must leave on the host's disk: a btrfs whose ground gives way goes read-only for good. */
const LEAST_FREE_BYTES = 256 * 2 ** 20;

/**
 * Makes and mounts the store if it is not, and looks that it can be written; next to nothing where all is well.
 * @throws VirtualBoxError that names the disk which is full, or the machines that keep a store read-only
 */
export async function ensureStore(place: Place, { leastFreeBytes = LEAST_FREE_BYTES } = {}): Promise<void> {
  refuseFullDisk(place, leastFreeBytes);
  await mountStore(place);
  if (!isBroken(place)) return;
  refuseFullDisk(place, LEAST_FREE_BYTES);
  await withPlaceLock(place, "store", async () => {
    if (isBroken(place)) await mountAnew(place);
  });
}

/** For who only reads. */
export async function mountStore(place: Place): Promise<void> {
  if (isStoreMounted(place)) return;
  await withPlaceLock(place, "store", async () => {
    if (!isStoreMounted(place)) await mountImage(place);
  });
}

async function mountImage(place: Place): Promise<void> {
  await ensureImage(place);
  mkdirSync(place.store, { recursive: true, mode: 0o700 });
  const device = (
    await runOnHost("losetup", ["--find", "--show", "--direct-io=on", place.storeImage])
  ).trim();
  try {
    // Checksums cost a twentieth of a lab's start, and guard disks that are recreated at will.
    await runOnHost("mount", ["-t", "btrfs", "-o", "noatime,nodatasum", device, place.store]);
  } finally {
    // The device goes by itself with the mount (autoclear).
    await runQuietly("losetup", ["--detach", device]);
  }
}

/** After a write that found no room btrfs writes no more until it is mounted again, which nothing may use then. */
async function mountAnew(place: Place): Promise<void> {
  // Their own mounts of it are no hindrance to umount, but would keep the old one, and so the new one away.
  if (loadMachines(place).some((machine) => isOn(machineState(place, machine).state)))
    throw stillInUse(place);
  try {
    await runOnHost("umount", [place.store]);
  } catch (error) {
    throw stillInUse(place, error as Error);
  }
  await mountImage(place);
}

function stillInUse(place: Place, cause?: Error): VirtualBoxError {
  const words = `${place.store} has been read-only since the disk below it was full. There is room again, but it is in use: power off every machine (npm run stop), then start them`;
  return new VirtualBoxError(cause === undefined ? words : `${words}\n${cause.message}`, {
    code: "NS_ERROR_FAILURE",
    component: "MediumWrap",
    interface: "IMedium",
  });
}

/** Tried, not asked: where the disk below has failed, the file system says so only once it is written to. */
function isBroken(place: Place): boolean {
  const probe = join(place.store, `probe-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return false;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EROFS", "EIO", "ENOSPC"].includes(code)) return true;
    if (code === "EEXIST" || code === "ENOENT") return false;
    throw error;
  }
}

function refuseFullDisk(place: Place, leastFreeBytes: number): void {
  const words = fullDisk(place, leastFreeBytes);
  if (words !== undefined)
    throw new VirtualBoxError(words, {
      code: "VBOX_E_FILE_ERROR",
      component: "MediumWrap",
      interface: "IMedium",
    });
}

/** Which disk of the host is full, in words; undefined when there is as much room on it. */
export function fullDisk(place: Place, leastFreeBytes = LEAST_FREE_BYTES): string | undefined {
  const { bavail, bsize } = statfsSync(place.folder);
  // Root may use what is reserved, and the stand-in is root's; but a disk at that is full to everybody else.
  if (bavail * bsize >= leastFreeBytes) return undefined;
  const free = `${Math.floor((bavail * bsize) / 2 ** 20)} MiB free`;
  return `The host's disk that holds ${place.folder} is full (${free}; see \`df -h ${place.folder}\`): make room, then do it again`;
}

async function ensureImage(place: Place): Promise<void> {
  if (existsSync(place.storeImage)) return;
  const fresh = `${place.storeImage}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, "", { mode: 0o600 });
  chmodSync(fresh, 0o600);
  truncateSync(fresh, IMAGE_BYTES);
  await runOnHost("mkfs.btrfs", ["--quiet", "--force", "--metadata", "single", "--label", "kube-lab", fresh]);
  renameSync(fresh, place.storeImage);
}

/** Unmounts the store and removes its image; only when nothing is in use any more. */
export async function removeStore(place: Place): Promise<void> {
  if (isStoreMounted(place)) await runOnHost("umount", [place.store]);
  if (existsSync(place.store)) rmdirSync(place.store);
  rmSync(place.storeImage, { force: true });
}
