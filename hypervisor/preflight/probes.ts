import { getServers } from "node:dns";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { freeGiB } from "../../lib/free-space";
import { type Host, onPath, thisHost } from "../../lib/host";
import { type ProcessResult, runProcess } from "../../lib/process";
import type { Hypervisor } from "../../plan/lab-plan";
import { hasOfficialImage } from "../../supply/kubernetes/bundle";
import { parseColons, parseMachineReadable } from "../driver/output";
import { openVBoxManage } from "../driver/vboxmanage";
import { listenerOn, type PortHindrance, portHindrance } from "../network/host-ports";

/** Everything that the checks want to know about this computer. Each a question; replaced in tests. */
export interface Probes {
  host: Host;
  architecture: string;
  isRoot: boolean;
  /** Linux: `6.18.44-amd64`; macOS and Windows: their kernels' versions. */
  kernelRelease: string;
  /** Text of a file; undefined when it is not there or not for us. */
  read: (file: string) => string | undefined;
  exists: (file: string) => boolean;
  /** Full path of a program on PATH. */
  program: (name: string) => string | undefined;
  memory: () => Promise<{ totalMiB: number; availableMiB: number }>;
  /** The clock. */
  now: () => Date;
  processors: number;
  /** Free space where a path is or would be, in GiB; undefined when unknown. */
  freeGiB: (folder: string) => number | undefined;
  /** What keeps us from listening on an address and port. */
  portHindrance: (address: string, port: number) => Promise<PortHindrance | undefined>;
  /** Who listens on a port, in words; undefined when unknown. */
  listenerOn: (port: number) => string | undefined;
  /** Network adapters by name, with their addresses. */
  interfaces: () => NodeJS.Dict<os.NetworkInterfaceInfo[]>;
  /** Addresses of the servers that this computer asks for names. */
  resolvers: () => string[];
  /** Runs any program; never rejects. */
  run: (file: string, args: string[]) => Promise<ProcessResult>;
  /** Whether an official image is in the bundle of a release of Kubernetes, or can be fetched for it. */
  officialImage: (image: string, kubernetesVersion: string) => Promise<boolean>;
  /** VBoxManage's standard output; undefined when it is not there or fails. */
  vboxManage: (hypervisor: Hypervisor, args: string[]) => Promise<string | undefined>;
}

const PROBE_SECONDS = 20;

export function realProbes(host: Host = thisHost()): Probes {
  const run: Probes["run"] = (file, args) => runProcess(file, args, { timeoutSeconds: PROBE_SECONDS });
  // Several checks ask the same; what VBoxManage says is looked at once.
  const answers = new Map<string, Promise<string | undefined>>();
  return {
    host,
    architecture: process.arch,
    isRoot: process.getuid?.() === 0,
    kernelRelease: os.release(),
    read,
    exists: existsSync,
    program: (name) => onPath(host, name),
    memory: async () => ({
      totalMiB: toMiB(os.totalmem()),
      availableMiB: (await availableMiB(host.platform, run)) ?? toMiB(os.freemem()),
    }),
    now: () => new Date(),
    processors: os.availableParallelism(),
    freeGiB,
    portHindrance,
    listenerOn,
    interfaces: os.networkInterfaces,
    resolvers: getServers,
    run,
    officialImage: (image, version) => hasOfficialImage(image, { version }),
    vboxManage: (hypervisor, args) => {
      const question = JSON.stringify([hypervisor, args]);
      const answer = answers.get(question) ?? ask(host, hypervisor, args);
      answers.set(question, answer);
      return answer;
    },
  };
}

async function ask(host: Host, hypervisor: Hypervisor, args: string[]): Promise<string | undefined> {
  try {
    return await openVBoxManage(hypervisor, host, () => undefined).call(args, PROBE_SECONDS);
  } catch {
    // A check that needs the answer has nothing to find then; that VBoxManage is missing is a finding of its own.
    return undefined;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function toMiB(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}

/** Memory that can be had without swapping. Node's free memory is that on Windows; elsewhere it leaves caches out. */
async function availableMiB(platform: NodeJS.Platform, run: Probes["run"]): Promise<number | undefined> {
  if (platform === "darwin") return availableOfVmStat((await run("/usr/bin/vm_stat", [])).stdout);
  const line = /^MemAvailable:\s+(\d+) kB/m.exec(read("/proc/meminfo") ?? "")?.[1];
  return line === undefined ? undefined : Math.floor(Number(line) / 1024);
}

/** MiB out of what vm_stat(1) of macOS prints; undefined when it prints something else. */
export function availableOfVmStat(text: string): number | undefined {
  const pageBytes = Number(/page size of (\d+) bytes/.exec(text)?.[1]);
  const values = parseColons(text);
  const kinds = ["Pages free", "Pages inactive", "Pages speculative", "Pages purgeable"];
  const pages = kinds.reduce((sum, kind) => sum + Number.parseInt(values.get(kind) ?? "", 10), 0);
  return Number.isNaN(pages * pageBytes) ? undefined : toMiB(pages * pageBytes);
}

/** The default machine folder, undefined when VBoxManage cannot tell. */
export async function folderForMachines(probes: Probes, hypervisor: Hypervisor): Promise<string | undefined> {
  const output = await probes.vboxManage(hypervisor, ["list", "systemproperties"]);
  return output === undefined ? undefined : parseColons(output).get("Default machine folder");
}

/** What a machine is; undefined when there is none of that name. */
export async function machineInfo(
  probes: Probes,
  hypervisor: Hypervisor,
  machine: string,
): Promise<Map<string, string> | undefined> {
  const output = await probes.vboxManage(hypervisor, ["showvminfo", machine, "--machinereadable"]);
  return output === undefined ? undefined : parseMachineReadable(output);
}
