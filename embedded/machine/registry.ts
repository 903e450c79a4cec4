import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../atomic";
import { machineNotFound } from "../errors";
import type { Place } from "../place";
import type { MachineRecord } from "./record";
import { writeSettings } from "./settings";

/** Every registered machine, oldest first. Files that vanish while it reads are no machines. */
export function loadMachines(place: Place): MachineRecord[] {
  if (!existsSync(place.registry.machines)) return [];
  return readdirSync(place.registry.machines)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => readRecord(join(place.registry.machines, file)) ?? [])
    .sort((a, b) => a.registeredAt - b.registeredAt);
}

/** @throws VirtualBoxError when no machine has this name or UUID */
export function findMachine(place: Place, nameOrUuid: string): MachineRecord {
  const wanted = nameOrUuid.replace(/^\{(.*)\}$/, "$1").toLowerCase();
  const machines = loadMachines(place);
  const found =
    machines.find((machine) => machine.uuid === wanted) ??
    machines.find((machine) => machine.name === nameOrUuid);
  if (!found) throw machineNotFound(nameOrUuid);
  return found;
}

/** Writes the record, and the machine's settings file, by which it can be registered again. */
export function saveMachine(place: Place, machine: MachineRecord): void {
  writeAtomically(join(place.registry.machines, `${machine.uuid}.json`), JSON.stringify(machine, null, 1));
  writeSettings(place, machine);
}

export function forgetMachine(place: Place, machine: MachineRecord): void {
  rmSync(join(place.registry.machines, `${machine.uuid}.json`), { force: true });
}

function readRecord(file: string): MachineRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as MachineRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`${file} cannot be read: ${(error as Error).message}. Remove it to forget the machine.`);
  }
}
