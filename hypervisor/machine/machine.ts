import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { thisHost } from "../../lib/host";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { utcSeconds } from "../../lib/utc";
import { foldersOf, type LabFolders, labFolders } from "../driver/folders";
import { belongsTo, inspect } from "../driver/inspect";
import type { VBoxManage } from "../driver/vboxmanage";
import { namedByVirtualBox } from "../network/host-adapters";
import type { MachineReference } from "../specification/lab";
import type { MachineSpecification } from "../specification/machine";
import { ensureBundleVolume } from "./bundle-volume";
import { beginCreation, clone, mayHold } from "./clone";
import { releaseDataDisk, settleDataDisk } from "./data-disk";
import { diskPorts, honourFlushes } from "./flush";
import type { Found, Info } from "./found";
import { attachedMedium, ROOT_PORT, wantedHardware } from "./hardware";
import { applyHardware, type StepAside } from "./hardware-change";
import { removeLeftovers } from "./leftovers";
import { refuseForeign, refuseNamesake } from "./ownership";
import { ensureRunning, isStopped, powerOff } from "./power";
import { machineFolder, readRecord, removeRecord, writeRecord } from "./record";
import { registerAgain } from "./registration";

/** What `machine ensure` prints: the command's result. */
export interface EnsuredMachine {
  uuid: string;
  /** `made`: it is off until a person starts it. */
  state: "running" | "made";
  /** When it was last started, `2026-11-21T04:33:10Z`; stays the same when it ran already. Empty where it never was. */
  started: string;
}

/**
 * Makes the machine be there as specified and run: creates, changes in place or just starts it. One that is not to be started stays
 * off where it is.
 * @param aside left out where nobody is to be asked
 */
export async function ensureMachine(
  vbox: VBoxManage,
  specification: MachineSpecification,
  log: Log,
  aside: StepAside = async () => {},
): Promise<EnsuredMachine> {
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
  const waits = wanted.autoStart === false && isStopped(state);
  const startedNow = !waits && (await ensureRunning(vbox, wanted.machine, state, log));
  if (!waits) await ensureBundleVolume(vbox, wanted, found, folders, log);
  const started = waits ? "" : (!startedNow && found.record?.started) || utcSeconds(new Date());
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
  return { uuid, state: waits ? "made" : "running", started };
}

/** Makes the machine and everything of it on disk be gone; content when it already is. */
export async function absentMachine(vbox: VBoxManage, reference: MachineReference, log: Log): Promise<void> {
  const { machine } = reference;
  // One that cannot be registered any more is given up: that it should go is what was asked for.
  const { info, folders } = await look(vbox, reference, log).catch(async (error: unknown) => {
    if (!(error instanceof RemedyError) || (await inspect(vbox, machine))) throw error;
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
  log(`${reason}: recreating it`);
  if (!isStopped(info.get("VMState") ?? "")) await aside();
  await beginCreation(folders, wanted.machine);
  await remove(vbox, wanted.machine, info, folders, log);
  return undefined;
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
