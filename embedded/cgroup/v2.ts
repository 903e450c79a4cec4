import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hostPrefix, type Place } from "../place";
import type { Limits, MachineCgroups } from "./machine-cgroups";

const ROOT = "/sys/fs/cgroup";
/** Microseconds; the kernel's default. */
const CPU_PERIOD = 100_000;

/** cgroup v2: one folder per machine at the top; a group that has processes, as the caller's, may not have limited children. */
export class MachineCgroupV2 implements MachineCgroups {
  readonly version = "v2";
  readonly folders: string[];
  private readonly folder: string;

  constructor(place: Place, uuid: string) {
    this.folder = join(ROOT, hostPrefix(place), uuid);
    this.folders = [this.folder];
  }

  create(limits: Limits): void {
    mkdirSync(this.folder, { recursive: true });
    for (const parent of [ROOT, dirname(this.folder)]) enableControllers(parent);
    this.write("memory.max", limits.memoryMiB * 2 ** 20);
    this.write("cpu.max", `${limits.cpus * CPU_PERIOD} ${CPU_PERIOD}`);
  }

  inside<T>(start: () => T): T {
    const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
    this.write("cgroup.procs", process.pid);
    try {
      return start();
    } finally {
      writeFileSync(join(ROOT, own, "cgroup.procs"), `${process.pid}`);
    }
  }

  setFrozen(frozen: boolean): void {
    this.write("cgroup.freeze", frozen ? 1 : 0);
  }

  private write(file: string, value: string | number): void {
    writeFileSync(join(this.folder, file), `${value}`);
  }
}

/** One by one: a kernel without one of them must not cost the others. */
function enableControllers(folder: string): void {
  for (const controller of readFileSync(join(folder, "cgroup.controllers"), "utf8").trim().split(" "))
    try {
      writeFileSync(join(folder, "cgroup.subtree_control"), `+${controller}`);
    } catch (error) {
      if (controller === "memory" || controller === "cpu") throw error;
    }
}
