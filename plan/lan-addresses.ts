import { addressAfter } from "../lib/addresses";
import type { BridgedAdapterPlan, MachinePlan, Role } from "./lab-plan";

/** The gateway has its own key. Each other role has every fourth address, so that no machine that is added moves another. */
const roles: readonly Role[] = ["loadBalancer", "master", "worker", "gluster"];

/**
 * A machine's own address on the LAN.
 * @param from the first address of the machines' range: the first load balancer's
 * @param index 1 for the first of its role
 */
export function lanAddress(from: string, role: Exclude<Role, "gateway">, index: number): string {
  return addressAfter(from, (index - 1) * roles.length + roles.indexOf(role));
}

/** The adapter of a machine that is on the LAN itself; the gateway's is its own affair. */
export function ownLanAdapter(machine: MachinePlan): BridgedAdapterPlan | undefined {
  return machine.role === "gateway"
    ? undefined
    : machine.adapters.find((adapter) => adapter.kind === "bridged");
}
