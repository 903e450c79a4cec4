import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { VBoxManageError } from "../driver/errors";
import type { LabFolders } from "../driver/folders";
import type { VBoxManage } from "../driver/vboxmanage";
import type { MachineSpecification } from "../specification/machine";
import { settleDataDisk } from "./data-disk";
import { disksIn, removeLeftovers } from "./leftovers";

/** Linking a clone takes a second; a loaded disk some more. */
const CLONE_TIMEOUT_SECONDS = 300;

/** Whether what is in a machine's folder may hold what somebody wrote: disks, unless of a creation that came to no start. */
export async function mayHold(folder: string, creation: string): Promise<boolean> {
  return !existsSync(creation) && (await disksIn(folder)).length > 0;
}

export async function clone(
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
        throw new RemedyError(
          error.message,
          `The template ${wanted.image} is not there or has no snapshot: run again.`,
        );
      throw error;
    }
  });
}

/** From now until its first start a machine holds nothing that anybody would miss. */
export async function beginCreation(folders: LabFolders, machine: string): Promise<void> {
  await mkdir(folders.lab, { recursive: true, mode: 0o700 });
  await writeFile(folders.creation(machine), "", { mode: 0o600 });
}

/** What was written to a disk is nowhere else: whether it is still needed, only a person knows. */
async function refuseDisks(folder: string): Promise<void> {
  const disks = await disksIn(folder);
  throw new RemedyError(
    `${folder} holds disks of a machine that VirtualBox does not know, and no settings to register it by: ${disks.join(", ")}.`,
    "Move the folder away if they are not needed any more, and run again: the machine is recreated. Its data disk is kept apart.",
  );
}
