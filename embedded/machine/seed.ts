import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runOnHost } from "../process";

/** Where cloud-init looks for a seed that is no disk. */
export const SEED_IN_GUEST = "/var/lib/cloud/seed/nocloud";

/**
 * Unpacks a NoCloud seed out of an ISO (the kernel may not know iso9660). Root's eyes only.
 * @returns whether the ISO is a seed
 */
export async function unpackSeed(iso: string, folder: string): Promise<boolean> {
  clearSeed(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!(await isSeed(iso))) return false;
  await runOnHost("bsdtar", ["--extract", "--file", iso, "--directory", folder, "--no-same-owner"]);
  // An ISO says that everyone may read; in the machine it would be so.
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o600);
  return true;
}

/** Whether an ISO that is there is a NoCloud seed. */
export async function isSeed(iso: string): Promise<boolean> {
  if (!existsSync(iso)) return false;
  const names = await runOnHost("bsdtar", ["--list", "--file", iso]);
  return names.split("\n").some((name) => name.replace(/^\.\//, "") === "meta-data");
}

/** Empties the folder and keeps it: a running machine has it mounted. */
export function clearSeed(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}
