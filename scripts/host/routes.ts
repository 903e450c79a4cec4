import type { NetworkInterfaceInfo } from "node:os";
import { netmask, networkOf, overlap, prefixLength, rangeOf } from "../../lib/addresses";
import { setCommand } from "../../plan/config/problems";
import { subnetNames } from "../../plan/fixed-networks";
import type { LabPlan } from "../../plan/lab-plan";

/** The host's way to one of the lab's subnets. */
export interface Route {
  /** `192.168.1.0/24` */
  subnet: string;
  /** The gateway's address on the host's side. */
  via: string;
}

/** The gateway's address that the host reaches; undefined in the mode forward, and where the LAN's DHCP gives it. */
export function gatewayAddress(plan: LabPlan): string | undefined {
  const adapters = plan.machines.flatMap((machine) => machine.adapters);
  return adapters.find((adapter) => adapter.kind === "hostonly" || adapter.kind === "bridged")?.address;
}

/** Routes to all subnets of the lab. */
export function routesTo(plan: LabPlan, via: string): Route[] {
  return subnetNames.map((name) => ({ subnet: plan.subnets[name].cidr, via }));
}

/** The program and arguments that set a route until the computer restarts. */
export function addRouteCommand(platform: NodeJS.Platform, { subnet, via }: Route): string[] {
  switch (platform) {
    case "win32":
      return ["route.exe", "ADD", ...windowsTarget(subnet), via];
    case "darwin":
      return ["/sbin/route", "-n", "add", "-net", subnet, via];
    default:
      return ["ip", "route", "add", subnet, "via", via];
  }
}

/** The program and arguments that take that very route away, and no other to the same subnet. */
export function removeRouteCommand(platform: NodeJS.Platform, { subnet, via }: Route): string[] {
  switch (platform) {
    case "win32":
      return ["route.exe", "DELETE", ...windowsTarget(subnet), via];
    case "darwin":
      return ["/sbin/route", "-n", "delete", "-net", subnet, via];
    default:
      return ["ip", "route", "del", subnet, "via", via];
  }
}

function windowsTarget(subnet: string): string[] {
  return [subnet.split("/")[0] ?? "", "MASK", netmask(prefixLength(subnet))];
}

/** A network that the host reaches already, by an adapter of its own or by routes to another lab. */
export interface HostNetwork {
  cidr: string;
  /** `the adapter eth0`, `the lab other` */
  what: string;
}

/** Networks of the host's own adapters. */
export function networksOf(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): HostNetwork[] {
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ family, internal, cidr }) => {
      const network = family === "IPv4" && !internal && cidr !== null ? networkOf(cidr) : undefined;
      return network === undefined ? [] : [{ cidr: network, what: `the adapter ${name}` }];
    }),
  );
}

/** Why routes cannot be set, one line each with its fix: they would take other networks away from the host. */
export function conflicts(plan: LabPlan, others: readonly HostNetwork[]): string[] {
  return subnetNames.flatMap((name) => {
    const { cidr } = plan.subnets[name];
    return others
      .filter((other) => overlap(rangeOf(other.cidr), rangeOf(cidr)))
      .map(
        (other) =>
          `${cidr} (networks.${name}) is ${other.what}'s, ${other.cidr}; choose another: ${setCommand(`networks.${name}.cidr`, "A.B.C.0/24")}`,
      );
  });
}
