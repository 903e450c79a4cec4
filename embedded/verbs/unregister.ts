import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasOption, type OptionRule, parseArguments } from "../arguments";
import { machineLocked, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import { takeAway } from "../machine/power";
import type { StoredMachine } from "../machine/record";
import {
  findMachine,
  forgetMachine,
  inaccessibleMachines,
  loadMachines,
  saveMachine,
} from "../machine/registry";
import { diskUuids } from "../machine/settings";
import { isOn, machineState, readRunState } from "../machine/state";
import { type Place, runFolder } from "../place";
import { removeWhenEmpty } from "../removal";
import { deleteContent } from "../storage/content";
import { forgetMedium, loadMedia, type MediumRecord } from "../storage/medium";
import { isUsrBase } from "../storage/shared-usr";
import { ensureStore } from "../storage/store";
import { PROGRESS, type Verb } from "./verb";

const USAGE = "unregistervm <uuid|vmname> [--delete] [--delete-all]";
const RULES: OptionRule[] = [
  { names: ["delete"], values: 0 },
  { names: ["delete-all"], values: 0 },
];

/**
 * `unregistervm`: with --delete the disks that only this machine has go too; ISOs and shared parents stay. Without it they are
 * only forgotten, and `registervm` finds them by the settings file. The record goes last: what is cut off, or ends for want of
 * room, can be repeated.
 */
export const unregister: Verb = async ({ place, args, warn }) => {
  const parsed = parseArguments(args, RULES, USAGE, { least: 1, most: 1 });
  const isDeleting = hasOption(parsed, "delete") || hasOption(parsed, "delete-all");
  const name = parsed.positionals[0] ?? "";
  if (await forgetInaccessible(place, name)) return;
  const { uuid } = refuseRunning(place, name);
  // Nobody starts it meanwhile; a supervisor that has just cut its power lets go some milliseconds later.
  await withPlaceLock(place, `machine-${uuid}`, () => remove(place, uuid, isDeleting));
  await removeWhenEmpty(place);
  if (isDeleting) warn(PROGRESS);
};

function refuseRunning(place: Place, name: string): StoredMachine {
  const found = findMachine(place, name);
  if (isOn(machineState(place, found).state)) throw machineLocked(found.name);
  return found;
}

async function remove(place: Place, uuid: string, isDeleting: boolean): Promise<void> {
  const { machine, disks } = await withPlaceLock(place, "registry", () => {
    const found = refuseRunning(place, uuid);
    const own = isDeleting ? ownDisks(place, found) : [];
    refuseParents(place, own);
    if (isDeleting) saveMachine(place, { ...found, isBeingRemoved: true });
    return { machine: found, disks: own };
  });
  // What a killed supervisor left.
  await takeAway(place, machine, readRunState(place, machine.uuid)?.cgroups ?? []);
  // It makes room: however little there is, it is tried.
  if (disks.length > 0) await ensureStore(place, { leastFreeBytes: 0 });
  for (const disk of disks) await deleteContent(place, disk.uuid);
  await withPlaceLock(place, "registry", () => {
    for (const disk of disks) forgetMedium(place, disk, true);
    if (!isDeleting)
      for (const disk of childless(place, ownDisks(place, machine))) forgetMedium(place, disk, false);
    rmSync(runFolder(place, machine.uuid), { recursive: true, force: true });
    if (isDeleting) removeFolders(place, machine);
    forgetMachine(place, machine);
  });
}

/** A machine whose record is broken has only that to be removed: which disks it had nobody knows. */
function forgetInaccessible(place: Place, name: string): Promise<boolean> {
  return withPlaceLock(place, "registry", () => {
    const uuid = name.replace(/^\{(.*)\}$/, "$1").toLowerCase();
    const broken = inaccessibleMachines(place).find((machine) => machine.uuid === uuid);
    if (broken) rmSync(broken.file, { force: true });
    return broken !== undefined;
  });
}

/** Disks attached to this machine or its snapshots and to no other. Children first. */
function ownDisks(place: Place, machine: StoredMachine): MediumRecord[] {
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
    // A child whose record is broken does not say whose it is, but what it reads.
    if (children > 0 || isUsrBase(place, disk.uuid, going))
      throw new VirtualBoxError(
        `Cannot close medium '${disk.location}' because it has ${Math.max(children, 1)} child media`,
        { code: "VBOX_E_OBJECT_IN_USE", component: "MediumWrap", interface: "IMedium" },
        "Machine delete failed",
      );
  }
}

/** The machine's folder with what VirtualBox would have put there, and its groups' folders when they are empty. */
function removeFolders(place: Place, machine: StoredMachine): void {
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
