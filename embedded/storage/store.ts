import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { withLock } from "../locks";
import type { Place } from "../place";
import { run, runQuietly } from "../process";

/** Apparent size; it takes only what is written. Metadata of an empty one of this size: some MiB. */
const IMAGE_BYTES = 2 ** 40;

/** Whether the store is mounted: a mount point is on another device than its folder. */
export function isStoreMounted(place: Place): boolean {
  if (!existsSync(place.store)) return false;
  return statSync(place.store).dev !== statSync(place.folder).dev;
}

/** Makes and mounts the store if it is not; a call costs nothing when it is. */
export async function ensureStore(place: Place): Promise<void> {
  if (isStoreMounted(place)) return;
  await withLock(place, "store", async () => {
    if (isStoreMounted(place)) return;
    await ensureImage(place);
    mkdirSync(place.store, { recursive: true, mode: 0o700 });
    const device = (await run("losetup", ["--find", "--show", "--direct-io=on", place.storeImage])).trim();
    try {
      // Checksums cost a twentieth of a lab's start, and guard disks that are made anew at will.
      await run("mount", ["-t", "btrfs", "-o", "noatime,nodatasum", device, place.store]);
    } finally {
      // The device goes by itself with the mount (autoclear).
      await runQuietly("losetup", ["--detach", device]);
    }
  });
}

async function ensureImage(place: Place): Promise<void> {
  if (existsSync(place.storeImage)) return;
  const fresh = `${place.storeImage}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, "", { mode: 0o600 });
  chmodSync(fresh, 0o600);
  truncateSync(fresh, IMAGE_BYTES);
  await run("mkfs.btrfs", ["--quiet", "--force", "--metadata", "single", "--label", "kube-lab", fresh]);
  renameSync(fresh, place.storeImage);
}

/** Unmounts the store and removes its image; only when nothing is in use any more. */
export async function removeStore(place: Place): Promise<void> {
  if (isStoreMounted(place)) await run("umount", [place.store]);
  if (existsSync(place.store)) rmdirSync(place.store);
  rmSync(place.storeImage, { force: true });
}
