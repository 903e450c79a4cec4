import { prefixLength } from "../lib/addresses";
import type { Configuration } from "./config/defaults";
import { natNetwork, subnetNames } from "./fixed-networks";
import type { AddedForward } from "./forwards";
import { planForwards } from "./lab-forwards";
import type { AdapterPlan, BridgedAdapterPlan, HostAdapterPlan, InternalAdapterPlan, Role } from "./lab-plan";
import { lanAddress } from "./lan-addresses";
import { addressOf, subnetOf } from "./machine-names";
import { internalNetwork } from "./subnets";

/** Whether every machine has an adapter on the LAN. */
export function allOnLan({ hostAccess }: Configuration): boolean {
  return hostAccess.mode === "bridged" && hostAccess.bridged.machines === "all";
}

/** The one that its role's subnet leads to. */
export function machineAdapter(
  configuration: Configuration,
  stack: string,
  role: Role,
  index: number,
  mac: string,
): InternalAdapterPlan {
  const subnet = subnetOf[role];
  const { gateway, cidr } = configuration.networks[subnet];
  return {
    kind: "internal",
    subnet,
    internalNetwork: internalNetwork(stack, subnet),
    mac,
    address: addressOf(configuration, role, index),
    prefixLength: prefixLength(cidr),
    gateway,
    resolvers: [gateway],
  };
}

/** Beside the lab's own network, which its traffic and its way out stay on. */
export function lanAdapters(
  configuration: Configuration,
  role: Exclude<Role, "gateway">,
  index: number,
  mac: string,
): BridgedAdapterPlan[] {
  if (!allOnLan(configuration)) return [];
  const { from } = configuration.hostAccess.bridged.range;
  return [bridgedAdapter(configuration, mac, from && lanAddress(from, role, index))];
}

/** @param address on the LAN whose prefix length the gateway's has; absent: by DHCP */
function bridgedAdapter(
  { hostAccess }: Configuration,
  mac: string,
  address: string | undefined,
): BridgedAdapterPlan {
  const { adapter, bridged } = hostAccess;
  return {
    kind: "bridged",
    hostInterface: adapter ?? "",
    mac,
    ...(address && bridged.address && { address, prefixLength: prefixLength(bridged.address) }),
    ...(bridged.trusted && { trusted: bridged.trusted }),
  };
}

/** Its way out, one in every subnet, and where the host reaches it. */
export function gatewayAdapters(
  configuration: Configuration,
  stack: string,
  added: readonly AddedForward[],
  macOf: (adapter: string) => string,
): AdapterPlan[] {
  const internal = subnetNames.map(
    (subnet): InternalAdapterPlan => ({
      kind: "internal",
      subnet,
      internalNetwork: internalNetwork(stack, subnet),
      mac: macOf(subnet),
      address: configuration.networks[subnet].gateway,
      prefixLength: prefixLength(configuration.networks[subnet].cidr),
    }),
  );
  return [
    {
      kind: "nat",
      mac: macOf("nat"),
      address: natNetwork.address,
      prefixLength: prefixLength(natNetwork.cidr),
      gateway: natNetwork.gateway,
      forwards: planForwards(configuration, added),
    },
    ...internal,
    ...hostAdapters(configuration, macOf),
  ];
}

function hostAdapters(configuration: Configuration, macOf: (adapter: string) => string): HostAdapterPlan[] {
  const { mode, adapter, hostOnly, bridged } = configuration.hostAccess;
  switch (mode) {
    case "forward":
      return [];
    case "bridged":
      return [bridgedAdapter(configuration, macOf(mode), bridged.address?.split("/")[0])];
    case "hostonly":
      return [
        {
          kind: mode,
          ...(adapter && { hostInterface: adapter }),
          mac: macOf(mode),
          address: hostOnly.gateway,
          prefixLength: prefixLength(hostOnly.cidr),
          hostAddress: hostOnly.host,
        },
      ];
  }
}
