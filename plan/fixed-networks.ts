import type { SubnetName } from "./lab-plan";

/** The gateway's adapters come in this order, after its NAT adapter. */
export const subnetNames: readonly SubnetName[] = ["mast", "node", "glus", "dmz"];

/** VirtualBox's NAT is the same for every machine; its manual, "Network Address Translation (NAT)". */
export const natNetwork = { cidr: "10.0.2.0/24", address: "10.0.2.15", gateway: "10.0.2.2" };
