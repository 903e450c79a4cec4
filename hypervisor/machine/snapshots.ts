import { withProgress } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { type NamedMachine, together } from "../../lib/together";
import { utcSeconds } from "../../lib/utc";
import { inspect } from "../driver/inspect";
import type { VBoxManage } from "../driver/vboxmanage";
import { machineFolder, outdateRecord, readRecord } from "./record";

/** Merging the disks of a deleted snapshot copies what is in them. */
const DELETE_TIMEOUT_SECONDS = 3600;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** One snapshot of all machines of a lab at the same moment. */
export interface LabSnapshot {
  name: string;
  /** `2026-11-21T04:33:10Z`; the lab was off then. */
  takenAt: string;
  /** How many machines the lab had. */
  machineCount: number;
  /** Names of the machines that have it. */
  holders: string[];
  /** The present state of every holder follows it. */
  isCurrent: boolean;
  /** What builds on it: later snapshots, and `the present state`. It can be deleted while that is one at most. */
  followers: string[];
}

/** A snapshot of one machine, as showvminfo tells of it. */
interface MachineSnapshot {
  name: string;
  description: string;
  isCurrent: boolean;
  followers: string[];
}

/** Every snapshot of the lab's machines that was taken of the whole lab, oldest first. */
export async function listSnapshots(
  vbox: VBoxManage,
  machines: readonly NamedMachine[],
): Promise<LabSnapshot[]> {
  const found = await together(machines, async ({ name, hypervisorName }) => {
    const info = await inspect(vbox, hypervisorName);
    return { name, snapshots: info ? snapshotsOf(info) : [] };
  });
  return labSnapshots(found);
}

/** Pure: what the machines have, put together. */
export function labSnapshots(
  found: readonly { name: string; snapshots: readonly MachineSnapshot[] }[],
): LabSnapshot[] {
  const all = new Map<string, LabSnapshot>();
  for (const machine of found)
    for (const { name, description, isCurrent, followers } of machine.snapshots) {
      const of = parseDescription(description);
      if (of === undefined) continue;
      const known = all.get(name) ?? { name, ...of, holders: [], isCurrent: true, followers: [] };
      known.holders.push(machine.name);
      known.isCurrent &&= isCurrent;
      known.followers = [...new Set([...known.followers, ...followers])];
      all.set(name, known);
    }
  return [...all.values()].sort((a, b) => a.takenAt.localeCompare(b.takenAt));
}

/** Pure: the keys `SnapshotName`, `SnapshotName-1`, `SnapshotName-1-1` … are the tree. */
export function snapshotsOf(info: ReadonlyMap<string, string>): MachineSnapshot[] {
  const nodes = [...info.keys()].flatMap((key) => /^SnapshotName((?:-\d+)*)$/.exec(key)?.[1] ?? []);
  const nameAt = (node: string) => info.get(`SnapshotName${node}`) ?? "";
  return nodes.map((node) => {
    const isCurrent = info.get("CurrentSnapshotNode") === `SnapshotName${node}`;
    const children = nodes.filter((other) => other.replace(/-\d+$/, "") === node && other !== node);
    return {
      name: nameAt(node),
      description: info.get(`SnapshotDescription${node}`) ?? "",
      isCurrent,
      followers: [...children.map(nameAt), ...(isCurrent ? ["the present state"] : [])],
    };
  });
}

/** Shown by VirtualBox's window, too. */
function describe(machineCount: number, takenAt: string): string {
  return `kube-lab: all ${machineCount} machines, ${takenAt}`;
}

function parseDescription(text: string): { machineCount: number; takenAt: string } | undefined {
  const [, count, takenAt] = /^kube-lab: all (\d+) machines, (\S+)$/.exec(text) ?? [];
  return takenAt === undefined ? undefined : { machineCount: Number(count), takenAt };
}

/**
 * Refuses a name that cannot become a snapshot of the lab.
 * @throws RemedyError
 */
export function requireNewName(name: string, existing: readonly LabSnapshot[]): void {
  if (!NAME.test(name))
    throw new RemedyError(
      `"${name}" is no name for a snapshot.`,
      "Allowed: at most 63 letters, digits, dots, - and _, a letter or digit first.",
    );
  if (existing.some((snapshot) => snapshot.name === name))
    throw new RemedyError(
      `There is a snapshot ${name} already. ${whatThereIs(existing)}`,
      `Take it under another name, or delete that first: npm run snapshot -- --delete ${name}`,
    );
}

/** @throws RemedyError that tells what there is. */
export function requireSnapshot(name: string, existing: readonly LabSnapshot[]): LabSnapshot {
  const found = existing.find((snapshot) => snapshot.name === name);
  if (found) return found;
  throw new RemedyError(
    `There is no snapshot ${name}. ${whatThereIs(existing)}`,
    "Take one: npm run snapshot -- NAME",
  );
}

function whatThereIs(existing: readonly LabSnapshot[]): string {
  if (existing.length === 0) return "The lab has none.";
  return `The lab has: ${existing.map(({ name, takenAt }) => `${name} (${takenAt})`).join(", ")}.`;
}

/** @throws RemedyError when a restored lab would not be the one of that time. */
export function requireWhole(snapshot: LabSnapshot, machines: readonly NamedMachine[]): void {
  const { name, holders, machineCount } = snapshot;
  const lacking = machines
    .filter((machine) => !holders.includes(machine.name))
    .map((machine) => machine.name);
  if (lacking.length === 0 && machineCount === machines.length) return;
  const why =
    lacking.length > 0
      ? `${lacking.join(", ")} ${lacking.length === 1 ? "does" : "do"} not have it`
      : `it is of ${machineCount} machines, and the lab has ${machines.length} now`;
  throw new RemedyError(
    `Snapshot ${name} cannot be restored: ${why}.`,
    `It is of no use any more: npm run snapshot -- --delete ${name}`,
  );
}

/** @throws RemedyError when more than one thing builds on it: hypervisors refuse to delete such. */
export function requireDeletable({ name, followers }: LabSnapshot): void {
  if (followers.length <= 1) return;
  throw new RemedyError(
    `Snapshot ${name} cannot be deleted yet: ${followers.join(" and ")} build on it.`,
    `Delete the later ones first: ${followers.filter((follower) => follower !== "the present state").join(", ")}.`,
  );
}

/** Takes one of every machine; all are off. What was taken when it fails is removed again. */
export async function takeSnapshot(
  vbox: VBoxManage,
  machines: readonly NamedMachine[],
  name: string,
  now: Date,
): Promise<void> {
  const description = describe(machines.length, utcSeconds(now));
  try {
    await together(machines, async ({ hypervisorName }) => {
      await vbox.exclusively("a snapshot", () =>
        vbox.call(["snapshot", hypervisorName, "take", name, "--description", description]),
      );
    });
  } catch (error) {
    const half = (await listSnapshots(vbox, machines)).find((snapshot) => snapshot.name === name);
    if (half) await deleteSnapshot(vbox, machines, half);
    throw error;
  }
}

/** Deletes it on those machines that have it, running or not. */
export async function deleteSnapshot(
  vbox: VBoxManage,
  machines: readonly NamedMachine[],
  { name, holders }: LabSnapshot,
): Promise<void> {
  const having = machines.filter((machine) => holders.includes(machine.name));
  await together(having, ({ hypervisorName }, log) =>
    withProgress(log, `deleting its snapshot ${name}`, () =>
      vbox.exclusively("a snapshot", () =>
        vbox.call(["snapshot", hypervisorName, "delete", name], DELETE_TIMEOUT_SECONDS),
      ),
    ),
  );
}

/**
 * Restores all machines, which are off.
 * @param outdated whether a machine was changed by an update after the snapshot: its record says so then, and the next update
 *   brings it to its configuration
 */
export async function restoreSnapshot<Machine extends NamedMachine>(
  vbox: VBoxManage,
  machines: readonly Machine[],
  { name }: LabSnapshot,
  outdated: (machine: Machine) => boolean,
  now: Date,
): Promise<void> {
  const time = utcSeconds(now);
  await together(machines, async (machine) => {
    await vbox.exclusively("a snapshot", () =>
      vbox.call(["snapshot", machine.hypervisorName, "restore", name]),
    );
    if (!outdated(machine)) return;
    const info = await inspect(vbox, machine.hypervisorName);
    const record = info && (await readRecord(info));
    if (record) await outdateRecord(machineFolder(info), record, time);
  });
}
