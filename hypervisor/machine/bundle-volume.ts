import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { sha256Of } from "../../lib/checksum";
import { type Host, thisHost } from "../../lib/host";
import { withLock } from "../../lib/lock";
import type { RunProcess } from "../../lib/process";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { covers, parseReleases } from "../../plan/releases";
import { VBoxManageError } from "../driver/errors";
import type { LabFolders } from "../driver/folders";
import { makeIso } from "../driver/iso";
import type { VBoxManage } from "../driver/vboxmanage";
import { bundleOf } from "./bundles";
import { attachedMedium, SEED_DRIVE, SEED_PORT } from "./hardware";
import { forget } from "./leftovers";
import type { MachineRecord } from "./record";

/** Label of the volume with the Kubernetes bundle. */
export const BUNDLE_LABEL = "KUBE_BUNDLE";

/** Another machine of the lab may be making the same ISO of half a gigabyte. */
const ISO_BOUND_SECONDS = 900;

/** The stand-in unpacks it for the first machine that has it: half a minute on a quiet disk. */
const ATTACH_BOUND_SECONDS = 900;

/** A living machine, and what it should run. */
export interface VolumeRequest {
  machine: string;
  /** By plan/releases.ts; absent for a machine without Kubernetes. */
  releases?: string;
}

/**
 * Puts the programs and images of other releases than a living machine was left with into its DVD drive, for its own scripts to
 * take them up: it keeps its disk, and needs no internet. A machine that was cloned just now has them in its image, and so has
 * one that has never come up.
 * @param info of `showvminfo`, before this ensure
 * @returns whether it is in the drive
 * @throws RemedyError when set-up has not made them
 */
export async function ensureBundleVolume(
  vbox: VBoxManage,
  wanted: VolumeRequest,
  { info, record }: { info: Map<string, string>; record: MachineRecord | undefined },
  folders: LabFolders,
  log: Log,
  host: Host = thisHost(),
  run?: RunProcess,
): Promise<boolean> {
  const { machine, releases } = wanted;
  if (releases === undefined || info.size === 0 || record === undefined) return false;
  if (covers(parseReleases(record.releases ?? ""), parseReleases(releases))) return false;
  const attached = attachedMedium(info, SEED_PORT);
  // It has not come up for the first time yet: it is of the image that has them.
  if (attached === folders.seed(machine)) return false;
  const bundle = bundleOf(host.project, releases);
  if (bundle === undefined || !existsSync(bundle))
    throw new RemedyError(
      `The programs and images of ${releases} are not on this computer.`,
      "Run `npm run up`: it fetches or makes them first.",
    );
  const iso = volumeOf(folders, releases);
  if (attached === iso && existsSync(iso)) return true;
  await withLock(
    iso,
    { log, what: "the volume with Kubernetes' programs", boundSeconds: ISO_BOUND_SECONDS },
    async () => {
      if (existsSync(iso)) return;
      log(`packing the programs and images of ${releases}`);
      await makeIso({ source: bundle, target: iso, label: BUNDLE_LABEL }, host, run);
    },
  );
  log(`putting ${releases} into its drive`);
  await vbox.call(["storageattach", machine, ...SEED_DRIVE, "--medium", iso], ATTACH_BOUND_SECONDS);
  return true;
}

/** Whether a medium is a volume with a bundle, by its path. */
export function isBundleVolume(folders: LabFolders, medium: string | undefined): medium is string {
  return medium !== undefined && path.dirname(medium) === folders.seeds && isNamedAsVolume(medium);
}

/** The same of whichever lab, by its name alone. */
export function isNamedAsVolume(medium: string): boolean {
  return path.basename(medium).startsWith(PREFIX);
}

/** Removes the volumes that no machine has in its drive any more. */
export async function removeBundleVolumes(vbox: VBoxManage, folders: LabFolders, log: Log): Promise<void> {
  const entries = existsSync(folders.seeds) ? await readdir(folders.seeds) : [];
  for (const entry of entries.filter((name) => name.startsWith(PREFIX) && name.endsWith(".iso"))) {
    const iso = path.join(folders.seeds, entry);
    try {
      await forget(vbox, "dvd", iso);
    } catch (error) {
      if (error instanceof VBoxManageError && error.code === "VBOX_E_OBJECT_IN_USE") continue;
      throw error;
    }
    await rm(iso, { force: true });
    log("the volume with Kubernetes' programs removed");
  }
}

const PREFIX = "bundle-";

/** Beside the seeds: it is in their drive and goes with them. */
function volumeOf(folders: LabFolders, releases: string): string {
  const hash = sha256Of(releases).slice(0, 12);
  return path.join(folders.seeds, `${PREFIX}${hash}.iso`);
}
