import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { writeDurably } from "./durable-file";

/** In the lab's folder: which machines the lab is to have by the last update that began. */
const FILE = "members.json";

/** Writes down which machines the lab is to have, by the hypervisor's names. */
export function writeMembers(labFolder: string, machines: readonly string[]): void {
  writeDurably(path.join(labFolder, FILE), JSON.stringify(machines));
}

/**
 * Whether a machine that goes is one that the lab is to have: then it goes to be made anew.
 * Where nobody has written that down it goes for good, which asks more of it.
 */
export async function isMember(labFolder: string, machine: string): Promise<boolean> {
  return (await readMembers(labFolder)).includes(machine);
}

/** Which machines the lab is to have; none where nobody has written that down. */
export async function readMembers(labFolder: string): Promise<string[]> {
  try {
    const members: unknown = JSON.parse(await readFile(path.join(labFolder, FILE), "utf8"));
    return Array.isArray(members) ? members.map(String) : [];
  } catch {
    return [];
  }
}

export async function removeMembers(labFolder: string): Promise<void> {
  for (const file of [FILE, `${FILE}.new`]) await rm(path.join(labFolder, file), { force: true });
}
