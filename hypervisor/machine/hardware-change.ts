import { existsSync } from "node:fs";
import type { Log } from "../../lib/progress";
import { VBoxManageError } from "../driver/errors";
import type { LabFolders } from "../driver/folders";
import type { VBoxManage } from "../driver/vboxmanage";
import type { MachineSpecification } from "../specification/machine";
import { adapterOptions, forwardRule } from "./adapters";
import { isBundleVolume } from "./bundle-volume";
import { attachDataDisk, dataDiskSize, refuseShrink } from "./data-disk";
import type { Found, Info } from "./found";
import {
  actualHardware,
  adapterNumbers,
  attachedMedium,
  DATA_PORT,
  differences,
  forwardRules,
  SEED_DRIVE,
  SEED_PORT,
  wantedHardware,
} from "./hardware";
import { ensureStopped, isStopped } from "./power";
import type { MachineRecord } from "./record";

/** Asks the running machine to step aside before it is switched off; fails where it must not go. */
export type StepAside = () => Promise<void>;

/**
 * Sets what differs. Only forwards can change while the machine runs; for the rest it is stopped cleanly.
 * @returns the machine's state afterwards
 */
export async function applyHardware(
  vbox: VBoxManage,
  wanted: MachineSpecification,
  { info, record }: Found,
  folders: LabFolders,
  log: Log,
  aside: StepAside,
): Promise<string> {
  const state = info.get("VMState") ?? "poweroff";
  const changes = differences(info.size > 0 ? actualHardware(info) : {}, wantedHardware(wanted));
  const disk = attachedMedium(info, DATA_PORT);
  const resize =
    disk !== undefined && !changes.includes("data disk") && (await hasOtherSize(vbox, disk, wanted, record));
  const all = resize ? [...changes, "data disk"] : changes;
  if (info.size > 0 && all.length > 0) log(`changing ${all.join(", ")}`);
  if (!isStopped(state) && all.every((key) => key.startsWith("forward "))) {
    if (all.length > 0) await changeForwards(vbox, wanted, info);
    return state;
  }
  if (!isStopped(state)) await aside();
  const stopped = all.length > 0 ? await ensureStopped(vbox, wanted.machine, state, log) : state;
  if (all.some((key) => key !== "data disk"))
    await modify(vbox, wanted, modifyOptions(wanted, info, vbox.platform));
  if (all.includes("data disk")) await attachDataDisk(vbox, wanted, disk, folders, log);
  await attachSeed(vbox, wanted.machine, info, folders);
  return stopped;
}

/** An adapter that was no NAT for a while keeps its rules, but showvminfo does not show them: they are in the way. */
async function modify(vbox: VBoxManage, wanted: MachineSpecification, options: string[]): Promise<void> {
  const call = ["modifyvm", wanted.machine, ...options];
  try {
    await vbox.call(call);
  } catch (error) {
    if (!(error instanceof VBoxManageError && error.isAlreadyThere) || wanted.forwards.length === 0)
      throw error;
    for (const { name } of wanted.forwards)
      await vbox
        .call(["modifyvm", wanted.machine, `--natpf${natNumber(wanted)}`, "delete", name])
        .catch(() => undefined);
    await vbox.call(call);
  }
}

/** All hardware in one call: processors, memory, adapters, forwards. */
function modifyOptions(wanted: MachineSpecification, info: Info, platform: NodeJS.Platform): string[] {
  const surplus = adapterNumbers(info).filter((number) => number > wanted.adapters.length);
  const nat = natNumber(wanted);
  const forwards =
    nat === 0 ? [] : wanted.forwards.flatMap((forward) => [`--natpf${nat}`, forwardRule(forward)]);
  return [
    // A clone has its template's group and description.
    ...[
      "--groups",
      wanted.group,
      "--description",
      `A machine of kube-lab's lab ${wanted.group}, made from ${wanted.image}`,
    ],
    "--cpus",
    String(wanted.cpus),
    "--memory",
    String(wanted.memoryMiB),
    ...oldForwards(info).flatMap(({ adapter, name }) => [`--natpf${adapter}`, "delete", name]),
    ...wanted.adapters.flatMap((adapter, index) => adapterOptions(index + 1, adapter, platform)),
    ...forwards,
    ...surplus.flatMap((number) => [`--nic${number}`, "none"]),
  ];
}

/** Without a record, of a creation that was interrupted, the disk itself is asked: a running machine is not stopped for nothing. */
async function hasOtherSize(
  vbox: VBoxManage,
  disk: string,
  wanted: MachineSpecification,
  record: MachineRecord | undefined,
): Promise<boolean> {
  const size = record?.dataDiskGiB ?? (await dataDiskSize(vbox, disk));
  // Before it is stopped for a change that cannot be made.
  if (wanted.dataDiskGiB !== undefined) refuseShrink(wanted.machine, size, wanted.dataDiskGiB);
  return size !== wanted.dataDiskGiB;
}

/** Those that stay are left alone: somebody may be using the API meanwhile. */
async function changeForwards(vbox: VBoxManage, wanted: MachineSpecification, info: Info): Promise<void> {
  const rules = wanted.forwards.map(forwardRule);
  const old = oldForwards(info);
  const kept = new Set(old.map(({ rule }) => rule).filter((rule) => rules.includes(rule)));
  for (const { adapter, name, rule } of old)
    if (!kept.has(rule)) await vbox.call(["controlvm", wanted.machine, `natpf${adapter}`, "delete", name]);
  for (const rule of rules)
    if (!kept.has(rule)) await vbox.call(["controlvm", wanted.machine, `natpf${natNumber(wanted)}`, rule]);
}

/** Number of the adapter that carries the forwards; 0 when there is none. */
function natNumber(wanted: MachineSpecification): number {
  return wanted.adapters.findIndex((adapter) => adapter.kind === "nat") + 1;
}

function oldForwards(info: Info): { adapter: number; name: string; rule: string }[] {
  const adapter = adapterNumbers(info).find((number) => info.get(`nic${number}`) === "nat");
  if (adapter === undefined) return [];
  return forwardRules(info).map((rule) => ({ adapter, name: rule.split(",")[0] ?? "", rule }));
}

/** Gives a stopped machine its seed, when there is one: a boot without it must not be the first. */
async function attachSeed(vbox: VBoxManage, machine: string, info: Info, folders: LabFolders): Promise<void> {
  const seed = folders.seed(machine);
  const attached = attachedMedium(info, SEED_PORT);
  if (isBundleVolume(folders, attached) && existsSync(attached)) return;
  if (existsSync(seed) ? attached === seed : attached === undefined) return;
  // A drive whose ISO is gone would keep the machine from starting.
  await vbox.call([
    "storageattach",
    machine,
    ...SEED_DRIVE,
    "--medium",
    existsSync(seed) ? seed : "emptydrive",
  ]);
}
