import { prefixLength } from "../lib/addresses";
import type { Configuration } from "./config/defaults";
import type { SubnetName, SubnetPlan } from "./lab-plan";

/** The lab's four networks. */
export function planSubnets({ networks }: Configuration, stack: string): Record<SubnetName, SubnetPlan> {
  const plan = (name: SubnetName): SubnetPlan => ({
    name,
    internalNetwork: internalNetwork(stack, name),
    cidr: networks[name].cidr,
    prefixLength: prefixLength(networks[name].cidr),
    gateway: networks[name].gateway,
    dhcp: { ...networks[name].dhcp },
  });
  return {
    mast: plan("mast"),
    node: { ...plan("node"), servicePool: { ...networks.node.servicePool } },
    glus: plan("glus"),
    dmz: plan("dmz"),
  };
}

/** What VirtualBox calls a stack's network. */
export function internalNetwork(stack: string, subnet: SubnetName): string {
  return `kube-lab-${stack}-${subnet}`;
}
