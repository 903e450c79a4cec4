import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { placeAt } from "../../embedded/place";
import { removeAtomically, writeAtomically } from "../../lib/atomic-file";
import { type Host, thisHost } from "../../lib/host";
import { localFolder } from "../../lib/local-folder";
import { logFor } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { utcSeconds } from "../../lib/utc";
import type { LivingLab } from "../../plan/config/changes";
import { setCommand } from "../../plan/config/problems";
import type { Hypervisor } from "../../plan/lab-plan";
import { belongsTo, inspect } from "../driver/inspect";
import { locateVBoxManage } from "../driver/locate";
import { parseMachineList } from "../driver/output";
import { openVBoxManage } from "../driver/vboxmanage";
import { machineFolder } from "../machine/record";

/** In the lab's own folder: what the lab was made with. It is written before the first machine is made. */
const FILE = "living-lab.json";
/** Folder of the lab's seeds, which are there before the first machine. */
const SEEDS = "seeds";

/** What `network ensure` leaves. */
export interface LabRecord {
  /** The token of the Pulumi program: `2026-11-21T04:33:10Z missing`. */
  incarnation: string;
  madeWith: LivingLab;
}

/** Where a lab of this computer is. */
export interface LabPlace {
  hypervisor: Hypervisor;
  /** Its own folder, full path. */
  folder: string;
}

/** Which hypervisor a stack asks for. */
export interface HypervisorChoice {
  /** `kube-lab:hypervisor` as the stack has it, right or wrong; `auto` or absent: what fits. */
  configured: unknown;
  /** What set-up found fit for this computer. */
  fitting: Hypervisor | undefined;
}

/** What is known of a stack's lab before anything is planned. */
export interface KnownLab {
  /** What it was made with; of one that has no record only its hypervisor, and nothing where no machine of it is there. */
  living: LivingLab;
  /** The record's token while it is there, else a new one, with which the record is written again. */
  incarnation: string;
  /** Its own folder, full path; absent where none is known. */
  folder?: string;
}

/**
 * What the stack's lab was made with, by the place that this project remembers; starts no process. Nothing where it remembers
 * none: then `findLab` asks the hypervisors.
 * @throws RemedyError when the lab lives and its record cannot be read
 */
export function readLivingLab(stack: string, { project }: Pick<Host, "project"> = thisHost()): LivingLab {
  const place = readPlace(project, stack);
  return place === undefined ? {} : labAt(place).living;
}

/**
 * The same for who may ask: where this project remembers no place, a lab of this name lives where a hypervisor has machines of
 * it, whichever of them this computer could run today.
 * @throws RemedyError also when a hypervisor cannot be asked while the choice is open: a lab could live there
 */
export async function findLab(
  stack: string,
  choice: HypervisorChoice,
  host: Host = thisHost(),
): Promise<KnownLab> {
  const remembered = readPlace(host.project, stack);
  const known = remembered && labAt(remembered);
  if (known !== undefined && Object.keys(known.living).length > 0) return known;
  const place = await placeOfMachines(stack, choice, host);
  if (place !== undefined) return labAt(place);
  return known ?? { living: {}, incarnation: freshToken("missing") };
}

/** Writes what the lab is made with into its folder, and into the project where that is. */
export function rememberLab(project: string, stack: string, place: LabPlace, record: LabRecord): void {
  writeAtomically(path.join(place.folder, FILE), `${JSON.stringify(record, null, 2)}\n`);
  const file = placeFile(project, stack);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeAtomically(file, `${JSON.stringify(place)}\n`);
}

/** Forgets it; the record stays while a machine of the lab is there. */
export function forgetLab(project: string, stack: string, folder: string): void {
  removeAtomically(placeFile(project, stack));
  if (!lives(folder)) removeAtomically(path.join(folder, FILE));
}

function labAt({ hypervisor, folder }: LabPlace): KnownLab {
  const record = readRecord(folder);
  const isLiving = lives(folder);
  if (record instanceof Error && isLiving) throw record;
  if (record === undefined || record instanceof Error)
    return { living: isLiving ? { HYPERVISOR: hypervisor } : {}, incarnation: freshToken("missing"), folder };
  return { living: isLiving ? record.madeWith : {}, incarnation: record.incarnation, folder };
}

/** Whether a machine of the lab, or what is left of one, is in its folder. */
function lives(folder: string): boolean {
  try {
    return readdirSync(folder, { withFileTypes: true }).some(
      (entry) =>
        entry.isDirectory() && entry.name !== SEEDS && readdirSync(path.join(folder, entry.name)).length > 0,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Undefined where there is none; an Error where it says nothing. */
function readRecord(folder: string): LabRecord | Error | undefined {
  const file = path.join(folder, FILE);
  if (!existsSync(file)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isRecord(value)) return value;
    return unreadable(file, "it is no such record");
  } catch (error) {
    return unreadable(file, (error as Error).message);
  }
}

function isRecord(value: unknown): value is LabRecord {
  if (typeof value !== "object" || value === null) return false;
  const { incarnation, madeWith } = value as Record<string, unknown>;
  return (
    typeof incarnation === "string" &&
    typeof madeWith === "object" &&
    madeWith !== null &&
    Object.values(madeWith).every((text) => typeof text === "string")
  );
}

function unreadable(file: string, why: string): RemedyError {
  return new RemedyError(
    `${file}, which says what the lab was made with, cannot be read: ${why}.`,
    "Make sure that the stack's configuration is as it was when the lab was made, then remove the file: the next `npm run up` writes it again.",
  );
}

function placeFile(project: string, stack: string): string {
  return path.join(project, localFolder, "labs", `${stack}.json`);
}

/** A place that cannot be read is as good as none: the hypervisors know it, too. */
function readPlace(project: string, stack: string): LabPlace | undefined {
  try {
    const place = JSON.parse(readFileSync(placeFile(project, stack), "utf8")) as Partial<LabPlace>;
    const { hypervisor, folder } = place;
    const isPlace = (hypervisor === "virtualbox" || hypervisor === "embedded") && typeof folder === "string";
    return isPlace && existsSync(folder) ? { hypervisor, folder } : undefined;
  } catch {
    return undefined;
  }
}

async function placeOfMachines(
  stack: string,
  { configured, fitting }: HypervisorChoice,
  host: Host,
): Promise<LabPlace | undefined> {
  const isOpen = configured === undefined || configured === "auto";
  const first = isOpen ? fitting : configured;
  const both: Hypervisor[] = first === "embedded" ? ["embedded", "virtualbox"] : ["virtualbox", "embedded"];
  for (const hypervisor of both.filter((candidate) => isHere(candidate, host))) {
    const folder = await folderOfMachines(hypervisor, stack, host).catch((error: unknown) => {
      if (isOpen) throw inDoubt(error, hypervisor, stack);
      return undefined;
    });
    if (folder !== undefined) return { hypervisor, folder };
  }
  return undefined;
}

function inDoubt(error: unknown, hypervisor: Hypervisor, stack: string): unknown {
  if (!(error instanceof RemedyError)) return error;
  const other: Hypervisor = hypervisor === "virtualbox" ? "embedded" : "virtualbox";
  return new RemedyError(
    `Whether a lab of stack ${stack} lives on ${hypervisor} cannot be told: ${error.message}`,
    `${error.remedy} Where none does: ${setCommand("hypervisor", other)}`,
  );
}

/** A stand-in that has never had a machine is not asked: it would make its folders for it. */
function isHere(hypervisor: Hypervisor, host: Host): boolean {
  if (hypervisor === "embedded" && !host.exists(standInMachines(host))) return false;
  try {
    locateVBoxManage(hypervisor, host);
    return true;
  } catch {
    return false;
  }
}

function standInMachines({ environment }: Host): string {
  return placeAt(environment.KUBE_LAB_EMBEDDED_FOLDER || "/var/lib/kube-lab-embedded").registry.machines;
}

async function folderOfMachines(
  hypervisor: Hypervisor,
  stack: string,
  host: Host,
): Promise<string | undefined> {
  const vbox = openVBoxManage(hypervisor, host, logFor("hypervisor"));
  const known = parseMachineList(await vbox.call(["list", "vms"]));
  for (const machine of [...known.keys()].filter((name) => name.startsWith(`kube-lab-${stack}-`))) {
    const info = await inspect(vbox, machine);
    if (info && belongsTo(info, `/kube-lab/${stack}`, machine)) return path.dirname(machineFolder(info));
  }
  return undefined;
}

function freshToken(why: string): string {
  return `${utcSeconds(new Date())} ${why}`;
}
