import { lstat, readdir, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { isUnfinished } from "../../lib/atomic-file";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { VBoxManageError } from "../driver/errors";
import { parseBlocks, parseMachineList } from "../driver/output";
import type { VBoxManage } from "../driver/vboxmanage";
import { RECORD_FILE } from "./record";
import { uuidIn } from "./registration";

/**
 * Removes what a machine that the hypervisor no longer knows has left on disk: the next clone of that name would fail with
 * VERR_ALREADY_EXISTS. Removes only what VirtualBox or we put there; anything else stays and is told.
 * @returns whether there was something.
 * @throws RemedyError when the folder is that of a machine which is registered under another name, or has foreign files.
 */
export async function removeLeftovers(
  vbox: VBoxManage,
  folder: string,
  machine: string,
  log: Log,
): Promise<boolean> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!entries) return false;
  await refuseLivingMachine(vbox, folder, entries);
  const foreign = entries.filter((entry) => !isOurs(entry, machine));
  if (foreign.length > 0)
    throw new RemedyError(
      `${folder} is left from before and holds files that are not this lab's: ${foreign.join(", ")}.`,
      "Move them away, or remove the folder.",
    );
  log(`removing what an earlier machine of this name left in ${folder}`);
  await closeMedia(vbox, folder);
  for (const entry of entries) await rm(path.join(folder, entry), { recursive: true, force: true });
  await rmdir(folder);
  return true;
}

/** Files that VirtualBox writes for a machine; never a data disk. Source: VirtualBox's manual, "Where files are stored". */
function isOurs(entry: string, machine: string): boolean {
  return (
    [
      "Logs",
      "Snapshots",
      RECORD_FILE,
      `${machine}.vbox`,
      `${machine}.vbox-prev`,
      `${machine}.vbox-tmp`,
      `${machine}.nvram`,
    ].includes(entry) ||
    isUnfinished(entry, RECORD_FILE) ||
    new RegExp(`^${machine.replaceAll(".", "\\.")}(?:-disk\\d+)?\\.(?:vdi|partial\\.vdi)$`).test(entry) ||
    /^(?:root(?:\.partial)?\.vdi|preparation\.log|\.preparation-\w+)$/.test(entry)
  );
}

/**
 * Disks that an earlier machine of this name has left, whose content nobody else has.
 * @param folder the machine's own, without its data disk
 */
export async function disksIn(folder: string): Promise<string[]> {
  const inFolder = async (...below: string[]) => {
    const entries = await readdir(path.join(folder, ...below)).catch((): string[] => []);
    return entries
      .filter((entry) => entry.endsWith(".vdi"))
      .map((entry) => path.join(folder, ...below, entry));
  };
  return [...(await inFolder()), ...(await inFolder("Snapshots"))];
}

/** A machine renamed by hand can still live in this folder: its settings file tells its UUID. */
async function refuseLivingMachine(vbox: VBoxManage, folder: string, entries: string[]): Promise<void> {
  const settings = entries.filter((entry) => entry.endsWith(".vbox"));
  if (settings.length === 0) return;
  const machines = parseMachineList(await vbox.call(["list", "vms"]));
  for (const file of settings) {
    const uuid = await uuidIn(path.join(folder, file));
    const living = [...machines].find(([, known]) => known === uuid);
    if (living)
      throw new RemedyError(
        `The machine "${living[0]}" lives in ${folder}, where this lab wants to make one.`,
        "It was renamed by hand: give it back its name, or remove it in VirtualBox.",
      );
  }
}

/** Makes VirtualBox forget disks below a folder, children before parents. */
async function closeMedia(vbox: VBoxManage, folder: string): Promise<void> {
  const disks = parseBlocks(await vbox.call(["list", "hdds"])).filter((disk) =>
    (disk.get("Location") ?? "").startsWith(folder + path.sep),
  );
  const depth = (disk: Map<string, string>): number => {
    const parent = disks.find((other) => other.get("UUID") === disk.get("Parent UUID"));
    return parent ? depth(parent) + 1 : 0;
  };
  for (const disk of disks.sort((a, b) => depth(b) - depth(a)))
    await forget(vbox, "disk", disk.get("Location") ?? "");
}

/** Makes VirtualBox forget a medium; content when it does not know it. The file stays. */
export async function forget(vbox: VBoxManage, kind: "disk" | "dvd", file: string): Promise<void> {
  try {
    await vbox.call(["closemedium", kind, file]);
  } catch (error) {
    // Closing opens first: a file that is gone or broken ends with an error of the runtime.
    const unknown = error instanceof VBoxManageError && (error.isNotFound || error.code.startsWith("VERR_"));
    if (!unknown) throw error;
  }
}

/** Removes a folder if nothing is in it any more. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    if ((await lstat(folder)).isDirectory()) await rmdir(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!["ENOENT", "ENOTEMPTY", "EEXIST", "EPERM"].includes(code)) throw error;
  }
}
