import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Host } from "../../lib/host";
import { withLock } from "../../lib/lock";
import { type Log, withProgress } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { defaultMachineFolder } from "../driver/folders";
import { inspect } from "../driver/inspect";
import { parseBlocks, parseCapacityMiB, parseMachineList, parseVersion } from "../driver/output";
import type { VBoxManage } from "../driver/vboxmanage";
import { resizeCall } from "../machine/data-disk";
import { honourFlushes } from "../machine/flush";
import { attachedMedium, CONTROLLER, CONTROLLER_OPTIONS, ROOT_PORT } from "../machine/hardware";
import { forget, removeIfEmpty, removeLeftovers } from "../machine/leftovers";
import { powerOff } from "../machine/power";
import { readToken, writeToken } from "../machine/record";
import { registerTemplate } from "../machine/registration";
import type { ImageSpecification } from "../specification/image";
import { firmwareOf } from "./firmware";
import { prepareByBoot } from "./preparation";
import { systemOptions, templateOptions } from "./template-options";

/** Group of the templates, so that a person finds them beside the labs. */
const IMAGE_GROUP = "/kube-lab";
/** The snapshot that every machine is a linked clone of. */
const SNAPSHOT = "base";
/** How the templates' names begin. */
const IMAGE_PREFIX = "kube-lab-image-";

const CONVERT_TIMEOUT_SECONDS = 3600;
/** Another process may be making the same image: that takes as long as making it. */
const BUILDER_BOUND_SECONDS = 5400;

/**
 * Makes the template machine be there: base disk → VDI of our own → machine → (preparation boot) → snapshot.
 * Every step is skipped when it was done before, so that an interrupted run goes on where it was.
 * The base disk itself is only read, never attached: whatever happens to the template leaves it alone.
 */
export async function ensureImage(
  vbox: VBoxManage,
  wanted: ImageSpecification,
  host: Host,
  log: Log,
): Promise<void> {
  if (isComplete(await inspect(vbox, wanted.image))) {
    if (wanted.incarnation !== undefined && (await readToken(vbox, wanted.image)) === undefined)
      await writeToken(vbox, wanted.image, wanted.incarnation);
    return;
  }
  const folder = path.join(await defaultMachineFolder(vbox), IMAGE_GROUP.slice(1), wanted.image);
  const lockFile = path.join(path.dirname(folder), `.${wanted.image}`);
  const what = `the image ${wanted.image}`;
  await withLock(lockFile, { log, what, boundSeconds: BUILDER_BOUND_SECONDS }, async () => {
    // With machines on it a template must not be made again: their disks build on its own.
    if (await registerTemplate(vbox, wanted.image, folder)) log("its files were there: registered again");
    // Another builder may have finished while this one waited.
    if (!isComplete(await inspect(vbox, wanted.image))) await build(vbox, wanted, folder, host, log);
  });
}

/** Removes a template. @throws RemedyError while machines are linked to it. */
export async function absentImage(vbox: VBoxManage, image: string, log: Log): Promise<void> {
  const folder = path.join(await defaultMachineFolder(vbox), IMAGE_GROUP.slice(1), image);
  await vbox.exclusively("removing an image", async () => {
    await refuseInUse(vbox, image, folder);
    if ((await vbox.callIfThere(["unregistervm", image, "--delete"])) !== undefined) log("removed");
    await removeLeftovers(vbox, folder, image, log);
  });
  await removeIfEmpty(path.dirname(folder));
}

/** VirtualBox would unregister the template first and only then find that its disk is in use: half removed. */
async function refuseInUse(vbox: VBoxManage, image: string, folder: string): Promise<void> {
  const disks = parseBlocks(await vbox.call(["list", "hdds"]));
  const isOwn = (disk: Map<string, string>) => (disk.get("Location") ?? "").startsWith(folder + path.sep);
  const own = disks.filter(isOwn).map((disk) => disk.get("UUID"));
  const linked = disks
    .filter((disk) => !isOwn(disk) && own.includes(disk.get("Parent UUID")))
    .map((disk) => disk.get("Location"))
    .sort();
  if (linked.length === 0) return;
  throw new RemedyError(
    `${linked.length} disks of machines are linked to ${image}, the first is ${linked[0]}.`,
    "Take the labs of these machines down first (`npm run down`).",
  );
}

/** Names of all templates on this computer. */
export async function listImages(vbox: VBoxManage): Promise<string[]> {
  const machines = parseMachineList(await vbox.call(["list", "vms"]));
  return [...machines.keys()].filter((name) => name.startsWith(IMAGE_PREFIX)).sort();
}

function isComplete(info: Map<string, string> | undefined): boolean {
  return info?.get("CurrentSnapshotName") === SNAPSHOT;
}

async function build(
  vbox: VBoxManage,
  wanted: ImageSpecification,
  folder: string,
  host: Host,
  log: Log,
): Promise<void> {
  const { image } = wanted;
  let info = await inspect(vbox, image);
  if (info && wanted.bundle !== undefined) {
    // Its preparation was interrupted: what is done is unknown.
    log("starting over: its preparation was interrupted");
    await powerOff(vbox, image, info.get("VMState") ?? "", log);
    await vbox.exclusively("removing", () => vbox.callIfThere(["unregistervm", image, "--delete"]));
    info = undefined;
  }
  const disk = path.join(folder, "root.vdi");
  if (!info || attachedMedium(info, ROOT_PORT) === undefined) {
    if (!existsSync(disk)) await convert(vbox, wanted.baseDisk, disk, log);
    await grow(vbox, disk, wanted.rootDiskGiB);
  }
  const platform = { version: await versionOf(vbox), architecture: host.architecture };
  if (!info) await createTemplate(vbox, image, systemOptions(platform), folder, log);
  const firmware = host.architecture === "arm64" ? "efi" : await firmwareOf(disk);
  const description = `${image}: kube-lab clones its machines from the snapshot ${SNAPSHOT}. A cache: npm run prune`;
  await vbox.call([
    ...["modifyvm", image, "--description", description],
    ...templateOptions(platform, firmware),
  ]);
  const controllers =
    info && [...info].some(([key, value]) => key.startsWith("storagecontrollername") && value === CONTROLLER);
  if (!controllers) await vbox.call(["storagectl", image, "--name", CONTROLLER, ...CONTROLLER_OPTIONS]);
  if (!info || attachedMedium(info, ROOT_PORT) === undefined)
    await attach(vbox, image, ROOT_PORT, "hdd", disk);
  await honourFlushes(vbox, image, [], [ROOT_PORT]);
  if (wanted.bundle !== undefined) await prepareByBoot(vbox, image, wanted.bundle, folder, host, log);
  log("taking the snapshot that machines are cloned from");
  await vbox.call(["snapshot", image, "take", SNAPSHOT]);
  if (wanted.incarnation !== undefined) await writeToken(vbox, image, wanted.incarnation);
}

/** Copies the base disk, whatever its format, into a VDI; under its final name only when whole. */
async function convert(vbox: VBoxManage, baseDisk: string, disk: string, log: Log): Promise<void> {
  if (!existsSync(baseDisk))
    throw new RemedyError(
      `The base disk ${baseDisk} is not there.`,
      "Run `npm run up` again: it makes or fetches it.",
    );
  await mkdir(path.dirname(disk), { recursive: true, mode: 0o700 });
  const partial = disk.replace(/\.vdi$/, ".partial.vdi");
  if (existsSync(partial)) {
    await forget(vbox, "disk", partial);
    await rm(partial, { recursive: true, force: true });
  }
  const raw = /\.(?:img|raw)$/i.test(baseDisk) && !(await isQcow2(baseDisk));
  const isKnown = !raw && (await knows(vbox, baseDisk));
  log(`copying the base disk ${baseDisk}`);
  await withProgress(log, "copying the base disk", () =>
    vbox.call(
      raw
        ? ["convertfromraw", baseDisk, partial, "--format", "VDI"]
        : ["clonemedium", "disk", baseDisk, partial, "--format", "VDI"],
      CONVERT_TIMEOUT_SECONDS,
    ),
  );
  if (!raw) {
    // Cloning makes VirtualBox know both; a base that it knew before is a machine's own.
    await forget(vbox, "disk", partial);
    if (!isKnown) await forget(vbox, "disk", baseDisk);
  }
  await rename(partial, disk);
}

async function knows(vbox: VBoxManage, disk: string): Promise<boolean> {
  const disks = parseBlocks(await vbox.call(["list", "hdds"]));
  return disks.some((known) => known.get("Location") === disk);
}

/** Cloud images in qcow2 are often called `.img`. Source: QEMU, docs/interop/qcow2: magic `QFI\xfb`. */
async function isQcow2(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1") === "QFI\xfb";
  } finally {
    await handle.close();
  }
}

async function versionOf(vbox: VBoxManage): Promise<readonly number[]> {
  const text = await vbox.call(["--version"]);
  const version = parseVersion(text);
  if (version) return version;
  throw new RemedyError(
    `VBoxManage --version gives no version: ${JSON.stringify(text.trim())}.`,
    "Reinstall VirtualBox.",
  );
}

/** Makes the template's disk as large as a machine's root disk should be; it stays thin. The guest grows its partition. */
async function grow(vbox: VBoxManage, disk: string, rootDiskGiB: number): Promise<void> {
  const size = rootDiskGiB * 1024;
  const current = parseCapacityMiB(await vbox.call(["showmediuminfo", "disk", disk])) ?? 0;
  if (current < size) await vbox.call(resizeCall(disk, rootDiskGiB));
}

async function createTemplate(
  vbox: VBoxManage,
  image: string,
  system: string[],
  folder: string,
  log: Log,
): Promise<void> {
  log("creating the template machine");
  // The settings of a machine that VirtualBox does not know: an interrupted creation.
  await rm(path.join(folder, `${image}.vbox`), { force: true });
  await vbox.exclusively("creating", () =>
    vbox.call(["createvm", "--name", image, ...system, "--groups", IMAGE_GROUP, "--register"]),
  );
}

async function attach(
  vbox: VBoxManage,
  image: string,
  port: number,
  type: string,
  medium: string,
): Promise<void> {
  const place = ["--storagectl", CONTROLLER, "--port", String(port), "--device", "0"];
  await vbox.call(["storageattach", image, ...place, "--type", type, "--medium", medium]);
}
