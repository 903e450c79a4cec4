import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasOption, type OptionRule, parseArguments } from "../arguments";
import { machineLocked, VirtualBoxError } from "../errors";
import { withLock } from "../locks";
import { powerOff } from "../machine/power";
import type { MachineRecord } from "../machine/record";
import { findMachine, forgetMachine, loadMachines } from "../machine/registry";
import { diskUuids } from "../machine/settings";
import { isOn, machineState, readRunState } from "../machine/state";
import { type Place, runFolder } from "../place";
import { removeWhenEmpty } from "../removal";
import { deleteContent } from "../storage/content";
import { forgetMedium, loadMedia, type MediumRecord } from "../storage/medium";
import { PROGRESS, type Verb } from "./verb";

const USAGE = "unregistervm <uuid|vmname> [--delete] [--delete-all]";
const RULES: OptionRule[] = [
  { names: ["delete"], values: 0 },
  { names: ["delete-all"], values: 0 },
];

/**
 * `unregistervm`: with --delete the disks that only this machine has go too; ISOs and shared parents stay. Without it they are
 * only forgotten, and `registervm` finds them by the settings file.
 */
export const unregister: Verb = async ({ place, args, warn }) => {
  const parsed = parseArguments(args, RULES, USAGE, { least: 1, most: 1 });
  const isDeleting = hasOption(parsed, "delete") || hasOption(parsed, "delete-all");
  const name = parsed.positionals[0] ?? "";
  const { machine, disks } = await withLock(place, "registry", async () => {
    const found = findMachine(place, name);
    if (isOn(machineState(place, found).state)) throw machineLocked(found.name);
    const own = isDeleting ? ownDisks(place, found) : [];
    refuseParents(place, own);
    // What a killed supervisor left.
    await powerOff(place, found, readRunState(place, found.uuid)?.cgroups ?? []);
    forgetMachine(place, found);
    for (const disk of own) forgetMedium(place, disk, true);
    if (!isDeleting)
      for (const disk of childless(place, ownDisks(place, found))) forgetMedium(place, disk, false);
    return { machine: found, disks: own };
  });
  rmSync(runFolder(place, machine.uuid), { recursive: true, force: true });
  for (const disk of disks) await deleteContent(place, disk.uuid);
  if (isDeleting) removeFolders(place, machine);
  await removeWhenEmpty(place);
  if (isDeleting) warn(PROGRESS);
};

/** Disks attached to this machine or its snapshots and to no other. Children first. */
function ownDisks(place: Place, machine: MachineRecord): MediumRecord[] {
  const mine = new Set(diskUuids(machine));
  const others = new Set(
    loadMachines(place)
      .filter((other) => other.uuid !== machine.uuid)
      .flatMap(diskUuids),
  );
  return loadMedia(place)
    .filter((medium) => medium.kind === "disk" && mine.has(medium.uuid) && !others.has(medium.uuid))
    .reverse();
}

/** Without those that other machines' disks build on. */
function childless(place: Place, disks: readonly MediumRecord[]): MediumRecord[] {
  const going = new Set(disks.map(({ uuid }) => uuid));
  const parents = new Set(loadMedia(place).flatMap(({ uuid, parent }) => (going.has(uuid) ? [] : [parent])));
  return disks.filter(({ uuid }) => !parents.has(uuid));
}

/** A disk that linked clones still build on cannot go. */
function refuseParents(place: Place, disks: readonly MediumRecord[]): void {
  const going = new Set(disks.map((disk) => disk.uuid));
  for (const disk of disks) {
    const children = loadMedia(place).filter(
      (medium) => medium.parent === disk.uuid && !going.has(medium.uuid),
    ).length;
    if (children > 0)
      throw new VirtualBoxError(
        `Cannot close medium '${disk.location}' because it has ${children} child media`,
        { code: "VBOX_E_OBJECT_IN_USE", component: "MediumWrap", interface: "IMedium" },
        "Machine delete failed",
      );
  }
}

/** The machine's folder with what VirtualBox would have put there, and its groups' folders when they are empty. */
function removeFolders(place: Place, machine: MachineRecord): void {
  const folder = dirname(machine.settingsFile);
  rmSync(machine.settingsFile, { force: true });
  for (const name of ["Snapshots", "Logs"]) removeIfEmpty(join(folder, name));
  removeIfEmpty(folder);
  for (let parent = dirname(folder); parent.startsWith(`${place.machineFolder}/`); parent = dirname(parent))
    removeIfEmpty(parent);
}

/** Files of the user's own stay, as with the real one. */
function removeIfEmpty(folder: string): void {
  try {
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  } catch (error) {
    // Another call may remove or fill it at the same moment.
    if (!["ENOENT", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
