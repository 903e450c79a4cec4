import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "./atomic";
import type { Place } from "./place";
import { runQuietly } from "./process";

/** Raised to at least this: twelve systemds and containerds watch many files. */
const AT_LEAST: Record<string, number> = {
  "fs/inotify/max_user_instances": 8192,
  "fs/inotify/max_user_watches": 1_048_576,
};

/** What every kubelet sets; inside a machine it cannot, and need not where it is so. Source: kubelet, pkg/util/sysctl. */
const EXACTLY: Record<string, number> = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
};

/** Kernel features of the machines' programs, which cannot load modules themselves. */
const MODULES = [
  ...["overlay", "br_netfilter", "vxlan", "nf_conntrack", "nf_tables", "nft_chain_nat", "nft_masq", "fuse", "xfs"],
  ...["ip_tables", "iptable_nat", "iptable_filter", "xt_conntrack", "xt_MASQUERADE", "xt_comment", "xt_mark", "tun"],
];

/** Prepares the host's kernel for machines; what it was is kept in a file. Call under the lock "host". */
export async function raiseSysctls(place: Place): Promise<void> {
  const file = savedFile(place);
  if (existsSync(file)) return;
  await runQuietly("modprobe", ["--all", "--quiet", ...MODULES]);
  const before: Record<string, string> = {};
  for (const name of [...Object.keys(AT_LEAST), ...Object.keys(EXACTLY)]) {
    const value = readSysctl(name);
    if (value !== undefined) before[name] = value;
  }
  writeAtomically(file, JSON.stringify(before, null, 1));
  for (const [name, least] of Object.entries(AT_LEAST))
    if (Number(before[name]) < least) writeSysctl(name, `${least}`);
  for (const [name, value] of Object.entries(EXACTLY))
    if (before[name] !== undefined && Number(before[name]) !== value) writeSysctl(name, `${value}`);
}

/** Puts everything back. Call under the lock "host", when no machine runs. */
export function restoreSysctls(place: Place): void {
  const file = savedFile(place);
  if (!existsSync(file)) return;
  const before = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  for (const [name, value] of Object.entries(before)) if (readSysctl(name) !== value) writeSysctl(name, value);
  rmSync(file);
}

function savedFile(place: Place): string {
  return join(place.folder, "host-sysctls.json");
}

function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return undefined;
  }
}

function writeSysctl(name: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/${name}`, value);
  } catch (error) {
    throw new Error(`cannot set the host's ${name} to ${value}: ${(error as Error).message}`);
  }
}
