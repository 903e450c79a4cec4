import type { Check } from "../lab/check";

/** `unknown`: nothing was looked at, because the machine or the whole lab is not there, or nobody who could tell answered. */
export type Health = "healthy" | "failing" | "unknown";

/** All that was looked at of one machine: hardware, node, etcd member, backend, Gluster peer. */
export function checksOf(machine: string, checks: readonly Check[]): Check[] {
  return checks.filter(({ name }) => name === machine);
}

export function healthOf(checks: readonly Check[]): Health {
  if (checks.length === 0) return "unknown";
  if (checks.some((check) => !check.healthy && !check.unknown)) return "failing";
  return checks.every(({ healthy }) => healthy) ? "healthy" : "unknown";
}

/** The load balancer that holds the virtual IP; undefined while none or more than one does. */
export function virtualIpHolder(checks: readonly Check[]): string | undefined {
  return checks.find(({ kind, healthy }) => kind === "virtual IP" && healthy)?.name;
}
