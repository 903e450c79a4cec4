import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { VBoxManageError } from "../driver/errors";
import { inspect } from "../driver/inspect";
import type { VBoxManage } from "../driver/vboxmanage";
import { readRecordIn } from "./record";

/** A key of the template's extra data: setting it makes VirtualBox write the template's settings, see registerAgain. */
const REGISTERED_KEY = "kube-lab/registered";

/**
 * Registers a machine whose files are there and which VirtualBox does not know: "Remove only" in its window, or a lost
 * VirtualBox.xml. Nothing is done where there is no settings file.
 *
 * A clone's own disks are in the list of its template, and `unregistervm` takes them out of it: they are opened first, parents
 * before children, or `registervm` ends with "Could not find an open hard disk". What is opened so is only written down with the
 * template's next setting; without it the machine would be "<inaccessible>" once VirtualBox's service has ended. (7.2.22)
 * @param folder the machine's own
 * @returns whether the machine is registered now
 * @throws RemedyError when VirtualBox does not take it; nothing is removed.
 */
export async function registerAgain(
  vbox: VBoxManage,
  folder: string,
  machine: string,
  log: Log,
): Promise<boolean> {
  const settings = path.join(folder, `${machine}.vbox`);
  if (!existsSync(settings)) return false;
  log("its files are there: registering it again");
  await vbox.exclusively("registering", async () => {
    if (await inspect(vbox, machine)) return;
    await forgetInaccessible(vbox, settings);
    const image = (await readRecordIn(folder))?.image;
    if (image !== undefined) await registerTemplate(vbox, image, templateFolder(folder, image));
    await openDisks(vbox, path.join(folder, "Snapshots"));
    await register(vbox, settings);
    if (image !== undefined) await vbox.callIfThere(["setextradata", image, REGISTERED_KEY, machine]);
  });
  return true;
}

/** Registers a template whose files are there; its machines' disks build on it. @returns whether it was so */
export async function registerTemplate(vbox: VBoxManage, image: string, folder: string): Promise<boolean> {
  const settings = path.join(folder, `${image}.vbox`);
  if (!existsSync(settings) || (await inspect(vbox, image))) return false;
  await forgetInaccessible(vbox, settings);
  await register(vbox, settings);
  return true;
}

/** Templates are beside the labs' folders: `kube-lab/kube-lab-image-…` of `kube-lab/dev/kube-lab-dev-…`. */
function templateFolder(machineFolder: string, image: string): string {
  return path.join(path.dirname(path.dirname(machineFolder)), image);
}

async function register(vbox: VBoxManage, settings: string): Promise<void> {
  try {
    await vbox.call(["registervm", settings]);
  } catch (error) {
    if (!(error instanceof VBoxManageError)) throw error;
    throw new RemedyError(
      `VirtualBox does not know the machine of ${settings}, and does not take it: ${error.message}`,
      `Repair the file; VirtualBox's copy of before is ${settings}-prev. Or give the machine up, but for its data disk: move its folder away, and run again.`,
    );
  }
}

/** An entry without its machine would keep it from being registered: `"<inaccessible>" {UUID}`. */
async function forgetInaccessible(vbox: VBoxManage, settings: string): Promise<void> {
  const uuid = await uuidIn(settings);
  if (uuid === undefined) return;
  const listed = await vbox.call(["list", "vms"]);
  const known = new RegExp(`^"(.*)" \\{${uuid}\\}$`, "im").exec(listed)?.[1];
  if (known === undefined) return;
  if (known !== "<inaccessible>")
    throw new RemedyError(
      `The machine "${known}" lives in ${path.dirname(settings)}, where this lab wants to make one.`,
      "It was renamed by hand: give it back its name, or remove it in VirtualBox.",
    );
  await vbox.call(["unregistervm", uuid]);
}

/** The UUID in a settings file; undefined when it has none. */
export async function uuidIn(settings: string): Promise<string | undefined> {
  const text = await readFile(settings, "utf8");
  return /<Machine [^>]*uuid="\{([0-9a-fA-F-]{36})\}"/.exec(text)?.[1]?.toLowerCase();
}

/** Each pass opens those whose parents are open; one that stays closed is told by `registervm` if the machine needs it. */
async function openDisks(vbox: VBoxManage, folder: string): Promise<void> {
  const entries = await readdir(folder).catch((): string[] => []);
  let closed = entries.filter((entry) => entry.endsWith(".vdi")).map((entry) => path.join(folder, entry));
  for (let before = Number.POSITIVE_INFINITY; closed.length > 0 && closed.length < before; ) {
    before = closed.length;
    const still: string[] = [];
    for (const disk of closed) {
      const isOpen = await vbox.call(["showmediuminfo", "disk", disk]).then(
        () => true,
        () => false,
      );
      if (!isOpen) still.push(disk);
    }
    closed = still;
  }
}
