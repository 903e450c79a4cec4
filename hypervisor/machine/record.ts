import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import { type Host, thisHost } from "../../lib/host";
import { parseExtraData } from "../driver/output";
import type { VBoxManage } from "../driver/vboxmanage";
import type { Hardware } from "./hardware";

/** The record's file in the machine's own folder: a call of VBoxManage less than extra data, for each machine and look. */
export const RECORD_FILE = "kube-lab.json";
/** Where a template's token is in its extra data. */
const TOKEN_KEY = "kube-lab/incarnation";

/** What the last `machine ensure` that went well has left. */
export interface MachineRecord {
  /** Which machine left it: another one in the same folder knows nothing of it. */
  uuid: string;
  /** The token of the Pulumi program: `2026-11-21T04:33:10Z missing`. */
  incarnation: string;
  /** Fingerprint of the SSH host key that its seed gave it, `SHA256:…`: which lab of that name it is of. */
  hostKey: string;
  /** Folder of the project that made it. */
  project: string;
  /** The template machine it is a clone of. */
  image: string;
  /** What its root disk was born as, by plan/birth.ts; absent in records of earlier versions. */
  birth?: string;
  /** When a person asked for it to be recreated, by `npm run renew`; gone once it is. */
  renew?: string;
  /** The same of the time when that was done last: it stays, so that it is not done again. */
  renewal?: string;
  hardware: Hardware;
  dataDiskGiB?: number;
  /** Ports whose disks' flushes VirtualBox hands on; absent in records of earlier versions. */
  flushedPorts?: number[];
  /** What a master or worker was last given to run, by plan/releases.ts; absent for others, and in records of earlier versions. */
  releases?: string;
  /** When an ensure last started it: `2026-11-21T04:33:10Z`; empty while it is made and not started. */
  started: string;
}

/** A template's token, so that one removed behind Pulumi's back is made again. */
export async function writeToken(vbox: VBoxManage, image: string, incarnation: string): Promise<void> {
  await vbox.call(["setextradata", image, TOKEN_KEY, incarnation]);
}

export async function readToken(vbox: VBoxManage, image: string): Promise<string | undefined> {
  const output = await vbox.callIfThere(["getextradata", image, TOKEN_KEY]);
  return output === undefined ? undefined : parseExtraData(output);
}

/** @param folder the machine's own */
export async function writeRecord(folder: string, record: MachineRecord): Promise<void> {
  writeAtomically(path.join(folder, RECORD_FILE), JSON.stringify(record), { isLasting: false });
}

/**
 * Writes down that the machine is not as an update has left it, so that the next one brings it back, as what it is: it keeps its
 * template, and what it was given to run is unknown.
 * @param time `2026-11-21T04:33:10Z`, when that was done
 */
export async function outdateRecord(
  folder: string,
  { releases: _, ...record }: MachineRecord,
  time: string,
): Promise<void> {
  await writeRecord(folder, { ...record, incarnation: `${time} restored`, started: time });
}

export async function removeRecord(folder: string): Promise<void> {
  await rm(path.join(folder, RECORD_FILE), { force: true });
}

/**
 * The record of a machine; undefined where no ensure has come to its end, or where it can't be read.
 * @param info of `showvminfo`
 */
export async function readRecord(info: Map<string, string>): Promise<MachineRecord | undefined> {
  return recordIn(info, await readFile(recordFile(info), "utf8").catch(() => undefined));
}

/** The record in a machine's folder, whichever machine's it is: for one that the hypervisor does not know. */
export async function readRecordIn(folder: string): Promise<MachineRecord | undefined> {
  return parseRecord(await readFile(path.join(folder, RECORD_FILE), "utf8").catch(() => undefined));
}

/** The file of a machine's record. */
export function recordFile(info: Map<string, string>): string {
  return path.join(machineFolder(info), RECORD_FILE);
}

/** The record of a machine in the text of its file, if it is that machine's. */
export function recordIn(info: Map<string, string>, text: string | undefined): MachineRecord | undefined {
  const record = parseRecord(text);
  return record?.uuid === info.get("UUID") ? record : undefined;
}

/** Whether another checkout that is there has made the machine. */
export function isElsewhere(
  { project }: MachineRecord,
  host: Pick<Host, "project" | "exists"> = thisHost(),
): boolean {
  return project !== host.project && host.exists(project);
}

/** The folder that holds a machine's settings file. */
export function machineFolder(info: Map<string, string>): string {
  return path.dirname(info.get("CfgFile") ?? "");
}

function parseRecord(text: string | undefined): MachineRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // Written by hand or by another version: as good as none.
    return undefined;
  }
}

function isRecord(value: unknown): value is MachineRecord {
  if (typeof value !== "object" || value === null) return false;
  const { uuid, incarnation, hostKey, project, image, hardware, started } = value as Record<string, unknown>;
  const texts = [uuid, incarnation, hostKey, project, image, started].every(
    (text) => typeof text === "string",
  );
  return texts && typeof hardware === "object" && hardware !== null;
}
