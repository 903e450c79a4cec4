import { contains, isAddress, networkOf, overlap, prefixLength, rangeOf } from "../../lib/addresses";
import { freeSubnet } from "../../plan/config/checks/subnet-overlap";
import { setCommand } from "../../plan/config/problems";
import { natNetwork } from "../../plan/fixed-networks";
import type { LabPlan } from "../../plan/lab-plan";
import { hostOnlyList, parseHostOnly } from "../network/host-only";
import { type Finding, fine, warning } from "./finding";
import type { Probes } from "./probes";

/** A subnet of the lab, and the key that sets it. */
interface Subnet {
  key: string;
  cidr: string;
}

/** A network that this computer is in. */
interface Lan {
  adapter: string;
  /** This computer's address in it: `192.168.1.57/24`. */
  address: string;
  cidr: string;
}

const CHECK = "host's networks";

/**
 * Subnets of the lab that this computer is in itself, or asks for names: the lab's machines look for what is there among
 * themselves, and so does this computer once it has routes to the lab. The stand-in's networks are apart from the computer's.
 */
export async function checkLans(plan: LabPlan, probes: Probes): Promise<Finding[]> {
  if (plan.hypervisor === "embedded") return [];
  const lans = lansOf(probes, await hostOnlyAddresses(plan, probes));
  const resolvers = probes.resolvers().filter((server) => isAddress(server) && !server.startsWith("127."));
  const subnets = subnetsOf(plan);
  const taken = [...subnets, ...lans, natNetwork].map(({ cidr }) => rangeOf(cidr));
  taken.push(...resolvers.map((server) => ({ from: server, to: server })));
  const findings = subnets.flatMap(({ key, cidr }) => {
    const found = conflicts(cidr, lans, resolvers);
    if (found.length === 0) return [];
    const free = freeSubnet(prefixLength(cidr), taken);
    if (free !== undefined) taken.push(rangeOf(free));
    return found.map((what) =>
      warning(
        CHECK,
        `${key} = ${cidr} ${what}: machines of the lab do not reach what is there, nor does this computer after \`npm run host -- routes add\`.`,
        `${setCommand(key, free ?? "A.B.C.0/24")}, before the lab's first \`npm run up\`; one that is there goes first: \`npm run down\``,
      ),
    );
  });
  return findings.length > 0 ? findings : [fine(CHECK, "apart from the lab's")];
}

/** A resolver in a LAN that is named already is no more news. */
function conflicts(cidr: string, lans: readonly Lan[], resolvers: readonly string[]): string[] {
  const same = lans.filter((lan) => overlap(rangeOf(cidr), rangeOf(lan.cidr)));
  if (same.length > 0)
    return same.map(
      ({ adapter, address }) => `has addresses of the network that ${adapter} is in (${address})`,
    );
  return resolvers
    .filter((server) => contains(rangeOf(cidr), server))
    .map((server) => `has the address ${server} of a server that this computer asks for names`);
}

function lansOf(probes: Probes, hostOnly: readonly string[]): Lan[] {
  return Object.entries(probes.interfaces()).flatMap(([adapter, addresses = []]) =>
    addresses.flatMap(({ family, internal, address, cidr }) => {
      const network = family === "IPv4" && !internal && cidr !== null ? networkOf(cidr) : undefined;
      if (network === undefined || cidr === null || hostOnly.includes(address)) return [];
      return [{ adapter, address: cidr, cidr: network }];
    }),
  );
}

/** Adapters that VirtualBox has made for machines, this lab's own among them, lead to no LAN. */
async function hostOnlyAddresses(plan: LabPlan, probes: Probes): Promise<string[]> {
  const { platform } = probes.host;
  const output = await probes.vboxManage(plan.hypervisor, ["list", hostOnlyList(platform)]);
  return parseHostOnly(output ?? "", platform).map(({ address }) => address);
}

function subnetsOf({ subnets, kubernetes, machines }: LabPlan): Subnet[] {
  const hostOnly = machines
    .flatMap(({ adapters }) => adapters)
    .flatMap((adapter) =>
      adapter.kind === "hostonly" ? (networkOf(`${adapter.address}/${adapter.prefixLength}`) ?? []) : [],
    );
  return [
    ...Object.values(subnets).map(({ name, cidr }) => ({ key: `networks.${name}.cidr`, cidr })),
    { key: "kubernetes.podSubnet", cidr: kubernetes.podSubnet },
    { key: "kubernetes.serviceSubnet", cidr: kubernetes.serviceSubnet },
    ...hostOnly.map((cidr) => ({ key: "hostAccess.hostOnly.cidr", cidr })),
  ];
}
