import {
  type AddressRange,
  addressAfter,
  networkOf,
  overlap,
  prefixLength,
  rangeOf,
  sizeOf,
} from "../../../lib/addresses";
import { natNetwork, subnetNames } from "../../fixed-networks";
import { type Problem, setCommand } from "../problems";
import type { CheckInput, ConfigurationCheck } from "./check";

/** A subnet that the configuration sets. */
interface Subnet {
  key: string;
  cidr: string;
  isDefault: boolean;
}

/** A range that no subnet of the lab may touch. */
interface Taken {
  cidr: string;
  what: string;
}

/** Ranges that are never free, whatever the configuration says. */
const reserved: Taken[] = [
  { cidr: natNetwork.cidr, what: "VirtualBox's NAT, the gateway's way out" },
  { cidr: "0.0.0.0/8", what: "reserved for “this network”" },
  { cidr: "127.0.0.0/8", what: "every machine's own loopback" },
  { cidr: "169.254.0.0/16", what: "link-local" },
  { cidr: "224.0.0.0/3", what: "multicast and reserved" },
];

/** Where a free subnet is looked for, in this order. */
const privateBlocks = ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8"];

/** Every node gets a /24 of the pod subnet; kubeadm's default. */
const NODE_MASK = 24;

export const checkSubnets: ConfigurationCheck = (input) => {
  const subnets = subnetsOf(input);
  return [
    ...overlaps(subnets),
    ...reservedOverlaps([...reserved, ...lanOf(input)], subnets),
    ...podRoom(input),
  ];
};

function subnetsOf({ configuration, defaults }: CheckInput): Subnet[] {
  const { networks, kubernetes, hostAccess } = configuration;
  const subnet = (key: string, cidr: string, fallback: string) => ({
    key,
    cidr,
    isDefault: cidr === fallback,
  });
  return [
    ...subnetNames.map((name) =>
      subnet(`networks.${name}.cidr`, networks[name].cidr, defaults.networks[name].cidr),
    ),
    subnet("kubernetes.podSubnet", kubernetes.podSubnet, defaults.kubernetes.podSubnet),
    subnet("kubernetes.serviceSubnet", kubernetes.serviceSubnet, defaults.kubernetes.serviceSubnet),
    ...(hostAccess.mode === "hostonly"
      ? [subnet("hostAccess.hostOnly.cidr", hostAccess.hostOnly.cidr, defaults.hostAccess.hostOnly.cidr)]
      : []),
  ];
}

/** Of two that overlap, the one that was changed is to blame, else the later one. */
function overlaps(subnets: Subnet[]): Problem[] {
  return subnets.flatMap((second, i) =>
    subnets.slice(0, i).flatMap((first): Problem[] => {
      if (!overlap(rangeOf(first.cidr), rangeOf(second.cidr))) {
        return [];
      }
      const [blamed, other] = second.isDefault && !first.isDefault ? [first, second] : [second, first];
      return [collision(blamed, `it overlaps ${other.key} = ${other.cidr}`, subnets, [other.key])];
    }),
  );
}

/** The LAN of the gateway's own address cannot be chosen: the lab's subnets must keep off it. */
function lanOf({ configuration }: CheckInput): Taken[] {
  const { mode, bridged } = configuration.hostAccess;
  const cidr = mode === "bridged" && bridged.address !== undefined ? networkOf(bridged.address) : undefined;
  return cidr === undefined ? [] : [{ cidr, what: "the LAN of hostAccess.bridged.address" }];
}

function reservedOverlaps(taken: Taken[], subnets: Subnet[]): Problem[] {
  const others = [...subnets, ...taken];
  return subnets.flatMap((subnet) =>
    taken
      .filter(({ cidr }) => overlap(rangeOf(subnet.cidr), rangeOf(cidr)))
      .map(({ cidr, what }) => collision(subnet, `it overlaps ${cidr}, ${what}`, others, [])),
  );
}

function collision(
  blamed: Subnet,
  reason: string,
  subnets: { cidr: string }[],
  dependsOn: string[],
): Problem {
  const free = freeSubnet(prefixLength(blamed.cidr), [
    ...subnets.map(({ cidr }) => rangeOf(cidr)),
    ...reserved.map(({ cidr }) => rangeOf(cidr)),
  ]);
  return {
    key: blamed.key,
    value: blamed.cidr,
    reason,
    allowed: "a subnet that overlaps none of the lab's others and no reserved one",
    fix: free === undefined ? "take a smaller subnet" : setCommand(blamed.key, free),
    dependsOn,
  };
}

/** The first private subnet of that size that touches none of `taken`. */
export function freeSubnet(length: number, taken: AddressRange[]): string | undefined {
  for (const block of privateBlocks.filter((candidate) => prefixLength(candidate) <= length)) {
    const size = 2 ** (32 - length);
    for (let offset = 0; offset < sizeOf(block); offset += size) {
      const cidr = `${addressAfter(rangeOf(block).from, offset)}/${length}`;
      const range = rangeOf(cidr);
      if (!taken.some((other) => overlap(range, other))) {
        return cidr;
      }
    }
  }
  return undefined;
}

function podRoom({ configuration }: CheckInput): Problem[] {
  const { podSubnet } = configuration.kubernetes;
  const nodes = configuration.masters.count + configuration.workers.count;
  const room = 2 ** Math.max(0, NODE_MASK - prefixLength(podSubnet));
  if (nodes <= room) {
    return [];
  }
  const needed = NODE_MASK - Math.ceil(Math.log2(nodes));
  return [
    {
      key: "kubernetes.podSubnet",
      value: podSubnet,
      reason: `it is too small: it has ${room} of the /24 subnets that each of the ${nodes} nodes needs one of`,
      allowed: `a prefix length of at most ${needed} for ${nodes} nodes`,
      fix: setCommand("kubernetes.podSubnet", `10.244.0.0/${Math.min(needed, 16)}`),
      dependsOn: ["masters.count", "workers.count"],
    },
  ];
}
