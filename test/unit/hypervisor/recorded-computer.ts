import { readdirSync, readFileSync } from "node:fs";
import type { NetworkInterfaceInfo } from "node:os";
import path from "node:path";
import { load } from "js-yaml";
import type { Probes } from "../../../hypervisor/preflight/probes";
import { hostLike } from "./fixtures";

const FOLDER = path.join(__dirname, "samples", "computers");

/** A computer as its own files and programs describe it; samples/computers has one a file. */
export interface RecordedComputer {
  about: string;
  platform: NodeJS.Platform;
  architecture: string;
  kernelRelease: string;
  environment: NodeJS.ProcessEnv;
  /** What exists. */
  files: string[];
  texts?: Record<string, string>;
  /** Addresses of its network adapters, as `192.168.1.57/24`. */
  interfaces?: Record<string, string[]>;
  /** Servers that it asks for names. */
  resolvers?: string[];
  /** VBoxManage's output by its arguments. */
  vboxManage: Record<string, string>;
  /** Standard output of other programs, by their names; others are not there. */
  run: Record<string, string>;
  /** All that is wrong: severity, what was looked at, a part of what was found and of the fix. */
  expected: [severity: string, check: string, found: string, fix: string][];
}

export function recordedComputers(): [name: string, computer: RecordedComputer][] {
  return readdirSync(FOLDER).map((file) => [
    path.basename(file, ".yaml"),
    load(readFileSync(path.join(FOLDER, file), "utf8")) as RecordedComputer,
  ]);
}

/** That computer, with memory, disk and ports to spare. */
export function probesOf(computer: RecordedComputer): Probes {
  const { platform, files, texts = {}, environment } = computer;
  const host = hostLike(platform, environment, files);
  return {
    host,
    architecture: computer.architecture,
    kernelRelease: computer.kernelRelease,
    isRoot: false,
    read: (file) => texts[file],
    exists: host.exists,
    program: (name) => files.find((file) => path.basename(file) === name),
    memory: async () => ({ totalMiB: 65536, availableMiB: 60000 }),
    now: () => new Date("2026-11-21T12:00:00Z"),
    processors: 16,
    freeGiB: () => 500,
    portHindrance: async () => undefined,
    listenerOn: () => undefined,
    officialImage: async () => true,
    interfaces: () => interfacesOf(computer.interfaces),
    resolvers: () => computer.resolvers ?? [],
    run: async (file) => {
      const stdout = computer.run[path.basename(file)];
      const ended = { stdout: stdout ?? "", stderr: "", timedOut: false };
      return stdout === undefined
        ? { ...ended, status: null, startError: "ENOENT" }
        : { ...ended, status: 0 };
    },
    vboxManage: async (_hypervisor, args) => computer.vboxManage[args.join(" ")] ?? "",
  };
}

/** As node:os has adapters. */
export function interfacesOf(adapters: Record<string, string[]> = {}): NodeJS.Dict<NetworkInterfaceInfo[]> {
  return Object.fromEntries(
    Object.entries(adapters).map(([name, addresses]) => [name, addresses.map((cidr) => adapter(cidr))]),
  );
}

function adapter(cidr: string): NetworkInterfaceInfo {
  const [address = ""] = cidr.split("/");
  const rest = { netmask: "", mac: "08:00:27:00:00:01", internal: address.startsWith("127."), cidr, address };
  return address.includes(":") ? { ...rest, family: "IPv6", scopeid: 0 } : { ...rest, family: "IPv4" };
}
