import { existsSync } from "node:fs";
import type { Place } from "../place";
import { MachineCgroupsV1 } from "./v1";
import { MachineCgroupV2 } from "./v2";

export interface Limits {
  cpus: number;
  memoryMiB: number;
}

/** One machine's control groups: limits, everything that runs in it, freezing, and removal. */
export interface MachineCgroups {
  readonly version: "v1" | "v2";
  /** Folders to remove later, for the state file: another process may have to do it. */
  readonly folders: readonly string[];
  create(limits: Limits): void;
  /** Runs `start`, a synchronous spawn, with this process inside, so that the child begins there. */
  inside<T>(start: () => T): T;
  setFrozen(frozen: boolean): void;
}

/** The host's way: v2 where its root is cgroup2, else v1. */
export function cgroupVersion(): "v1" | "v2" {
  return existsSync("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "v1";
}

export function machineCgroups(place: Place, uuid: string): MachineCgroups {
  return cgroupVersion() === "v2" ? new MachineCgroupV2(place, uuid) : new MachineCgroupsV1(place, uuid);
}
