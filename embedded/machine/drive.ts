import { lstatSync, rmSync, statSync } from "node:fs";
import type { Place } from "../place";
import { runOnHost } from "../process";
import { connectDisc } from "../storage/disc";
import { loadMedia, type MediumRecord } from "../storage/medium";
import type { StoredMachine } from "./record";
import { isSeed } from "./seed";

/** What a virtual machine's kernel calls its DVD drive. */
const DRIVE = "dev/sr0";

/** The DVD of a machine that is no seed: a seed is no device here, but a folder of its own. */
export async function discOf(place: Place, machine: StoredMachine): Promise<MediumRecord | undefined> {
  const media = loadMedia(place);
  for (const { type, medium } of machine.attachments) {
    const dvd = type === "dvddrive" ? media.find(({ uuid }) => uuid === medium) : undefined;
    if (dvd && !(await isSeed(dvd.location))) return dvd;
  }
  return undefined;
}

/**
 * Puts a disc into the drive of a machine that runs, or takes it out.
 * @param leader pid of the container's init, through which its devices are seen
 */
export async function loadDrive(place: Place, disc: MediumRecord | undefined, leader: number): Promise<void> {
  const node = `/proc/${leader}/root/${DRIVE}`;
  if (lstatSync(node, { throwIfNoEntry: false }) !== undefined) rmSync(node);
  if (disc === undefined) return;
  const { rdev } = statSync(await connectDisc(place, disc));
  // Linux, include/linux/kdev_t.h: the minor number's low byte is the lowest, then the major's twelve bits.
  const [major, minor] = [(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)];
  await runOnHost("mknod", ["--mode=0660", node, "b", String(major), String(minor)]);
}
