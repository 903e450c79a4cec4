import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "../lib/atomic-file";
import { withPlaceLock } from "./locks";
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
  ...[
    "overlay",
    "br_netfilter",
    "vxlan",
    "nf_conntrack",
    "nf_tables",
    "nft_chain_nat",
    "nft_masq",
    "fuse",
    "xfs",
  ],
  ...[
    "ip_tables",
    "iptable_nat",
    "iptable_filter",
    "xt_conntrack",
    "xt_MASQUERADE",
    "xt_comment",
    "xt_mark",
    "tun",
  ],
];

/** What the host's values were, and whose machines need the raised ones: several places share one kernel. */
interface SavedSysctls {
  before: Record<string, string>;
  /** Folders of the places that have running machines. */
  users: string[];
}

/** Below /run: it goes with the boot that it is about. */
const SAVED = "/run/kube-lab-embedded/sysctls.json";

/** Prepares the host's kernel for this place's machines; what it was is kept until no place needs it. */
export function raiseSysctls(place: Place): Promise<void> {
  return withPlaceLock(HOST, "sysctls", async () => {
    const saved = readSaved();
    if (!saved) await runQuietly("modprobe", ["--all", "--quiet", ...MODULES]);
    const before = saved?.before ?? currentValues();
    const others = (saved?.users ?? []).filter((user) => user !== place.folder);
    mkdirSync(dirname(SAVED), { recursive: true, mode: 0o700 });
    writeAtomically(
      SAVED,
      JSON.stringify({ before, users: [...others, place.folder] } satisfies SavedSysctls),
      { isLasting: false },
    );
    for (const [name, least] of Object.entries(AT_LEAST))
      if (Number(readSysctl(name)) < least) writeSysctl(name, `${least}`);
    for (const [name, value] of Object.entries(EXACTLY))
      if (before[name] !== undefined && Number(readSysctl(name)) !== value) writeSysctl(name, `${value}`);
  });
}

/** This place has no running machine any more; with the last such place everything is put back. */
export function restoreSysctls(place: Place): Promise<void> {
  return withPlaceLock(HOST, "sysctls", () => {
    const saved = readSaved();
    if (!saved) return;
    // A place whose folder is gone was removed by hand.
    const users = saved.users.filter((user) => user !== place.folder && existsSync(user));
    if (users.length > 0)
      return writeAtomically(SAVED, JSON.stringify({ ...saved, users }), { isLasting: false });
    for (const [name, value] of Object.entries(saved.before))
      if (readSysctl(name) !== value) writeSysctl(name, value);
    rmSync(SAVED);
  });
}

/** The lock is the host's, not a place's. */
const HOST = { locks: dirname(SAVED) };

function readSaved(): SavedSysctls | undefined {
  return existsSync(SAVED) ? (JSON.parse(readFileSync(SAVED, "utf8")) as SavedSysctls) : undefined;
}

function currentValues(): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of [...Object.keys(AT_LEAST), ...Object.keys(EXACTLY)]) {
    const value = readSysctl(name);
    if (value !== undefined) values[name] = value;
  }
  return values;
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
