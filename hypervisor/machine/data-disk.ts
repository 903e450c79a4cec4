import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { type Log, withProgress } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { VBoxManageError } from "../driver/errors";
import { foldersOf, type LabFolders, labFolders } from "../driver/folders";
import { inspect } from "../driver/inspect";
import { parseCapacityMiB } from "../driver/output";
import type { VBoxManage } from "../driver/vboxmanage";
import type { MachineReference } from "../specification/lab";
import type { DataDiskSpecification } from "../specification/machine";
import { attachedMedium, CONTROLLER, DATA_PORT } from "./hardware";
import { forget, removeIfEmpty } from "./leftovers";
import { registerAgain } from "./registration";

const MIB_PER_GIB = 1024;
/** Copying what is on a disk, of a machine with snapshots. */
const COPY_TIMEOUT_SECONDS = 7200;

/**
 * `disk ensure`: makes a machine's data disk be there before its machine. One that is attached is left to `machine ensure`,
 * which grows it when it is the machine's turn to be stopped.
 * @throws RemedyError when it should shrink, before anything is touched.
 */
export async function ensureDataDisk(
  vbox: VBoxManage,
  wanted: DataDiskSpecification,
  log: Log,
): Promise<void> {
  let info = await inspect(vbox, wanted.machine);
  const folders = await foldersOf(vbox, wanted, info);
  // A machine that VirtualBox has forgotten may have the disk, too.
  if (!info && (await registerAgain(vbox, folders.machine(wanted.machine), wanted.machine, log)))
    info = await inspect(vbox, wanted.machine);
  const attached = info && attachedMedium(info, DATA_PORT);
  if (attached !== undefined) {
    refuseShrink(wanted.machine, await dataDiskSize(vbox, attached), wanted.dataDiskGiB);
    return;
  }
  await makeDataDisk(vbox, wanted.machine, wanted.dataDiskGiB, folders, log);
}

/** `disk absent`: deletes a machine's data disk; its machine is gone. Content when it already is. */
export async function absentDataDisk(vbox: VBoxManage, reference: MachineReference, log: Log): Promise<void> {
  const info = await inspect(vbox, reference.machine);
  if (info && attachedMedium(info, DATA_PORT) !== undefined)
    throw new RemedyError(
      `The data disk of ${reference.machine} cannot be deleted: the machine is there and uses it.`,
      `Remove the machine first: pulumi destroy with the URN of its hardware.`,
    );
  const folders = await labFolders(vbox, reference.group);
  const { machine } = reference;
  const former = info ? [] : [folders.formerDataDisk(machine)];
  const files = [
    folders.dataDisk(machine),
    keptCopy(folders, machine),
    partialCopy(folders, machine),
    ...former,
  ];
  for (const file of files.filter((each) => existsSync(each))) {
    log("deleting its data disk");
    await vbox.exclusively("its data disk", () => deleteDisk(vbox, file));
  }
  await removeIfEmpty(folders.disks);
}

/** Deletes what is left of a lab's data disks when the whole lab has gone; those of machines that are there stay. */
export async function removeDataDisks(vbox: VBoxManage, folders: LabFolders, log: Log): Promise<void> {
  const disks = (await readdir(folders.disks).catch((): string[] => [])).filter((entry) =>
    entry.endsWith(".vdi"),
  );
  for (const disk of disks) {
    log(`deleting the data disk ${disk}`);
    await vbox.exclusively("a data disk", async () => {
      try {
        await deleteDisk(vbox, path.join(folders.disks, disk));
      } catch (error) {
        if (!(error instanceof VBoxManageError && error.isInUse)) throw error;
        log(`it is of a machine that is there, and stays: ${error.message}`);
      }
    });
  }
  await removeIfEmpty(folders.disks);
}

/** Makes a data disk that is not attached be there with its size: the one that there is, wherever it was kept, or a new one. */
async function makeDataDisk(
  vbox: VBoxManage,
  machine: string,
  size: number,
  folders: LabFolders,
  log: Log,
): Promise<string> {
  const file = folders.dataDisk(machine);
  await vbox.exclusively("its data disk", async () => {
    await mkdir(folders.disks, { recursive: true, mode: 0o700 });
    await settleDataDisk(vbox, machine, folders);
    if (existsSync(file)) {
      await grow(vbox, machine, file, size, log);
    } else {
      log(`making its data disk of ${size} GiB`);
      await create(vbox, file, size);
    }
  });
  return file;
}

/**
 * Makes a stopped machine have its data disk attached with its size, or none. Grows in place; never shrinks, since that would
 * lose what is on it. The disk of a machine that shall have none any more stays, for `disk absent`.
 * @param attached file of the disk that is attached now
 */
export async function attachDataDisk(
  vbox: VBoxManage,
  { machine, dataDiskGiB }: Pick<MachineReference, "machine"> & { dataDiskGiB?: number },
  attached: string | undefined,
  folders: LabFolders,
  log: Log,
): Promise<void> {
  if (dataDiskGiB === undefined) {
    if (attached !== undefined) {
      log("detaching its data disk");
      await attach(vbox, machine, "none");
      await forget(vbox, "disk", attached);
    }
    return;
  }
  if (attached !== undefined) {
    await grow(vbox, machine, attached, dataDiskGiB, log);
    return;
  }
  await attach(vbox, machine, await makeDataDisk(vbox, machine, dataDiskGiB, folders, log));
}

/**
 * Takes its data disk out of a machine that is off and about to be removed, since VirtualBox deletes every disk that is attached
 * then. Whatever call is the last before a crash, the disk is a file afterwards that the next run finds.
 * @param info of `showvminfo`
 */
export async function releaseDataDisk(
  vbox: VBoxManage,
  machine: string,
  info: Map<string, string>,
  folders: LabFolders,
  log: Log,
): Promise<void> {
  const attached = attachedMedium(info, DATA_PORT);
  await vbox.exclusively("its data disk", async () => {
    if (attached !== undefined && info.has("SnapshotName")) {
      await copyOut(vbox, machine, attached, folders, log);
      return;
    }
    await rm(keptCopy(folders, machine), { force: true });
    if (attached !== undefined) {
      log("keeping its data disk");
      await attach(vbox, machine, "none");
      await forget(vbox, "disk", attached);
    }
    await settleDataDisk(vbox, machine, folders);
  });
}

/**
 * Brings what is kept of a machine's data disk, which is attached nowhere, to its place: from its machine's folder, or the copy
 * that was made of it before a machine with snapshots was removed.
 */
export async function settleDataDisk(vbox: VBoxManage, machine: string, folders: LabFolders): Promise<void> {
  const file = folders.dataDisk(machine);
  const kept = keptCopy(folders, machine);
  if (existsSync(kept)) await rename(kept, file);
  const former = folders.formerDataDisk(machine);
  if (!existsSync(former)) return;
  if (existsSync(file))
    throw new RemedyError(
      `There are two data disks of ${machine}: ${file} and ${former}.`,
      "Move the one that is not needed away, and run again.",
    );
  await forget(vbox, "disk", former);
  await mkdir(folders.disks, { recursive: true, mode: 0o700 });
  await rename(former, file);
}

/** With snapshots the disk is several files, all of which go with the machine: what they are together is copied beside them. */
async function copyOut(
  vbox: VBoxManage,
  machine: string,
  attached: string,
  folders: LabFolders,
  log: Log,
): Promise<void> {
  const partial = partialCopy(folders, machine);
  await mkdir(folders.disks, { recursive: true, mode: 0o700 });
  if (existsSync(partial)) await deleteDisk(vbox, partial);
  await withProgress(log, "copying its data disk out of its snapshots", () =>
    vbox.call(["clonemedium", "disk", attached, partial, "--format", "VDI"], COPY_TIMEOUT_SECONDS),
  );
  await forget(vbox, "disk", partial);
  await rename(partial, keptCopy(folders, machine));
}

function keptCopy(folders: LabFolders, machine: string): string {
  return path.join(folders.disks, `${machine}-data.kept.vdi`);
}

function partialCopy(folders: LabFolders, machine: string): string {
  return path.join(folders.disks, `${machine}-data.partial.vdi`);
}

async function deleteDisk(vbox: VBoxManage, file: string): Promise<void> {
  try {
    await vbox.call(["closemedium", "disk", file, "--delete"]);
  } catch (error) {
    const unknown = error instanceof VBoxManageError && (error.isNotFound || error.code.startsWith("VERR_"));
    if (!unknown) throw error;
  }
  await rm(file, { force: true });
}

async function create(vbox: VBoxManage, file: string, size: number): Promise<void> {
  const format = ["--format", "VDI", "--variant", "Standard"];
  const call = ["createmedium", "disk", "--filename", file, "--size", mebibytes(size), ...format];
  try {
    await vbox.call(call);
  } catch (error) {
    if (!(error instanceof VBoxManageError && error.isAlreadyThere)) throw error;
    // The file is gone and VirtualBox still remembers it; what it has begun meanwhile is in the way of the next attempt.
    await forget(vbox, "disk", file);
    await rm(file, { force: true });
    await vbox.call(call);
  }
}

function mebibytes(gibibytes: number): string {
  return String(gibibytes * MIB_PER_GIB);
}

/** @throws RemedyError when a disk of `current` GiB should become smaller */
export function refuseShrink(machine: string, current: number, wanted: number): void {
  if (current <= wanted) return;
  throw new RemedyError(
    `The data disk of ${machine} has ${current} GiB and cannot shrink to ${wanted} GiB.`,
    `Keep ${Math.ceil(current)} GiB: a data disk outlives its machine.`,
  );
}

/** Size of a disk in GiB. */
export async function dataDiskSize(vbox: VBoxManage, file: string): Promise<number> {
  return (parseCapacityMiB(await vbox.call(["showmediuminfo", "disk", file])) ?? 0) / MIB_PER_GIB;
}

/** In bytes: a thousand times the size and more is refused in megabytes, as a likely mistake. */
export function resizeCall(file: string, gibibytes: number): string[] {
  return ["modifymedium", "disk", file, "--resizebyte", String(gibibytes * 2 ** 30)];
}

async function grow(vbox: VBoxManage, machine: string, file: string, size: number, log: Log): Promise<void> {
  const current = await dataDiskSize(vbox, file);
  if (current === size) return;
  refuseShrink(machine, current, size);
  log(`growing its data disk from ${current} to ${size} GiB`);
  await vbox.call(resizeCall(file, size));
}

async function attach(vbox: VBoxManage, machine: string, medium: string): Promise<void> {
  const place = ["--storagectl", CONTROLLER, "--port", String(DATA_PORT), "--device", "0"];
  await vbox.call(["storageattach", machine, ...place, "--type", "hdd", "--medium", medium]);
}
