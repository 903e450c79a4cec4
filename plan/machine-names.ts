import { addressAfter } from "../lib/addresses";
import type { Configuration } from "./config/defaults";
import type { Role, SubnetName } from "./lab-plan";

/** A machine before it has adapters. */
export interface MachineName {
  role: Role;
  /** 1 for the first of its role. */
  index: number;
  name: string;
}

/** The subnet that a role's machines are in; the gateway is in all, known by its dmz address. */
export const subnetOf: Record<Role, SubnetName> = {
  gateway: "dmz",
  loadBalancer: "dmz",
  master: "mast",
  worker: "node",
  gluster: "glus",
};

/** All machines in the order of the plan: gateway, load balancers, masters, workers, Gluster. */
export function machineNames(configuration: Configuration): MachineName[] {
  const counts = countsOf(configuration);
  return (Object.keys(counts) as Role[]).flatMap((role) =>
    Array.from({ length: counts[role] }, (_, i) => ({
      role,
      index: i + 1,
      name: `${configuration.names[role]}${String(i + 1).padStart(2, "0")}`,
    })),
  );
}

/** How many machines of each role. */
export function countsOf(configuration: Configuration): Record<Role, number> {
  return {
    gateway: 1,
    loadBalancer: configuration.loadBalancers.count,
    master: configuration.masters.count,
    worker: configuration.workers.count,
    gluster: configuration.gluster.count,
  };
}

/** In its role's subnet. */
export function addressOf({ networks }: Configuration, role: Role, index: number): string {
  const network = networks[subnetOf[role]];
  return role === "gateway" ? network.gateway : addressAfter(network.firstAddress, index - 1);
}
