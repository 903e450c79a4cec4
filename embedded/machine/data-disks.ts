import { existsSync, lstatSync } from "node:fs";
import type { Place } from "../place";
import { runOnHost, runQuietly } from "../process";
import { hasRootFileSystem, rawFile } from "../storage/content";
import { loadMedia } from "../storage/medium";
import type { StoredMachine } from "./record";

export interface DataDisk {
  /** On the host: `/dev/loop7`. */
  device: string;
  /** In the machine, as VirtualBox's port would be named there: `/dev/sdb` for port 1. */
  guestDevice: string;
}

/** Connects the machine's data disks to loop devices. */
export async function connectDataDisks(place: Place, machine: StoredMachine): Promise<DataDisk[]> {
  const disks: DataDisk[] = [];
  for (const { port, medium, type } of machine.attachments) {
    if (type !== "hdd" || medium === undefined || hasRootFileSystem(place, medium)) continue;
    const file = rawFile(place, medium);
    if (!existsSync(file)) throw new Error(`the disk ${medium} of ${machine.name} has no content at ${file}`);
    await disconnectFile(file);
    const device = (await runOnHost("losetup", ["--find", "--show", "--direct-io=on", file])).trim();
    disks.push({ device, guestDevice: `/dev/sd${String.fromCharCode(97 + port)}` });
  }
  return disks;
}

export async function disconnectDataDisks(place: Place, machine: StoredMachine): Promise<void> {
  for (const { medium } of machine.attachments)
    if (medium !== undefined && existsSync(rawFile(place, medium)))
      await disconnectFile(rawFile(place, medium));
}

/** A killed machine may have left its device. */
async function disconnectFile(file: string): Promise<void> {
  const devices = await runOnHost("losetup", [
    "--noheadings",
    "--output",
    "NAME",
    "--associated",
    file,
  ]).catch(() => "");
  for (const device of devices.split("\n").filter((name) => name.trim() !== ""))
    await runQuietly("losetup", ["--detach", device.trim()]);
}

/** UUID of the disk the machine boots from: the first attached one with a root file system. */
export function rootMedium(place: Place, machine: StoredMachine): string | undefined {
  const media = new Set(loadMedia(place).map((medium) => medium.uuid));
  return machine.attachments
    .filter((attachment) => attachment.type === "hdd")
    .sort((a, b) => a.port - b.port)
    .map((attachment) => attachment.medium)
    .find((uuid) => uuid !== undefined && media.has(uuid) && hasRootFileSystem(place, uuid));
}

/** Whether the path is a device node or file of the host that can be bound into a machine. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
