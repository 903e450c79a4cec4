import { existsSync } from "node:fs";
import { HypervisorError, VBoxManageError } from "./errors";
import type { LabFolders } from "./folders";
import { CONTROLLER, DATA_PORT } from "./hardware";
import { forget } from "./leftovers";
import { parseCapacityMiB } from "./output";
import type { Log } from "./progress";
import type { MachineSpecification } from "./specification";
import type { VBoxManage } from "./vboxmanage";

const MIB_PER_GIB = 1024;

/**
 * Makes a stopped machine's data disk be there with its size, or be gone. Grows in place; never shrinks, since that would
 * lose what is on it.
 * @param attached file of the disk that is attached now
 */
export async function ensureDataDisk(
  vbox: VBoxManage,
  wanted: MachineSpecification,
  attached: string | undefined,
  folders: LabFolders,
  log: Log,
): Promise<void> {
  if (wanted.dataDiskGiB === undefined) {
    if (attached !== undefined) await removeDataDisk(vbox, wanted.machine, attached, log);
    return;
  }
  const size = wanted.dataDiskGiB;
  if (attached !== undefined) {
    await grow(vbox, wanted.machine, attached, size, log);
    return;
  }
  const file = folders.dataDisk(wanted.machine);
  await vbox.exclusively("its data disk", async () => {
    if (existsSync(file)) {
      // A creation was interrupted between making and attaching it: nothing has been written to it.
      await grow(vbox, wanted.machine, file, size, log);
    } else {
      await create(vbox, file, size);
    }
    await attach(vbox, wanted.machine, file);
  });
}

async function create(vbox: VBoxManage, file: string, size: number): Promise<void> {
  const format = ["--format", "VDI", "--variant", "Standard"];
  const call = ["createmedium", "disk", "--filename", file, "--size", mebibytes(size), ...format];
  try {
    await vbox.call(call);
  } catch (error) {
    if (!(error instanceof VBoxManageError && error.isAlreadyThere)) throw error;
    // The file is gone and VirtualBox still remembers it.
    await forget(vbox, "disk", file);
    await vbox.call(call);
  }
}

function mebibytes(gibibytes: number): string {
  return String(gibibytes * MIB_PER_GIB);
}

/** @throws HypervisorError when a disk of `current` GiB should become smaller */
export function refuseShrink(machine: string, current: number, wanted: number): void {
  if (current <= wanted) return;
  throw new HypervisorError(
    `The data disk of ${machine} has ${current} GiB and cannot shrink to ${wanted} GiB.`,
    `Keep ${Math.ceil(current)} GiB, or have the machine made anew: npm run up -- --replace with its URN.`,
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

async function removeDataDisk(vbox: VBoxManage, machine: string, file: string, log: Log): Promise<void> {
  log("removing its data disk");
  await attach(vbox, machine, "none");
  await vbox.exclusively("its data disk", () => vbox.call(["closemedium", "disk", file, "--delete"]));
}

async function attach(vbox: VBoxManage, machine: string, medium: string): Promise<void> {
  const place = ["--storagectl", CONTROLLER, "--port", String(DATA_PORT), "--device", "0"];
  await vbox.call(["storageattach", machine, ...place, "--type", "hdd", "--medium", medium]);
}
