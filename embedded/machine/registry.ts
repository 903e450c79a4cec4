import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import { machineInaccessible, machineNotFound } from "../errors";
import type { Place } from "../place";
import type { StoredMachine } from "./record";
import { writeSettings } from "./settings";

/** A registered machine whose record is broken: of its name and disks nothing is known. */
export interface InaccessibleMachine {
  uuid: string;
  file: string;
  /** What is wrong, and what to do. */
  problem: string;
}

/** Every registered machine that can be read, oldest first. One broken file is no matter of the others. */
export function loadMachines(place: Place): StoredMachine[] {
  return readRecords(place)
    .flatMap((record) => ("problem" in record ? [] : [record]))
    .sort((a, b) => a.registeredAt - b.registeredAt);
}

/** Registered machines whose record cannot be read; VirtualBox lists such as `<inaccessible>`, too. */
export function inaccessibleMachines(place: Place): InaccessibleMachine[] {
  return readRecords(place).flatMap((record) => ("problem" in record ? [record] : []));
}

/** @throws VirtualBoxError when no machine has this name or UUID */
export function findMachine(place: Place, nameOrUuid: string): StoredMachine {
  const wanted = nameOrUuid.replace(/^\{(.*)\}$/, "$1").toLowerCase();
  const machines = loadMachines(place);
  const found =
    machines.find((machine) => machine.uuid === wanted) ??
    machines.find((machine) => machine.name === nameOrUuid);
  if (found) return found;
  const broken = inaccessibleMachines(place);
  const meant = broken.find(({ uuid }) => uuid === wanted);
  if (meant) throw machineInaccessible(meant.problem);
  throw machineNotFound(
    nameOrUuid,
    broken.map(({ problem }) => problem),
  );
}

/** Writes the record, and the machine's settings file, by which it can be registered again. */
export function saveMachine(place: Place, machine: StoredMachine): void {
  writeAtomically(join(place.registry.machines, `${machine.uuid}.json`), JSON.stringify(machine, null, 1));
  writeSettings(place, machine);
}

export function forgetMachine(place: Place, machine: StoredMachine): void {
  rmSync(join(place.registry.machines, `${machine.uuid}.json`), { force: true });
}

function readRecords(place: Place): (StoredMachine | InaccessibleMachine)[] {
  if (!existsSync(place.registry.machines)) return [];
  return readdirSync(place.registry.machines)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => readRecord(join(place.registry.machines, file)) ?? []);
}

/** Undefined for one that vanishes while it reads. */
function readRecord(file: string): StoredMachine | InaccessibleMachine | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as StoredMachine;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const uuid = basename(file, ".json");
    const remedy = `\`registervm\` of its settings file (.vbox) mends it, \`unregistervm ${uuid}\` forgets it and leaves its disks`;
    return { uuid, file, problem: `${file} cannot be read: ${(error as Error).message}; ${remedy}` };
  }
}
