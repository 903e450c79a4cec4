import type { AdapterPlan, HostAdapterPlan, MachinePlan } from "../plan/lab-plan";
import { yaml } from "./yaml";

/** An interface of netplan's version 2 format. */
interface Ethernet {
  match: { macaddress: string };
  dhcp4: boolean;
  dhcp6: boolean;
  "dhcp-identifier"?: "mac";
  "dhcp4-overrides"?: typeof lanOnly;
  "accept-ra": boolean;
  "link-local": string[];
  optional?: boolean;
  addresses?: string[];
  routes?: { to: string; via: string }[];
}

/**
 * NoCloud's network-config: static addresses, so that no machine waits for another; interfaces are matched by MAC address, since
 * their names differ by hypervisor, and keep the name they have.
 */
export function networkConfig(machine: MachinePlan): string {
  const ethernets = Object.fromEntries(
    machine.adapters.map((adapter, position) => [`adapter${position + 1}`, ethernet(adapter)]),
  );
  return yaml({ version: 2, ethernets });
}

function ethernet(adapter: AdapterPlan): Ethernet {
  const base = {
    match: { macaddress: adapter.mac },
    dhcp4: false,
    dhcp6: false,
    "accept-ra": false,
    "link-local": [],
  };
  switch (adapter.kind) {
    case "nat":
      return {
        ...base,
        addresses: [`${adapter.address}/${adapter.prefixLength}`],
        routes: defaultRoute(adapter.gateway),
      };
    case "internal":
      return {
        ...base,
        addresses: [`${adapter.address}/${adapter.prefixLength}`],
        ...(adapter.gateway === undefined ? {} : { routes: defaultRoute(adapter.gateway) }),
      };
    case "hostonly":
    case "bridged":
      return hostSide(base, adapter);
  }
}

/** The way out stays NAT's, and the gateway's names are its own affair. */
const lanOnly = { "use-routes": false, "use-dns": false };

/** A LAN's own DHCP server may be slow or missing: boot does not wait for it. */
function hostSide(base: Ethernet, adapter: HostAdapterPlan): Ethernet {
  return adapter.address === undefined
    ? { ...base, dhcp4: true, "dhcp-identifier": "mac", "dhcp4-overrides": lanOnly, optional: true }
    : { ...base, addresses: [`${adapter.address}/${adapter.prefixLength ?? 24}`], optional: true };
}

function defaultRoute(via: string): { to: string; via: string }[] {
  return [{ to: "0.0.0.0/0", via }];
}
