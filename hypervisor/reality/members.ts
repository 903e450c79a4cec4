import { readFile } from "node:fs/promises";
import path from "node:path";
import { removeAtomically, writeAtomically } from "../../lib/atomic-file";
import { type LabSpecification, shortName } from "../specification/lab";

/** In the lab's folder: which machines the lab is to have by the last update that began. */
const FILE = "members.json";

/** Writes down which machines the lab is to have, by the hypervisor's names. */
export function writeMembers(labFolder: string, machines: readonly string[]): void {
  writeAtomically(path.join(labFolder, FILE), JSON.stringify(machines));
}

/**
 * Names of the machines that the lab is to have: one of these that goes is to be recreated. None where nobody has written that down:
 * then who goes, goes for good, which asks more of it.
 */
export async function readMembers(
  labFolder: string,
  { group }: Pick<LabSpecification, "group">,
): Promise<string[]> {
  try {
    const members: unknown = JSON.parse(await readFile(path.join(labFolder, FILE), "utf8"));
    return Array.isArray(members)
      ? members.map((machine) => shortName({ machine: String(machine), group }))
      : [];
  } catch {
    return [];
  }
}

export function removeMembers(labFolder: string): void {
  removeAtomically(path.join(labFolder, FILE));
}
