import type { LabPlan } from "../plan/lab-plan";
import { HypervisorError } from "./errors";
import { actualHardware, differences, type Hardware } from "./hardware";
import { type Host, thisHost } from "./host";
import { inspect } from "./inspect";
import { parseMachineList } from "./output";
import { logFor } from "./progress";
import { type MachineRecord, readRecord, readToken } from "./record";
import { openVBoxManage, type VBoxManage } from "./vboxmanage";

/** `unfinished`: it runs, but no ensure has come to its end. */
export type MachineState = "missing" | "stopped" | "running" | "unfinished";

/** What is there of one machine of the plan, or of the template. */
export interface Observation {
  state: MachineState;
  uuid?: string;
  /** The template it is a clone of, and what it was last given to run (plan/releases.ts); of a machine that runs. */
  image?: string;
  releases?: string;
  /** What it is made of, as the last ensure left it; of a machine that runs. */
  hardware?: Hardware;
  /** Properties changed by hand since the last ensure: `cpus`, `adapter 1`; `image` when it is a clone of another. */
  changed: string[];
  /**
   * The token for the machine's commands: the one stored in the machine if it runs as its last ensure left it, else a new
   * one that says why (`2026-11-21T04:33:10Z changed: cpus`), so that preview shows it and `up` brings it back.
   */
  incarnation: string;
}

/**
 * One quick look at reality, without effects: machine name → what is there; the template is in it by its own name.
 * @param image the template that the machines should be clones of; one of another counts as changed
 * @throws HypervisorError when there is no VBoxManage.
 */
export async function observe(
  plan: LabPlan,
  image: string,
  host: Host = thisHost(),
): Promise<Map<string, Observation>> {
  try {
    const vbox = openVBoxManage(plan.hypervisor, host, logFor("hypervisor"));
    return await observeWith(vbox, plan, image, new Date());
  } catch (error) {
    // A Pulumi program shows the message only.
    if (error instanceof HypervisorError) error.message += ` ${error.remedy}`;
    throw error;
  }
}

export async function observeWith(
  vbox: VBoxManage,
  plan: LabPlan,
  image: string,
  now: Date,
): Promise<Map<string, Observation>> {
  const known = parseMachineList(await vbox.call(["list", "vms"]));
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const machines = plan.machines.map(async ({ name, hypervisorName }): Promise<[string, Observation]> => {
    const uuid = known.get(hypervisorName);
    const found = uuid === undefined ? MISSING : await observeMachine(vbox, hypervisorName, image);
    return [name, observation(found, time)];
  });
  return new Map(await Promise.all([...machines, observeTemplate(vbox, image, known, time)]));
}

/** What is there of each machine, by its name: all that tells a person how a lab is. Without effects. */
export async function observeStates(
  vbox: VBoxManage,
  machines: readonly { name: string; hypervisorName: string }[],
): Promise<Map<string, MachineState>> {
  const known = parseMachineList(await vbox.call(["list", "vms"]));
  const states = machines.map(async ({ name, hypervisorName }): Promise<[string, MachineState]> => {
    const { state } = known.has(hypervisorName) ? await look(vbox, hypervisorName) : MISSING;
    return [name, state];
  });
  return new Map(await Promise.all(states));
}

function observation({ stored, ...found }: Found, time: string): Observation {
  const intact = found.state === "running" && found.changed.length === 0 ? stored : undefined;
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

async function observeMachine(vbox: VBoxManage, machine: string, image: string): Promise<Found> {
  const { state, info, record } = await look(vbox, machine);
  if (!info) return MISSING;
  const uuid = info.get("UUID") ?? "";
  if (!record) return { uuid, state, changed: [] };
  const { incarnation: stored, releases, hardware } = record;
  const changed = changedSince(record, info, image);
  return { uuid, state, image: record.image, ...(releases && { releases }), hardware, changed, stored };
}

interface Look {
  state: MachineState;
  info?: Map<string, string>;
  /** Of a running machine: what a stopped one is made of is the next ensure's business, which starts it anyway. */
  record?: MachineRecord;
}

async function look(vbox: VBoxManage, machine: string): Promise<Look> {
  const info = await inspect(vbox, machine);
  if (!info) return { state: "missing" };
  if (info.get("VMState") !== "running") return { state: "stopped", info };
  const record = await readRecord(info);
  return record ? { state: "running", info, record } : { state: "unfinished", info };
}

function changedSince(record: MachineRecord, info: Map<string, string>, image: string): string[] {
  return [
    ...differences(record.hardware, actualHardware(info)),
    ...(record.image === image ? [] : ["image"]),
  ];
}

function reason(found: Omit<Found, "stored">): string {
  return found.changed.length > 0 ? `changed: ${found.changed.join(", ")}` : found.state;
}
