import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Description } from "./description";

/**
 * Plugs a machine's adapters into bridges of the host, one for each internal network, which the host itself has no address in.
 * @param folder of all machines; what is made is written down there
 * @returns the host's device for each adapter, by the adapter's number
 */
export function plugIn(folder: string, { uuid, adapters }: Description): Map<number, string> {
  const taps = new Map<number, string>();
  for (const { number, network } of adapters) {
    if (network === undefined) continue;
    const bridge = made(folder, `b ${network}`);
    ip("link", "add", bridge, "type", "bridge");
    ip("link", "set", bridge, "up");
    const tap = made(folder, `t ${uuid} ${number}`);
    ip("link", "delete", tap);
    ip("tuntap", "add", tap, "mode", "tap");
    if (!ip("link", "set", tap, "master", bridge, "up"))
      throw new Error(`${tap} could not be plugged into ${bridge}: is /dev/net/tun there?`);
    taps.set(number, tap);
  }
  return taps;
}

/** Removes every device that was made for these machines. */
export function removeNetworks(folder: string): void {
  const devices = join(folder, "devices");
  mkdirSync(devices, { recursive: true });
  for (const device of readdirSync(devices)) ip("link", "delete", device);
  rmSync(devices, { recursive: true });
}

/** A device's name, which is the folder's own and at most 15 characters long, written down. */
function made(folder: string, what: string): string {
  const device = `lab${createHash("sha256").update(`${folder} ${what}`).digest("hex").slice(0, 10)}`;
  mkdirSync(join(folder, "devices"), { recursive: true });
  writeFileSync(join(folder, "devices", device), what);
  return device;
}

function ip(...words: string[]): boolean {
  return spawnSync("ip", words, { stdio: "ignore" }).status === 0;
}
