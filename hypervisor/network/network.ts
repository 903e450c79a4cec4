import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ensurePrivateFolder } from "../../lib/private-folder";
import type { Log } from "../../lib/progress";
import { labFolders } from "../driver/folders";
import type { VBoxManage } from "../driver/vboxmanage";
import { removeBundleVolumes } from "../machine/bundle-volume";
import { removeDataDisks } from "../machine/data-disk";
import { removeIfEmpty } from "../machine/leftovers";
import { forgetAddedForwards } from "../reality/added-forwards";
import { forgetLab, rememberLab } from "../reality/living-lab";
import { removeMembers, writeMembers } from "../reality/members";
import { type LabSpecification, labelOf } from "../specification/lab";
import type { NetworkSpecification } from "../specification/network";
import { ensureHostOnly, findHostOnly, listHostOnly, removeHostOnly, type WantedHostOnly } from "./host-only";

/** Remembers in the lab's folder which host-only network this lab made: only that one is removed again. */
const RECORD = "network.json";

/**
 * Makes the lab's folder, with what the lab is made with in it, and its host-only network where it has one. Internal networks
 * need no making.
 * @param project folder of the project, which remembers where the lab is
 */
export async function ensureNetwork(
  vbox: VBoxManage,
  wanted: NetworkSpecification,
  project: string,
  log: Log,
): Promise<void> {
  const folders = await labFolders(vbox, wanted.group);
  await ensurePrivateFolder(folders.lab, vbox);
  if (wanted.members !== undefined) writeMembers(folders.lab, wanted.members);
  const { hypervisor, incarnation, madeWith } = wanted;
  const place = { hypervisor, folder: folders.lab };
  rememberLab(project, stackOf(wanted.group), place, { incarnation, madeWith });
  const record = path.join(folders.lab, RECORD);
  const before = await readMade(record);
  if (before !== undefined && !(await isWanted(vbox, before, wanted.hostOnly))) {
    await removeHostOnly(vbox, before, log);
    await rm(record, { force: true });
  }
  if (!wanted.hostOnly) return;
  const { name, made } = await ensureHostOnly(vbox, wanted.hostOnly, labelOf(wanted.group), log);
  if (made) await writeFile(record, JSON.stringify({ made: name }), { mode: 0o600 });
}

/** Removes what `ensureNetwork` made; the lab's folder only when nothing else is in it. */
export async function absentNetwork(
  vbox: VBoxManage,
  wanted: LabSpecification,
  project: string,
  log: Log,
): Promise<void> {
  const folders = await labFolders(vbox, wanted.group);
  const record = path.join(folders.lab, RECORD);
  const made = await readMade(record);
  if (made !== undefined) await removeHostOnly(vbox, made, log);
  await rm(record, { force: true });
  await removeBundleVolumes(vbox, folders, log);
  removeMembers(folders.lab);
  // Of machines that were made before data disks lay apart no state knows the disk.
  await removeDataDisks(vbox, folders, log);
  // Whatever is left of a machine keeps the record.
  forgetLab(project, stackOf(wanted.group), folders.lab);
  forgetAddedForwards(stackOf(wanted.group), project);
  await removeIfEmpty(folders.seeds);
  await removeIfEmpty(folders.lab);
  // `<machine folder>/kube-lab`: it stays as long as another lab or an image is in it.
  await removeIfEmpty(path.dirname(folders.lab));
}

/** Whether the network that this lab made before is the one that it wants now. */
async function isWanted(
  vbox: VBoxManage,
  made: string,
  wanted: WantedHostOnly | undefined,
): Promise<boolean> {
  return wanted !== undefined && findHostOnly(await listHostOnly(vbox), wanted)?.name === made;
}

/** `dev` for the group `/kube-lab/dev`. */
function stackOf(group: string): string {
  return group.split("/").at(-1) ?? "";
}

async function readMade(record: string): Promise<string | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(record, "utf8"));
    const made = typeof value === "object" && value !== null && "made" in value ? value.made : undefined;
    return typeof made === "string" ? made : undefined;
  } catch {
    // Missing or unreadable: then nothing is known to be ours, and nothing is removed.
    return undefined;
  }
}
