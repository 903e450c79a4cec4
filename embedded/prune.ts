import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { RemedyError } from "../lib/remedy-error";
import { killAndRemove } from "./cgroup/removal";
import { restoreSysctls } from "./host-sysctls";
import { askSupervisor } from "./machine/control";
import { takeAway } from "./machine/power";
import { loadMachines } from "./machine/registry";
import { isOn, machineState, readRunState } from "./machine/state";
import { NAMESPACES } from "./network/switch";
import { hostPrefix, openPlace, type Place, placeFolder } from "./place";
import { runQuietly } from "./process";
import { removeDisc } from "./storage/disc";
import { loadMedia } from "./storage/medium";
import { removeStore } from "./storage/store";

/**
 * Removes everything the stand-in ever made: running machines too, their disks, namespaces, control groups, mounts, and
 * its folder. Does nothing where it has made nothing.
 * @param folder `KUBE_LAB_EMBEDDED_FOLDER`, else /var/lib/kube-lab-embedded
 */
export async function removeEverything(folder?: string): Promise<void> {
  const environment =
    folder === undefined ? process.env : { ...process.env, KUBE_LAB_EMBEDDED_FOLDER: folder };
  if (!existsSync(placeFolder(environment))) return;
  const place = openPlace(environment);
  for (const machine of loadMachines(place)) {
    if (isOn(machineState(place, machine).state))
      await askSupervisor(place, machine.uuid, { do: "poweroff" });
    else await takeAway(place, machine, readRunState(place, machine.uuid)?.cgroups ?? []);
  }
  await removeStrays(place);
  for (const folder of mountsBelow(`${place.folder}/mounted-`)) await runQuietly("umount", [folder]);
  await removeDisc(place, "");
  await restoreSysctls(place);
  await removeStore(place);
  rmSync(place.folder, { recursive: true });
}

/**
 * Removes the stand-in's folder and what it left on this computer where no machine and no disk is in it any more.
 * @throws RemedyError where there is one, whose only copy that would be
 */
export async function removeUnused(environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  const folder = placeFolder(environment);
  if (!existsSync(folder)) return;
  const place = openPlace(environment);
  const names = [
    ...loadMachines(place).map(({ name }) => name),
    ...loadMedia(place).map(({ location }) => location),
  ];
  if (names.length > 0)
    throw new RemedyError(
      `${names.length} machines and disks are in it, the first is ${names[0]}.`,
      "Take the labs of these down first (`npm run down`), then prune again.",
    );
  await removeEverything(folder);
}

/** What no registered machine owns any more: from calls that were killed between two steps. */
async function removeStrays(place: Place): Promise<void> {
  const prefix = hostPrefix(place);
  await killAndRemove(strayGroups("/sys/fs/cgroup", prefix, 4));
  const namespaces = existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : [];
  for (const name of namespaces)
    if (name === prefix || name.startsWith(`${prefix}-`)) await runQuietly("ip", ["netns", "delete", name]);
}

/** Of imports that were killed. */
function mountsBelow(prefix: string): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.flatMap((line) => line.split(" ")[4] ?? []).filter((path) => path.startsWith(prefix));
}

/** Control groups with the place's name: at the top of a hierarchy, or beneath the group the caller once was in. */
function strayGroups(folder: string, name: string, depth: number): string[] {
  if (depth === 0 || !existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.name === name ? [path] : strayGroups(path, name, depth - 1);
    });
}
