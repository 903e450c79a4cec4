import { readFileSync, readlinkSync } from "node:fs";
import type { Place } from "../place";

/**
 * What a verb has from the process that does it: place, tracing, search path, namespaces, control groups (a machine's
 * are beneath). The service takes only calls that have the same. client.pl puts the same text together.
 */
export function originOf(place: Place): string {
  const { KUBE_LAB_EMBEDDED_TRACE = "", PATH = "" } = process.env;
  const namespaces = ["mnt", "net", "pid"].map((name) => readlinkSync(`/proc/self/ns/${name}`));
  const groups = readFileSync("/proc/self/cgroup", "utf8");
  return [place.folder, KUBE_LAB_EMBEDDED_TRACE, PATH, ...namespaces, groups].join("\n");
}
