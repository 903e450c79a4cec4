import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";

const LONGEST_WAIT = 10_000;
const PAUSE = 5;

/**
 * Kills everything in these groups and removes them with all beneath. A group left behind would cost the next boot's
 * kubelet seconds for each dead pod's.
 * @throws Error when a process does not die within ten seconds
 */
export async function killAndRemove(folders: readonly string[]): Promise<void> {
  const started = Date.now();
  for (;;) {
    const alive = new Set(folders.flatMap((folder) => processesIn(folder)));
    if (alive.size === 0) break;
    if (Date.now() - started > LONGEST_WAIT)
      throw new Error(`processes ${[...alive].join(" ")} do not die; see /proc/PID/stack and ${folders[0]}`);
    for (const pid of alive) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  for (const folder of folders) await removeTree(folder);
}

/** Everything in this group and beneath, but not the caller itself. */
function processesIn(folder: string): number[] {
  return tree(folder).flatMap((group) => {
    const text = readIfThere(join(group, "cgroup.procs"));
    // 0: a process of a namespace that this one does not see.
    return (text.match(/\d+/g) ?? []).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  });
}

/** The group and all beneath, deepest last. */
function tree(folder: string): string[] {
  if (!existsSync(folder)) return [];
  try {
    const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...children.flatMap((child) => tree(join(folder, child.name)))];
  } catch {
    return [];
  }
}

/** The last dying thread may hold a group for some milliseconds more. */
async function removeTree(folder: string): Promise<void> {
  const started = Date.now();
  while (existsSync(folder)) {
    for (const group of tree(folder).reverse()) removeGroup(group);
    if (!existsSync(folder)) break;
    if (Date.now() - started > LONGEST_WAIT) throw new Error(`the control group ${folder} cannot be removed`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  // The place's own group, if this was its last machine.
  removeGroup(dirname(folder));
}

function removeGroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Busy: tried again by the caller; or other machines are in it.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
