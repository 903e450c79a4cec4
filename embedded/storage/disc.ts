import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { withPlaceLock } from "../locks";
import type { Place } from "../place";
import { runOnHost, runQuietly } from "../process";
import type { MediumRecord } from "./medium";

/** Room for a file system's own tables beside its files. */
const SPARE_MEBIBYTES = 32;

/**
 * A DVD as a block device that any machine can mount: the kernel may not know iso9660, so its files are put into an ext4 file
 * system of the same label, once for all machines. Read-only.
 * @returns the host's device, `/dev/loop7`
 */
export function connectDisc(place: Place, medium: MediumRecord): Promise<string> {
  return withPlaceLock(place, `disc-${medium.uuid}`, async () => {
    const image = imageOf(place, medium);
    if (!existsSync(image)) {
      await removeDisc(place, medium.uuid);
      await makeImage(medium.location, image);
    }
    const [device] = await devicesOf(image);
    return device ?? (await runOnHost("losetup", ["--find", "--show", "--read-only", image])).trim();
  });
}

/** Takes the device and its image away; content where there is none. @param uuid the medium's; empty: all of them */
export async function removeDisc(place: Place, uuid: string): Promise<void> {
  const folder = discs(place);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((candidate) => candidate.startsWith(uuid))) {
    const image = join(folder, name);
    for (const device of await devicesOf(image)) await runQuietly("losetup", ["--detach", device]);
    rmSync(image, { recursive: true, force: true });
  }
}

function discs(place: Place): string {
  return join(place.folder, "discs");
}

/** Another ISO in the place of the old one is another disc. */
function imageOf(place: Place, { uuid, location }: MediumRecord): string {
  const { mtimeMs, size } = statSync(location);
  return join(discs(place), `${uuid}-${Math.round(mtimeMs)}-${size}.img`);
}

async function makeImage(iso: string, image: string): Promise<void> {
  const content = `${image}.content`;
  const partial = `${image}.partial`;
  mkdirSync(content, { recursive: true, mode: 0o700 });
  try {
    await runOnHost("bsdtar", ["--extract", "--file", iso, "--directory", content, "--no-same-owner"]);
    const size = Math.ceil((statSync(iso).size / 2 ** 20) * 1.05) + SPARE_MEBIBYTES;
    const options = ["-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-L", await labelOf(iso)];
    await runOnHost("mke2fs", [...options, "-d", content, partial, `${size}M`]);
    renameSync(partial, image);
  } finally {
    for (const file of [content, partial]) rmSync(file, { recursive: true, force: true });
  }
}

/** The volume's identifier. Source: ECMA-119, 8.4.7: 32 characters at byte 40 of the primary volume descriptor, sector 16. */
async function labelOf(iso: string): Promise<string> {
  const handle = await open(iso);
  try {
    const { buffer } = await handle.read(Buffer.alloc(32), 0, 32, 16 * 2048 + 40);
    // ext4's labels are shorter.
    return buffer.toString("latin1").trim().slice(0, 16);
  } finally {
    await handle.close();
  }
}

async function devicesOf(image: string): Promise<string[]> {
  const args = ["--noheadings", "--output", "NAME,BACK-FILE", "--list"];
  const lines = (await runOnHost("losetup", args).catch(() => "")).split("\n");
  return lines.flatMap((line) => {
    const [device = "", ...file] = line.trim().split(/\s+/);
    return basename(file[0] ?? "") === basename(image) ? [device] : [];
  });
}
