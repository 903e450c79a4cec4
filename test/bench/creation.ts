import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { ensureImage } from "../../hypervisor/image/image";
import { absentMachine, ensureMachine } from "../../hypervisor/machine/machine";
import { ensureSeed } from "../../hypervisor/machine/seed";
import type { MachineSpecification } from "../../hypervisor/specification/machine";
import { openSandbox } from "../virtualbox/sandbox";
import { IMAGE, imageSpecification, specifications } from "../virtualbox/script/lab";
import { type Laboratory, openLaboratory } from "../virtualbox/script/laboratory";
import { middle, seconds } from "./time";

/** What the base disk holds, as much as a lab's. Only full clones copy it. */
const CONTENT_MIB = 1680;
/** Of every hundred calls one hangs for ten seconds at its end, a defect of VirtualBox 7.2's: the middle of so many runs. */
const RUNS = 3;

const SEED = { userData: "#cloud-config\n", metaData: "instance-id: one\n", networkConfig: "version: 2\n" };

/** How long twelve machines take to be there, each with seed and hardware, not yet started. */
export interface Creation {
  /** Through our code, all at once. */
  ours: number;
  /** Full clones one after the other. */
  oneByOne: number;
  ratio: number;
  /** Of VBoxManage, by our code. */
  callsPerMachine: number;
  contentMiB: number;
}

/** Makes the reference lab's machines with the real VBoxManage, by our code and in the usual way. */
export async function creation(): Promise<Creation> {
  const sandbox = await openSandbox(console.error);
  try {
    const folder = join(sandbox.folder, "lab");
    const laboratory = await openLaboratory("virtualbox", sandbox.vboxManage, process.env, folder);
    const { vbox, host, log, calls } = laboratory;
    await fill(laboratory.baseDisk);
    await ensureImage(vbox, imageSpecification(laboratory), host, log);
    const wanted = specifications(laboratory);
    const all: number[] = [];
    let callsPerMachine = 0;
    for (let run = 0; run < RUNS; run++) {
      calls.length = 0;
      all.push(await seconds(() => Promise.all(wanted.map((machine) => ensure(laboratory, machine)))));
      callsPerMachine = calls.length / wanted.length;
      await Promise.all(wanted.map((machine) => absentMachine(vbox, machine, log)));
    }
    const ours = middle(all);
    let oneByOne = 0;
    for (const machine of wanted) {
      oneByOne += await seconds(() => cloneWhole(laboratory, machine));
      // Twelve of them would fill a small disk.
      await vbox.call(["unregistervm", machine.machine, "--delete"]);
    }
    return { ours, oneByOne, ratio: ours / oneByOne, callsPerMachine, contentMiB: CONTENT_MIB };
  } finally {
    await sandbox.remove();
  }
}

async function fill(disk: string): Promise<void> {
  const file = await open(disk, "r+");
  const step = 2 ** 20;
  for (let at = step; at <= CONTENT_MIB * step; at += step) await file.write(randomBytes(step), 0, step, at);
  await file.close();
}

async function ensure(laboratory: Laboratory, wanted: MachineSpecification): Promise<void> {
  await ensureSeed(laboratory.vbox, wanted, SEED, laboratory.host);
  await ensureMachine(laboratory.vbox, wanted, laboratory.log);
}

/** As in create-image.sh of mvallim/kubernetes-under-the-hood: seed, clone with all it has, drive, adapters, data disk, resources. */
async function cloneWhole(
  { vbox, host, machineFolder }: Laboratory,
  wanted: MachineSpecification,
): Promise<void> {
  const iso = await ensureSeed(vbox, wanted, SEED, host);
  const { machine, adapters, cpus, memoryMiB, dataDiskGiB } = wanted;
  await vbox.call(["clonevm", IMAGE, "--mode", "all", "--name", machine, "--register"]);
  const attach = (port: number, type: string, medium: string) =>
    vbox.call([
      ...["storageattach", machine, "--storagectl", "SATA", "--port", String(port), "--device", "0"],
      ...["--type", type, "--medium", medium],
    ]);
  await attach(2, "dvddrive", iso);
  for (const [index, { kind, network }] of adapters.entries()) {
    const number = index + 1;
    const attached = kind === "nat" ? ["nat"] : ["intnet", `--intnet${number}`, network];
    await vbox.call(["modifyvm", machine, `--nictype${number}`, "virtio", `--nic${number}`, ...attached]);
  }
  if (dataDiskGiB !== undefined) {
    const disk = join(machineFolder, machine, "data.vdi");
    await vbox.call(["createmedium", "disk", "--filename", disk, "--size", String(dataDiskGiB * 1024)]);
    await attach(1, "hdd", disk);
  }
  await vbox.call(["modifyvm", machine, "--cpus", String(cpus), "--memory", String(memoryMiB)]);
}
