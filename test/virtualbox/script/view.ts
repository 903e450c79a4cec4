import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "../../../hypervisor/driver/inspect";
import { parseBlocks, parseMachineList } from "../../../hypervisor/driver/output";
import type { Laboratory } from "./laboratory";

/** What is to be seen after a step, as far as our code reads it; without places, identities and the address of an adapter that was not asked for. */
export interface View {
  /** What the step gave, or its error. */
  outcome: unknown;
  /** Without what depends on time. */
  said: string[];
  /** How often each verb was called. */
  calls: Record<string, number>;
  /** `list vms`. */
  names: string[];
  /** Of the machines looked at: what our code reads of `showvminfo`. */
  machines: Record<string, Record<string, string>>;
  /** `list hdds`. */
  disks: Record<string, string>[];
  /** Places of `list dvds`. */
  dvds: string[];
  /** Below the machine folder, but for what the real one alone keeps there. */
  files: string[];
}

const READ =
  /^(?:groups|description|CfgFile|VMState|cpus|memory|CurrentSnapshotName|storagecontroller(?:name|type|portcount|bootable)\d|(?:nic|nictype|intnet|macaddress|cableconnected)[1-8]|Forwarding\(\d+\)|SATA-\d-0)$/;
const READ_OF_DISKS = ["Location", "Parent UUID", "Type", "Storage format", "Capacity"];
/** Copies of settings, and folders for logs of starts. */
const REAL_ONES_OWN = /\.vbox-prev$|\/Logs$/;

/** @param only the machines to look at, unless at all */
export async function look(
  laboratory: Laboratory,
  outcome: unknown,
  only?: readonly string[],
): Promise<View> {
  const { vbox, machineFolder, calls, said } = laboratory;
  const verbs = calls.splice(0).map(([verb = ""]) => verb);
  const told = said.splice(0).filter((line) => !/^waiting |another process holds/.test(line));
  const names = [...parseMachineList(await vbox.call(["list", "vms"])).keys()].sort();
  const looked = names.filter((name) => only?.includes(name) ?? true);
  const machines = await Promise.all(
    looked.map(async (name): Promise<[string, Record<string, string>]> => {
      const info = [...((await inspect(vbox, name)) ?? [])].filter(([key]) => READ.test(key));
      return [name, Object.fromEntries(info)];
    }),
  );
  const view: View = {
    outcome,
    said: told.sort(),
    calls: Object.fromEntries([...new Set(verbs)].sort().map((verb) => [verb, count(verbs, verb)])),
    names,
    machines: Object.fromEntries(machines),
    disks: await disks(laboratory),
    dvds: parseBlocks(await vbox.call(["list", "dvds"]))
      .map((dvd) => dvd.get("Location") ?? "")
      .sort(),
    files: files(machineFolder),
  };
  calls.length = 0;
  return JSON.parse(anonymous(JSON.stringify(view), laboratory)) as View;
}

function count(all: string[], one: string): number {
  return all.filter((other) => other === one).length;
}

/** With the parent's place instead of its identity, in the order of places. */
async function disks({ vbox }: Laboratory): Promise<Record<string, string>[]> {
  const all = parseBlocks(await vbox.call(["list", "hdds"]));
  const place = (uuid: string | undefined) =>
    all.find((disk) => disk.get("UUID") === uuid)?.get("Location") ?? uuid;
  const shown = all.map((disk) => {
    const values = READ_OF_DISKS.map((key) => [key, disk.get(key) ?? ""]);
    return Object.fromEntries([...values, ["Parent UUID", place(disk.get("Parent UUID")) ?? ""]]);
  });
  const key = (disk: Record<string, string>) => anonymousUuid(`${disk.Location} ${disk["Parent UUID"]}`);
  return shown.sort((a, b) => key(a).localeCompare(key(b)));
}

function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => !REAL_ONES_OWN.test(file))
    .map(anonymousUuid)
    .sort();
}

function anonymous(text: string, { machineFolder, baseDisk }: Laboratory): string {
  const places = text.replaceAll(machineFolder, "<machines>").replaceAll(dirname(baseDisk), "<folder>");
  return anonymousUuid(places)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "<time>")
    .replace(/\b080027(?!000)[0-9A-F]{6}\b/g, "<chosen by VirtualBox>");
}

function anonymousUuid(text: string): string {
  return text.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>");
}

/** Path of a file in a machine's folder, as a view has it. */
export function inView(...names: string[]): string {
  return join("<machines>", ...names);
}
