import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { thisHost } from "../../lib/host";
import type { Log } from "../../lib/progress";
import { HypervisorError, VBoxManageError } from "../driver/errors";
import { foldersOf, type LabFolders, labFolders } from "../driver/folders";
import { belongsTo, groupsOf, inspect } from "../driver/inspect";
import type { VBoxManage } from "../driver/vboxmanage";
import { namedByVirtualBox } from "../network/host-adapters";
import type { MachineReference, MachineSpecification } from "../specification";
import { adapterOptions, forwardRule } from "./adapters";
import { ensureBundleVolume, isBundleVolume } from "./bundle-volume";
import { attachDataDisk, dataDiskSize, refuseShrink, releaseDataDisk, settleDataDisk } from "./data-disk";
import { diskPorts, honourFlushes } from "./flush";
import {
  actualHardware,
  adapterNumbers,
  attachedMedium,
  DATA_PORT,
  differences,
  forwardRules,
  ROOT_PORT,
  SEED_DRIVE,
  SEED_PORT,
  wantedHardware,
} from "./hardware";
import { disksIn, removeLeftovers } from "./leftovers";
import { ensureRunning, ensureStopped, isStopped, powerOff } from "./power";
import {
  isElsewhere,
  type MachineRecord,
  machineFolder,
  readRecord,
  removeRecord,
  writeRecord,
} from "./record";
import { registerAgain } from "./registration";

/** Linking a clone takes a second; a loaded disk some more. */
const CLONE_TIMEOUT_SECONDS = 300;

/** What `machine ensure` prints: the command's result. */
export interface MachineState {
  uuid: string;
  state: "running";
  /** When it was last started, `2026-11-21T04:33:10Z`; stays the same when it ran already. */
  started: string;
}

type Info = Map<string, string>;

/** A machine as it is before anything is done; `info` is empty for one just cloned. */
interface Found {
  info: Info;
  record: MachineRecord | undefined;
}

/** Asks the running machine to step aside before it is switched off; fails where it must not go. */
export type StepAside = () => Promise<void>;

/**
 * Makes the machine be there as specified and run: creates, changes in place or just starts it.
 * @param aside left out where nobody is to be asked
 */
export async function ensureMachine(
  vbox: VBoxManage,
  specification: MachineSpecification,
  log: Log,
  aside: StepAside = async () => {},
): Promise<MachineState> {
  const wanted = { ...specification, adapters: await namedByVirtualBox(vbox, specification.adapters) };
  const { info, folders } = await look(vbox, wanted, log);
  let found = info && (await reusable(vbox, wanted, info, folders, log, aside));
  const uuid = found?.info.get("UUID") ?? randomUUID();
  if (!found) {
    await clone(vbox, wanted, uuid, folders, log);
    found = { info: new Map(), record: undefined };
  }
  const state = await applyHardware(vbox, wanted, found, folders, log, aside);
  await honourFlushes(vbox, wanted.machine, found.record?.flushedPorts ?? [], diskPorts(wanted));
  await rm(folders.creation(wanted.machine), { force: true });
  const startedNow = await ensureRunning(vbox, wanted.machine, state, log);
  await ensureBundleVolume(vbox, wanted, found, folders, log);
  const started = (!startedNow && found.record?.started) || new Date().toISOString().replace(/\.\d+Z$/, "Z");
  await writeRecord(found.info.size > 0 ? machineFolder(found.info) : folders.machine(wanted.machine), {
    uuid,
    incarnation: wanted.incarnation,
    hostKey: wanted.hostKey,
    project: thisHost().project,
    image: wanted.image,
    hardware: wantedHardware(wanted),
    started,
    ...(wanted.dataDiskGiB === undefined ? {} : { dataDiskGiB: wanted.dataDiskGiB }),
    flushedPorts: diskPorts(wanted),
    ...(wanted.releases === undefined ? {} : { releases: wanted.releases }),
    ...(wanted.birth === undefined ? {} : { birth: wanted.birth }),
    ...(wanted.renewal === undefined ? {} : { renewal: wanted.renewal }),
  });
  return { uuid, state: "running", started };
}

/** Makes the machine and everything of it on disk be gone; content when it already is. */
export async function absentMachine(vbox: VBoxManage, reference: MachineReference, log: Log): Promise<void> {
  const { machine } = reference;
  // One that cannot be registered any more is given up: that it should go is what was asked for.
  const { info, folders } = await look(vbox, reference, log).catch(async (error: unknown) => {
    if (!(error instanceof HypervisorError) || (await inspect(vbox, machine))) throw error;
    log(error.message);
    return { info: undefined, folders: await labFolders(vbox, reference.group) };
  });
  if (info) {
    const ours = belongsTo(info, reference.group, machine);
    refuseForeign(reference, info, ours ? undefined : await readRecord(info));
    await remove(vbox, machine, info, folders, log);
  }
  const folder = folders.machine(machine);
  if (existsSync(folder))
    await vbox.exclusively("removing", async () => {
      await settleDataDisk(vbox, machine, folders);
      await removeLeftovers(vbox, folder, machine, log);
    });
  await rm(folders.creation(machine), { force: true });
}

/** The machine as it is, registered again where VirtualBox had forgotten it. */
async function look(
  vbox: VBoxManage,
  reference: MachineReference,
  log: Log,
): Promise<{ info: Info | undefined; folders: LabFolders }> {
  const { machine } = reference;
  const info = await inspect(vbox, machine);
  const folders = await foldersOf(vbox, reference, info);
  if (info) return { info, folders };
  const folder = folders.machine(machine);
  const registered = await registerAgain(vbox, folder, machine, log).catch(async (error: unknown) => {
    if (await mayHold(folder, folders.creation(machine))) throw error;
    return false;
  });
  return { info: registered ? await inspect(vbox, machine) : undefined, folders };
}

/** Whether what is in a machine's folder may hold what somebody wrote: disks, unless of a creation that came to no start. */
async function mayHold(folder: string, creation: string): Promise<boolean> {
  return !existsSync(creation) && (await disksIn(folder)).length > 0;
}

/** The machine if it can be kept and changed; one of another image or without its root disk is removed. */
async function reusable(
  vbox: VBoxManage,
  wanted: MachineSpecification,
  info: Info,
  folders: LabFolders,
  log: Log,
  aside: StepAside,
): Promise<Found | undefined> {
  const record = await readRecord(info);
  refuseForeign(wanted, info, record);
  refuseNamesake(wanted, record);
  const reason =
    record && record.image !== wanted.image
      ? `its image is ${record.image}`
      : attachedMedium(info, ROOT_PORT) === undefined
        ? "its root disk is gone"
        : undefined;
  if (reason === undefined) return { info, record };
  log(`${reason}: making it anew`);
  if (!isStopped(info.get("VMState") ?? "")) await aside();
  await beginCreation(folders, wanted.machine);
  await remove(vbox, wanted.machine, info, folders, log);
  return undefined;
}

/** A machine that is neither where this lab's are nor carries our record is never touched. */
function refuseForeign(reference: MachineReference, info: Info, record: MachineRecord | undefined): void {
  if (belongsTo(info, reference.group, reference.machine) || record) return;
  throw new HypervisorError(
    `A machine named ${reference.machine} is there that is not of this lab: its group is ${groupsOf(info).join(", ")}.`,
    `Rename it or remove it in VirtualBox, or move it into the group ${reference.group} if it is this lab's after all.`,
  );
}

/** The machine of another lab with the same name: that of another checkout, or of one whose state is lost. */
function refuseNamesake({ machine, hostKey }: MachineSpecification, record: MachineRecord | undefined): void {
  if (record === undefined || record.hostKey === hostKey) return;
  const { project } = record;
  throw new HypervisorError(
    `The machine ${machine} is of another lab of this name, made from ${project}: its host key is not this one's.`,
    isElsewhere(record)
      ? `Take that lab down (\`npm run down\` in ${project}), or use another stack name here.`
      : "Nobody has that lab's keys any more: `npm run down` removes its machines.",
  );
}

async function clone(
  vbox: VBoxManage,
  wanted: MachineSpecification,
  uuid: string,
  folders: LabFolders,
  log: Log,
): Promise<void> {
  const folder = folders.machine(wanted.machine);
  const creation = folders.creation(wanted.machine);
  await vbox.exclusively("cloning", async () => {
    if (existsSync(folder)) {
      await settleDataDisk(vbox, wanted.machine, folders);
      if (await mayHold(folder, creation)) await refuseDisks(folder);
      await removeLeftovers(vbox, folder, wanted.machine, log);
    }
    await beginCreation(folders, wanted.machine);
    log(`cloning ${wanted.image}`);
    const source = ["clonevm", wanted.image, "--snapshot", "base", "--options", "Link"];
    const target = ["--name", wanted.machine, "--groups", wanted.group, "--uuid", uuid, "--register"];
    try {
      await vbox.call([...source, ...target], CLONE_TIMEOUT_SECONDS);
    } catch (error) {
      if (error instanceof VBoxManageError && error.isNotFound)
        throw new HypervisorError(
          error.message,
          `The template ${wanted.image} is not there or has no snapshot: run again.`,
        );
      throw error;
    }
  });
}

/** From now until its first start a machine holds nothing that anybody would miss. */
async function beginCreation(folders: LabFolders, machine: string): Promise<void> {
  await mkdir(folders.lab, { recursive: true, mode: 0o700 });
  await writeFile(folders.creation(machine), "", { mode: 0o600 });
}

/** What was written to a disk is nowhere else: whether it is still needed, only a person knows. */
async function refuseDisks(folder: string): Promise<void> {
  const disks = await disksIn(folder);
  throw new HypervisorError(
    `${folder} holds disks of a machine that VirtualBox does not know, and no settings to register it by: ${disks.join(", ")}.`,
    "Move the folder away if they are not needed any more, and run again: the machine is made anew. Its data disk is kept apart.",
  );
}

/**
 * Sets what differs. Only forwards can change while the machine runs; for the rest it is stopped cleanly.
 * @returns the machine's state afterwards
 */
async function applyHardware(
  vbox: VBoxManage,
  wanted: MachineSpecification,
  { info, record }: Found,
  folders: LabFolders,
  log: Log,
  aside: StepAside,
): Promise<string> {
  const state = info.get("VMState") ?? "poweroff";
  const changes = differences(info.size > 0 ? actualHardware(info) : {}, wantedHardware(wanted));
  const disk = attachedMedium(info, DATA_PORT);
  const resize =
    disk !== undefined && !changes.includes("data disk") && (await hasOtherSize(vbox, disk, wanted, record));
  const all = resize ? [...changes, "data disk"] : changes;
  if (info.size > 0 && all.length > 0) log(`changing ${all.join(", ")}`);
  if (!isStopped(state) && all.every((key) => key.startsWith("forward "))) {
    if (all.length > 0) await changeForwards(vbox, wanted, info);
    return state;
  }
  if (!isStopped(state)) await aside();
  const stopped = all.length > 0 ? await ensureStopped(vbox, wanted.machine, state, log) : state;
  if (all.some((key) => key !== "data disk"))
    await modify(vbox, wanted, modifyOptions(wanted, info, vbox.platform));
  if (all.includes("data disk")) await attachDataDisk(vbox, wanted, disk, folders, log);
  await attachSeed(vbox, wanted.machine, info, folders);
  return stopped;
}

/** An adapter that was no NAT for a while keeps its rules, but showvminfo does not show them: they are in the way. */
async function modify(vbox: VBoxManage, wanted: MachineSpecification, options: string[]): Promise<void> {
  const call = ["modifyvm", wanted.machine, ...options];
  try {
    await vbox.call(call);
  } catch (error) {
    if (!(error instanceof VBoxManageError && error.isAlreadyThere) || wanted.forwards.length === 0)
      throw error;
    for (const { name } of wanted.forwards)
      await vbox
        .call(["modifyvm", wanted.machine, `--natpf${natNumber(wanted)}`, "delete", name])
        .catch(() => undefined);
    await vbox.call(call);
  }
}

/** All hardware in one call: processors, memory, adapters, forwards. */
function modifyOptions(wanted: MachineSpecification, info: Info, platform: NodeJS.Platform): string[] {
  const surplus = adapterNumbers(info).filter((number) => number > wanted.adapters.length);
  const nat = natNumber(wanted);
  const forwards =
    nat === 0 ? [] : wanted.forwards.flatMap((forward) => [`--natpf${nat}`, forwardRule(forward)]);
  return [
    // A clone has its template's group and description.
    ...[
      "--groups",
      wanted.group,
      "--description",
      `A machine of kube-lab's lab ${wanted.group}, made from ${wanted.image}`,
    ],
    "--cpus",
    String(wanted.cpus),
    "--memory",
    String(wanted.memoryMiB),
    ...oldForwards(info).flatMap(({ adapter, name }) => [`--natpf${adapter}`, "delete", name]),
    ...wanted.adapters.flatMap((adapter, index) => adapterOptions(index + 1, adapter, platform)),
    ...forwards,
    ...surplus.flatMap((number) => [`--nic${number}`, "none"]),
  ];
}

/** Without a record, of a creation that was interrupted, the disk itself is asked: a running machine is not stopped for nothing. */
async function hasOtherSize(
  vbox: VBoxManage,
  disk: string,
  wanted: MachineSpecification,
  record: MachineRecord | undefined,
): Promise<boolean> {
  const size = record?.dataDiskGiB ?? (await dataDiskSize(vbox, disk));
  // Before it is stopped for a change that cannot be made.
  if (wanted.dataDiskGiB !== undefined) refuseShrink(wanted.machine, size, wanted.dataDiskGiB);
  return size !== wanted.dataDiskGiB;
}

async function changeForwards(vbox: VBoxManage, wanted: MachineSpecification, info: Info): Promise<void> {
  for (const { adapter, name } of oldForwards(info))
    await vbox.call(["controlvm", wanted.machine, `natpf${adapter}`, "delete", name]);
  for (const forward of wanted.forwards)
    await vbox.call(["controlvm", wanted.machine, `natpf${natNumber(wanted)}`, forwardRule(forward)]);
}

/** Number of the adapter that carries the forwards; 0 when there is none. */
function natNumber(wanted: MachineSpecification): number {
  return wanted.adapters.findIndex((adapter) => adapter.kind === "nat") + 1;
}

function oldForwards(info: Info): { adapter: number; name: string }[] {
  const adapter = adapterNumbers(info).find((number) => info.get(`nic${number}`) === "nat");
  if (adapter === undefined) return [];
  return forwardRules(info).map((rule) => ({ adapter, name: rule.split(",")[0] ?? "" }));
}

/** Gives a stopped machine its seed, when there is one: a boot without it must not be the first. */
async function attachSeed(vbox: VBoxManage, machine: string, info: Info, folders: LabFolders): Promise<void> {
  const seed = folders.seed(machine);
  const attached = attachedMedium(info, SEED_PORT);
  if (isBundleVolume(folders, attached) && existsSync(attached)) return;
  if (existsSync(seed) ? attached === seed : attached === undefined) return;
  // A drive whose ISO is gone would keep the machine from starting.
  await vbox.call([
    "storageattach",
    machine,
    ...SEED_DRIVE,
    "--medium",
    existsSync(seed) ? seed : "emptydrive",
  ]);
}

async function remove(
  vbox: VBoxManage,
  machine: string,
  info: Info,
  folders: LabFolders,
  log: Log,
): Promise<void> {
  await powerOff(vbox, machine, info.get("VMState") ?? "", log);
  log("removing");
  await removeRecord(machineFolder(info));
  await releaseDataDisk(vbox, machine, info, folders, log);
  // Never --delete-all: that removes every attached medium, ISOs and shared ones included.
  await vbox.exclusively("removing", () => vbox.callIfThere(["unregistervm", machine, "--delete"]));
  await settleDataDisk(vbox, machine, folders);
}
