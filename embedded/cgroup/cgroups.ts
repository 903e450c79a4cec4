import { existsSync } from "node:fs";
import type { Place } from "../place";
import type { MachineCgroups } from "./machine-cgroups";
import { MachineCgroupsV1 } from "./v1";
import { MachineCgroupV2 } from "./v2";

/** The host's way: v2 where its root is cgroup2, else v1. */
function cgroupVersion(): "v1" | "v2" {
  return existsSync("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "v1";
}

export function machineCgroups(place: Place, uuid: string): MachineCgroups {
  return cgroupVersion() === "v2" ? new MachineCgroupV2(place, uuid) : new MachineCgroupsV1(place, uuid);
}
