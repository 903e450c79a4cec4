import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import type { Place } from "../place";
import { loadMedium } from "../storage/medium";
import type { StoredMachine } from "./record";

/** What a machine's settings file holds: enough to register it again when the registry knows it no more. */
export interface MachineSettings {
  machine: StoredMachine;
  /** Where the descriptors of its disks are, those of its snapshots too, by UUID. */
  disks: Record<string, string>;
}

/** The first line is as the real one's, for who only looks whose it is; the rest is JSON. */
export function writeSettings(place: Place, machine: StoredMachine): void {
  const disks = diskUuids(machine).map((uuid) => [uuid, loadMedium(place, uuid)?.location ?? ""]);
  const settings: MachineSettings = { machine, disks: Object.fromEntries(disks) };
  mkdirSync(dirname(machine.settingsFile), { recursive: true, mode: 0o700 });
  writeAtomically(
    machine.settingsFile,
    `<Machine uuid="{${machine.uuid}}" name="${machine.name}"/>\n${JSON.stringify(settings, null, 1)}\n`,
  );
}

/** @throws Error when the file is missing or broken. */
export function readSettings(file: string): MachineSettings {
  const text = readFileSync(file, "utf8");
  const settings = JSON.parse(text.slice(text.indexOf("\n"))) as Partial<MachineSettings>;
  if (settings.machine === undefined || settings.disks === undefined)
    throw new SyntaxError("it holds no machine");
  return { machine: settings.machine, disks: settings.disks };
}

/** Every disk of a machine and its snapshots. */
export function diskUuids(machine: StoredMachine): string[] {
  const attachments = [machine, ...machine.snapshots].flatMap((state) => state.attachments);
  return [...new Set(attachments.flatMap(({ type, medium }) => (type === "hdd" && medium ? [medium] : [])))];
}
