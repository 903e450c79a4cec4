import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hostPrefix, type Place } from "../place";
import { deniedDevices } from "./devices";
import type { Limits, MachineCgroups } from "./machine-cgroups";

const ROOT = "/sys/fs/cgroup";
/** Microseconds; the kernel's default. */
const CPU_PERIOD = 100_000;

/** A hierarchy this process is in: its controllers' mount point, and where this process is. */
interface Hierarchy {
  name: string;
  mount: string;
  own: string;
}

/**
 * cgroup v1: one folder per machine and hierarchy, beneath the group this process is in (its limits must go on
 * holding). Includes systemd's named hierarchy and the controllerless v2 one of a hybrid host.
 */
export class MachineCgroupsV1 implements MachineCgroups {
  readonly version = "v1";
  readonly folders: string[];
  private readonly groups: { hierarchy: Hierarchy; folder: string }[];

  constructor(place: Place, uuid: string) {
    this.groups = hierarchies().map((hierarchy) => ({
      hierarchy,
      folder: join(hierarchy.mount, hierarchy.own, hostPrefix(place), uuid),
    }));
    this.folders = this.groups.map(({ folder }) => folder);
  }

  create(limits: Limits): void {
    for (const { hierarchy, folder } of this.groups) {
      mkdirSync(folder, { recursive: true });
      if (hierarchy.name.split(",").includes("cpuset")) fillCpuset(dirname(folder), folder);
    }
    this.write("memory", "memory.limit_in_bytes", limits.memoryMiB * 2 ** 20);
    this.write("cpu", "cpu.cfs_period_us", CPU_PERIOD);
    this.write("cpu", "cpu.cfs_quota_us", limits.cpus * CPU_PERIOD);
    const [devices, misc] = ["/proc/devices", "/proc/misc"].map((file) => readFileSync(file, "utf8"));
    for (const rule of deniedDevices(devices ?? "", misc ?? "")) this.write("devices", "devices.deny", rule);
  }

  inside<T>(start: () => T): T {
    for (const { folder } of this.groups) enter(folder);
    try {
      return start();
    } finally {
      for (const { hierarchy } of this.groups) enter(join(hierarchy.mount, hierarchy.own));
    }
  }

  setFrozen(frozen: boolean): void {
    this.write("freezer", "freezer.state", frozen ? "FROZEN" : "THAWED");
  }

  private write(controller: string, file: string, value: string | number): void {
    const group = this.groups.find(({ hierarchy }) => hierarchy.name.split(",").includes(controller));
    if (group) writeFileSync(join(group.folder, file), `${value}`);
  }
}

function enter(folder: string): void {
  writeFileSync(join(folder, "cgroup.procs"), `${process.pid}`);
}

/** A new cpuset takes nobody in before both are filled, from the top down. */
function fillCpuset(...folders: string[]): void {
  for (const folder of folders)
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const inherited = readFileSync(join(dirname(folder), file), "utf8");
      if (readFileSync(join(folder, file), "utf8").trim() === "")
        writeFileSync(join(folder, file), inherited);
    }
}

/** From /proc/self/cgroup: `4:memory:/some/where`, `9:name=systemd:/`, `0::/` (v2 on a hybrid host). */
function hierarchies(): Hierarchy[] {
  return readFileSync("/proc/self/cgroup", "utf8")
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [, id = "", controllers = "", own = "/"] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
      const name = id === "0" ? "unified" : controllers.replace(/^name=/, "");
      const mount = join(ROOT, name);
      return existsSync(mount) ? [{ name, mount, own }] : [];
    });
}
