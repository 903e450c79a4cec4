import { existsSync } from "node:fs";
import path from "node:path";
import { type Host, thisHost } from "../../lib/host";
import { logFor } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { utcSeconds } from "../../lib/utc";
import type { LabPlan } from "../../plan/lab-plan";
import { inspect } from "../driver/inspect";
import { parseMachineList } from "../driver/output";
import { openVBoxManage, type VBoxManage } from "../driver/vboxmanage";
import { isNamedAsVolume } from "../machine/bundle-volume";
import { actualHardware, attachedMedium, differences, SEED_PORT } from "../machine/hardware";
import { type MachineRecord, readRecord, readRecordIn, readToken } from "../machine/record";
import { labelOf, shortName } from "../specification/lab";
import { addInside, lookInside } from "./inside";
import type { Observation, ObservedState } from "./observation";

/** What machines are clones of. */
export interface ImageChoice {
  /** Name of the template for those that are made; absent while set-up has made none. */
  template?: string;
  /** Whether a machine that was made from another template, and as what by plan/birth.ts, may stay what it is. */
  keeps: (born: Pick<MachineRecord, "image" | "birth">) => boolean;
}

/**
 * One quick look at reality, without effects: machine name → what is there; the templates, that of the choice and those that
 * machines are clones of, are in it by their own names.
 * @param folder the lab's own, where the project knows it: of machines whose files alone are there
 * @param lookBoundMilliseconds for the look inside
 * @throws RemedyError when there is no VBoxManage.
 */
export async function observe(
  plan: LabPlan,
  choice: ImageChoice,
  folder: string | undefined,
  lookBoundMilliseconds: number,
  host: Host = thisHost(),
): Promise<Map<string, Observation>> {
  try {
    const vbox = openVBoxManage(plan.hypervisor, host, logFor("hypervisor"));
    // Begins first: the machines answer while the hypervisor does.
    const look = lookInside(plan, host, lookBoundMilliseconds);
    const observed = await observeWith(vbox, plan, choice, folder, new Date());
    await addInside(observed, look);
    return observed;
  } catch (error) {
    // A Pulumi program shows the message only.
    if (error instanceof RemedyError) error.message += ` ${error.remedy}`;
    throw error;
  }
}

export async function observeWith(
  vbox: VBoxManage,
  plan: LabPlan,
  choice: ImageChoice,
  folder: string | undefined,
  now: Date,
): Promise<Map<string, Observation>> {
  const known = parseMachineList(await vbox.call(["list", "vms"]));
  const time = utcSeconds(now);
  const machines = plan.machines.map(async ({ name, hypervisorName }): Promise<[string, Observation]> => {
    const found = known.has(hypervisorName)
      ? await observeMachine(vbox, hypervisorName, choice)
      : await observeFiles(folder, hypervisorName, choice);
    return [name, observation(found, time)];
  });
  const ofNew = choice.template === undefined ? [] : [choice.template];
  const templates = ofNew.map((image) => observeTemplate(vbox, image, known, time));
  const living = await Promise.all(machines);
  const images = new Set(living.flatMap(([, { image }]) => (image === undefined ? [] : [image])));
  const others = [...images]
    .filter((image) => image !== choice.template)
    .map((image) => observeTemplate(vbox, image, known, time));
  const surplus = surplusOf(plan, known, folder).map((name): [string, Observation] => [
    name,
    { state: "surplus", changed: [], incarnation: "" },
  ]);
  return new Map([...living, ...surplus, ...(await Promise.all([...templates, ...others]))]);
}

/** Machines in the lab's folder that the plan does not have, by their short names. */
function surplusOf(
  { group, machines }: LabPlan,
  known: ReadonlyMap<string, string>,
  folder: string | undefined,
): string[] {
  if (folder === undefined) return [];
  const planned = new Set(machines.map(({ hypervisorName }) => hypervisorName));
  return [...known.keys()]
    .filter((machine) => machine.startsWith(`${labelOf(group)}-`) && !planned.has(machine))
    .filter((machine) => existsSync(path.join(folder, machine)))
    .map((machine) => shortName({ machine, group }));
}

/** What is there of each machine, by its name: all that tells a person how a lab is. Without effects. */
export async function observeStates(
  vbox: VBoxManage,
  machines: readonly { name: string; hypervisorName: string }[],
): Promise<Map<string, ObservedState>> {
  const known = parseMachineList(await vbox.call(["list", "vms"]));
  const states = machines.map(async ({ name, hypervisorName }): Promise<[string, ObservedState]> => {
    return [name, known.has(hypervisorName) ? (await look(vbox, hypervisorName)).state : "missing"];
  });
  return new Map(await Promise.all(states));
}

function observation({ stored, ...found }: Found, time: string): Observation {
  const isLeft = found.state === "running" || found.state === "made";
  const intact = isLeft && found.changed.length === 0 ? stored : undefined;
  return { ...found, incarnation: intact ?? `${time} ${reason(found)}` };
}

/** A template never runs: it is there with its token, or not. */
async function observeTemplate(
  vbox: VBoxManage,
  image: string,
  known: Map<string, string>,
  time: string,
): Promise<[string, Observation]> {
  const uuid = known.get(image);
  if (uuid === undefined) return [image, observation(MISSING, time)];
  const token = await readToken(vbox, image);
  if (token === undefined) return [image, observation({ uuid, state: "unfinished", changed: [] }, time)];
  return [image, { uuid, state: "stopped", changed: [], incarnation: token }];
}

type Found = Omit<Observation, "incarnation"> & { stored?: string };

const MISSING: Found = { state: "missing", changed: [] };

async function observeMachine(vbox: VBoxManage, machine: string, choice: ImageChoice): Promise<Found> {
  const { state, info, record } = await look(vbox, machine);
  if (!info) return MISSING;
  const uuid = info.get("UUID") ?? "";
  if (!record) return { uuid, state, changed: [] };
  const origin = originOf(record, choice);
  if (state === "stopped") return { uuid, state, ...origin };
  const { incarnation: stored, hardware } = record;
  if (state === "made") return { uuid, state, ...origin, stored };
  const changed = [...differences(hardware, actualHardware(info)), ...origin.changed];
  const volume = isNamedAsVolume(attachedMedium(info, SEED_PORT) ?? "");
  return { uuid, state, ...origin, ...(volume && { volume }), hardware, changed, stored };
}

/** A machine that the hypervisor does not know; the next ensure registers it again where its files are there. */
async function observeFiles(
  folder: string | undefined,
  machine: string,
  choice: ImageChoice,
): Promise<Found> {
  if (folder === undefined) return MISSING;
  const own = path.join(folder, machine);
  // Without its settings it is not registered again, but made: a record alone is what a removal has left.
  const record = existsSync(path.join(own, `${machine}.vbox`)) ? await readRecordIn(own) : undefined;
  return record === undefined ? MISSING : { state: "missing", ...originOf(record, choice) };
}

function originOf(record: MachineRecord, { template, keeps }: ImageChoice) {
  const { image, renew, releases } = record;
  const renewal = renew ?? record.renewal;
  const kept = image === template || keeps(record);
  const changed = [...(kept ? [] : ["image"]), ...(renew === undefined ? [] : ["renewal"])];
  return { image, ...(releases && { releases }), ...(renewal === undefined ? {} : { renewal }), changed };
}

interface Look {
  state: ObservedState;
  info?: Map<string, string>;
  record?: MachineRecord;
}

async function look(vbox: VBoxManage, machine: string): Promise<Look> {
  const info = await inspect(vbox, machine);
  if (!info) return { state: "missing" };
  const record = await readRecord(info);
  if (info.get("VMState") !== "running")
    return { state: record?.started === "" ? "made" : "stopped", info, ...(record && { record }) };
  return record ? { state: "running", info, record } : { state: "unfinished", info };
}

function reason(found: Omit<Found, "stored">): string {
  return found.changed.length > 0 ? `changed: ${found.changed.join(", ")}` : found.state;
}
