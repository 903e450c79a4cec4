import { createHash } from "node:crypto";
import { type AddressRange, addressAfter, addressAt, sizeOf } from "../../lib/addresses";
import type { Hypervisor } from "../lab-plan";
import type { Settings } from "./schema";

type GivenNetwork = Settings["networks"]["mast"] & {
  servicePool?: Settings["networks"]["node"]["servicePool"];
};

/** One machine network with nothing left open. */
export interface NetworkConfiguration {
  cidr: string;
  gateway: string;
  /** Address of the first machine; the others follow without a gap. */
  firstAddress: string;
  dhcp: AddressRange;
}

/** Every key with its value: what was set, else the default, whether constant or derived. */
export interface Configuration
  extends Omit<Settings, "hypervisor" | "loadBalancers" | "networks" | "hostAccess"> {
  hypervisor: Hypervisor;
  loadBalancers: Settings["loadBalancers"] & { virtualIp: string };
  networks: {
    mast: NetworkConfiguration;
    node: NetworkConfiguration & { servicePool: AddressRange };
    glus: NetworkConfiguration;
    dmz: NetworkConfiguration;
  };
  hostAccess: Omit<Settings["hostAccess"], "hostOnly"> & {
    apiPort: number;
    sshPort: number;
    statisticsPort: number;
    dashboardPort: number;
    httpPort: number;
    httpsPort: number;
    hostOnly: { cidr: string; host: string; gateway: string };
  };
}

/**
 * Fills in the defaults that follow from other keys, from the stack's name, or from the computer.
 * @param fitting the hypervisor that `auto` means on this computer
 */
export function fillIn(settings: Settings, stack: string, fitting: Hypervisor): Configuration {
  const { networks, hostAccess, loadBalancers } = settings;
  const pool = servicePool(networks.node);
  const { hostOnly } = hostAccess;
  const hostOnlyCidr = hostOnly.cidr ?? hostOnlySubnet(stack);
  return {
    ...settings,
    hypervisor: settings.hypervisor === "auto" ? fitting : settings.hypervisor,
    loadBalancers: { ...loadBalancers, virtualIp: loadBalancers.virtualIp ?? virtualIp(networks.dmz.cidr) },
    networks: {
      mast: network(networks.mast),
      node: { ...network(networks.node, addressAfter(pool.from, -1)), servicePool: pool },
      glus: network(networks.glus),
      dmz: network(networks.dmz),
    },
    hostAccess: {
      ...hostAccess,
      ...ports(hostAccess, stack),
      hostOnly: {
        cidr: hostOnlyCidr,
        host: hostOnly.host ?? addressAt(hostOnlyCidr, 1),
        gateway: hostOnly.gateway ?? addressAt(hostOnlyCidr, -1),
      },
    },
  };
}

function network(given: GivenNetwork, dhcpEnd?: string): NetworkConfiguration {
  const gateway = given.gateway ?? addressAt(given.cidr, -1);
  return {
    cidr: given.cidr,
    gateway,
    firstAddress: given.firstAddress ?? share(given.cidr, 10),
    dhcp: {
      from: given.dhcp.from ?? share(given.cidr, 130),
      to: given.dhcp.to ?? dhcpEnd ?? addressAt(given.cidr, -2),
    },
  };
}

/** Far enough behind the first load balancer, and before what DHCP leases. */
function virtualIp(cidr: string): string {
  return sizeOf(cidr) < 256 ? addressAt(cidr, sizeOf(cidr) / 2 - 1) : addressAt(cidr, 20);
}

function servicePool(given: GivenNetwork): AddressRange {
  return {
    from: given.servicePool?.from ?? share(given.cidr, 200),
    // In a small subnet the 250th of 256 could be the gateway's.
    to: given.servicePool?.to ?? share(given.cidr, Math.min(250, 256 - (256 * 3) / sizeOf(given.cidr))),
  };
}

/** The address that lies as far into the subnet as `ofA24` does into a /24; in a larger subnet at that very offset. */
function share(cidr: string, ofA24: number): string {
  const size = Math.min(sizeOf(cidr), 256);
  return addressAt(cidr, Math.max(1, Math.floor((ofA24 * size) / 256)));
}

/**
 * The host's ports. The reference ports belong to the stack `dev`; another stack's are moved by a number from 1 to 400
 * made from its name, so that two labs can run side by side. Statistics move down, away from the ephemeral ports.
 */
function ports(given: Settings["hostAccess"], stack: string) {
  const move = numberOf(stack, 400);
  return {
    apiPort: given.apiPort ?? 18080 + move,
    sshPort: given.sshPort ?? 2222 + move,
    statisticsPort: given.statisticsPort ?? 32700 - move,
    dashboardPort: given.dashboardPort ?? 4466 + move,
    httpPort: given.httpPort ?? 8000 + move,
    httpsPort: given.httpsPort ?? 8443 + move,
  };
}

/** The eight /24 of 192.168.56.0/21, which VirtualBox permits everywhere; the first is the stack `dev`'s. */
function hostOnlySubnet(stack: string): string {
  return `192.168.${56 + numberOf(stack, 7)}.0/24`;
}

/** 0 for the stack `dev`, for another a number from 1 to `most` made from its name. */
function numberOf(stack: string, most: number): number {
  return stack === "dev" ? 0 : 1 + (createHash("sha256").update(stack).digest().readUInt32BE(0) % most);
}
