import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MachineCgroups } from "../cgroup/machine-cgroups";
import { killAndRemove } from "../cgroup/removal";
import { machineNamespace, plugAdapters, unplugAdapters } from "../network/adapters";
import { hostPrefix, type Place, runFolder } from "../place";
import { rootFolder } from "../storage/content";
import { loadMedia } from "../storage/medium";
import { clearWork, isUsrBase, sharedUsr } from "../storage/shared-usr";
import { ensureStore } from "../storage/store";
import { findLeader, spawnContainer } from "./container";
import { connectDataDisks, disconnectDataDisks, rootMedium } from "./data-disks";
import { discOf, loadDrive } from "./drive";
import { writeHostEnvironment, writeUnits } from "./guest-tree";
import type { StoredMachine } from "./record";
import { clearSeed, unpackSeed } from "./seed";

/** A machine with power. */
export interface Powered {
  nspawn: ChildProcess;
  /** Pid of the container's init. */
  leader: number;
  cgroups: MachineCgroups;
  /** systemd-nspawn's exit status once it has ended; 128 and more for a signal. */
  ended: Promise<number>;
}

const START_LIMIT = 30_000;
const PAUSE = 5;

/** Folder of the unpacked seed, on the host; seen by the machine while it runs. */
export function seedFolder(place: Place, uuid: string): string {
  return join(runFolder(place, uuid), "seed");
}

/**
 * Gives the machine everything it needs and boots it; returns once its init runs.
 * @throws Error that says what is missing; what was made is then for powerOff to remove
 */
export async function powerOn(
  place: Place,
  machine: StoredMachine,
  cgroups: MachineCgroups,
  console: number,
): Promise<Powered> {
  await ensureStore(place);
  const medium = rootMedium(place, machine);
  if (medium === undefined)
    throw new Error(
      `no bootable medium: none of the hard disks of ${machine.name} holds a root file system; attach one made by convertfromraw`,
    );
  if (isUsrBase(place, medium))
    throw new Error(
      `linked clones read from the hard disk ${medium} of ${machine.name}, so it cannot be written: attach a copy of it, made by clonemedium`,
    );
  const root = rootFolder(place, medium);
  const usr = sharedUsr(place, medium);
  const folder = runFolder(place, machine.uuid);
  const [dataDisks, seed] = await Promise.all([
    connectDataDisks(place, machine),
    attachedSeed(place, machine),
    plugAdapters(place, machine),
  ]);
  correctMachineId(root);
  clearWork(place, medium);
  writeUnits(join(folder, "units"), cgroups.version);
  writeHostEnvironment(join(folder, "host.env"), cgroups.version, dataDisks.length > 0);
  writeFileSync(join(folder, "empty"), "", { mode: 0o644 });
  cgroups.create({ cpus: machine.cpus, memoryMiB: machine.memoryMiB });
  const nspawn = cgroups.inside(() =>
    spawnContainer({
      name: containerName(place, machine.uuid),
      hostname: hostname(machine.name),
      root,
      ...(usr === undefined ? {} : { usr }),
      networkNamespace: machineNamespace(place, machine.uuid),
      cgroup: cgroups.version,
      units: join(folder, "units"),
      hostEnvironment: join(folder, "host.env"),
      emptyFile: join(folder, "empty"),
      ...(seed === undefined ? {} : { seed }),
      dataDisks,
      console,
    }),
  );
  const ended = exitStatus(nspawn);
  const leader = await waitForLeader(machine, nspawn, ended, folder);
  const disc = await discOf(place, machine);
  if (disc) await loadDrive(place, disc, leader);
  return { nspawn, leader, cgroups, ended };
}

/** Takes everything away at once; nothing inside is asked. Also cleans up after a supervisor that was killed. */
export async function takeAway(
  place: Place,
  machine: StoredMachine,
  cgroupFolders: readonly string[],
): Promise<void> {
  await killAndRemove(cgroupFolders);
  await Promise.all([unplugAdapters(place, machine), disconnectDataDisks(place, machine)]);
  clearSeed(seedFolder(place, machine.uuid));
  try {
    // systemd-nspawn leaves it where /run is no tmpfs.
    rmdirSync(`/run/systemd/nspawn/propagate/${containerName(place, machine.uuid)}`);
  } catch {
    // It did not.
  }
}

async function attachedSeed(place: Place, machine: StoredMachine): Promise<string | undefined> {
  const folder = seedFolder(place, machine.uuid);
  clearSeed(folder);
  const media = loadMedia(place);
  for (const { type, medium } of machine.attachments) {
    const dvd = type === "dvddrive" ? media.find((candidate) => candidate.uuid === medium) : undefined;
    if (dvd && (await unpackSeed(dvd.location, folder))) return folder;
  }
  return undefined;
}

/** systemd-nspawn refuses a machine-id file that is neither empty nor valid. */
function correctMachineId(root: string): void {
  const file = join(root, "etc/machine-id");
  try {
    const id = readFileSync(file, "utf8");
    if (id !== "" && !/^([0-9a-f]{32}|uninitialized)\n?$/.test(id)) truncateSync(file, 0);
  } catch {
    mkdirSync(join(root, "etc"), { recursive: true });
    writeFileSync(file, "");
  }
}

async function waitForLeader(
  machine: StoredMachine,
  nspawn: ChildProcess,
  ended: Promise<number>,
  folder: string,
): Promise<number> {
  let status: number | undefined;
  void ended.then((value) => {
    status = value;
  });
  const log = `see ${join(folder, "console.log")}`;
  for (const started = Date.now(); Date.now() - started < START_LIMIT; ) {
    if (status !== undefined)
      throw new Error(`the container of ${machine.name} ended at its start with status ${status}; ${log}`);
    const leader = nspawn.pid === undefined ? undefined : findLeader(nspawn.pid);
    if (leader !== undefined) return leader;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  throw new Error(
    `the container of ${machine.name} did not start its init in ${START_LIMIT / 1000} s; ${log}`,
  );
}

function exitStatus(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : 137)));
  });
}

function containerName(place: Place, uuid: string): string {
  return `${hostPrefix(place)}-${uuid.slice(0, 8)}`;
}

/** Until cloud-init gives the real one. */
function hostname(machineName: string): string {
  const name = machineName
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 63);
  return name.replace(/^-+|-+$/g, "") || "machine";
}
