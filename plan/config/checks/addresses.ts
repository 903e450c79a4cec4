import {
  type AddressRange,
  addressAfter,
  isHostOf,
  isOrdered,
  overlap,
  rangeOf,
} from "../../../lib/addresses";
import { subnetNames } from "../../fixed-networks";
import type { SubnetName } from "../../lab-plan";
import { countsOf } from "../../machine-names";
import type { Configuration } from "../defaults";
import { type Problem, removeCommand, setCommand } from "../problems";
import type { ConfigurationCheck } from "./check";

/** Addresses of a subnet that belong to one purpose. */
interface Run {
  what: string;
  range: AddressRange;
  /** The key of its first and of its last address; one address has the same key twice. */
  from: string;
  to: string;
  /** What else decides how long it is. */
  length: string[];
}

/** Every address lies in its subnet, every run the right way round, and no two runs share an address. */
export const checkAddresses: ConfigurationCheck = ({ configuration, defaults }) =>
  subnetNames.flatMap((name) => {
    const { cidr } = configuration.networks[name];
    const cidrKey = `networks.${name}.cidr`;
    const runs = runsOf(configuration, name);
    const misplaced = runs.flatMap((run) => outside(run, cidr, cidrKey));
    const reversed = runs.filter(({ range }) => !isOrdered(range)).map((run) => reversal(run, cidrKey));
    const usable = runs.filter((run) => !misplaced.some(({ key }) => key === run.from || key === run.to));
    const isDefault = (run: Run) =>
      runsOf(defaults, name).some(({ from, range }) => from === run.from && range.from === run.range.from);
    return [...misplaced, ...reversed, ...shared(usable, cidr, cidrKey, isDefault)];
  });

function runsOf(configuration: Configuration, name: SubnetName): Run[] {
  const network = configuration.networks[name];
  const key = `networks.${name}`;
  const { virtualIp } = configuration.loadBalancers;
  return [
    one("the gateway", network.gateway, `${key}.gateway`),
    ...machines(configuration, name),
    ...(name === "dmz" ? [one("the virtual IP", virtualIp, "loadBalancers.virtualIp")] : []),
    ...(name === "node"
      ? [two("the service pool", configuration.networks.node.servicePool, `${key}.servicePool`)]
      : []),
    two("the DHCP range", network.dhcp, `${key}.dhcp`),
  ];
}

function machines(configuration: Configuration, name: SubnetName): Run[] {
  const counts = countsOf(configuration);
  const [count, group, what] = {
    mast: [counts.master, "masters", "masters"] as const,
    node: [counts.worker, "workers", "workers"] as const,
    glus: [counts.gluster, "gluster", "Gluster machines"] as const,
    dmz: [counts.loadBalancer, "loadBalancers", "load balancers"] as const,
  }[name];
  const { firstAddress } = configuration.networks[name];
  const key = `networks.${name}.firstAddress`;
  return count === 0
    ? []
    : [
        {
          what: `the ${count} ${what}`,
          range: { from: firstAddress, to: addressAfter(firstAddress, count - 1) },
          from: key,
          to: key,
          length: [`${group}.count`],
        },
      ];
}

function one(what: string, address: string, key: string): Run {
  return { what, range: { from: address, to: address }, from: key, to: key, length: [] };
}

function two(what: string, range: AddressRange, key: string): Run {
  return { what, range, from: `${key}.from`, to: `${key}.to`, length: [] };
}

function outside(run: Run, cidr: string, cidrKey: string): Problem[] {
  const problem = (key: string, address: string): Problem => ({
    key,
    value: address,
    reason: `it lies outside its subnet ${cidr}`,
    allowed: `${hosts(cidr)}, see ${cidrKey}`,
    fix: `${removeCommand(key)} (its default follows the subnet)`,
    dependsOn: [cidrKey, ...run.length],
  });
  if (run.from === run.to && isHostOf(run.range.from, cidr) && !isHostOf(run.range.to, cidr)) {
    return [tooSmall(run, cidr, cidrKey)];
  }
  const ends = run.from === run.to ? [[run.from, run.range.from] as const] : endsOf(run);
  return ends
    .filter(([, address]) => !isHostOf(address, cidr))
    .map(([key, address]) => problem(key, address));
}

function endsOf(run: Run) {
  return [[run.from, run.range.from] as const, [run.to, run.range.to] as const];
}

function tooSmall(run: Run, cidr: string, cidrKey: string): Problem {
  return {
    key: run.from,
    value: run.range.from,
    reason: `${cidr} is too small: ${run.what} would go on to ${run.range.to}`,
    allowed: `a first address from which they fit into ${hosts(cidr)}`,
    fix: `a larger ${cidrKey}, or fewer: lower ${run.length.join(", ")}`,
    dependsOn: [cidrKey, ...run.length],
  };
}

function reversal(run: Run, cidrKey: string): Problem {
  return {
    key: run.to,
    value: run.range.to,
    reason: `it comes before the first address of ${run.what}, ${run.range.from}`,
    allowed: `an address from ${run.range.from} on`,
    fix: setCommand(run.to, addressAfter(run.range.from, 1)),
    dependsOn: [run.from, cidrKey],
  };
}

/** Of two runs that share addresses, the changed one is to blame, else the later one. */
function shared(runs: Run[], cidr: string, cidrKey: string, isDefault: (run: Run) => boolean): Problem[] {
  return runs.flatMap((second, i) =>
    runs
      .slice(0, i)
      .filter((first) => overlap(first.range, second.range))
      .map((first) => {
        const blameFirst = isDefault(second) && !isDefault(first);
        return collision(blameFirst ? first : second, blameFirst ? second : first, cidr, cidrKey);
      }),
  );
}

function collision(run: Run, other: Run, cidr: string, cidrKey: string): Problem {
  const behind = addressAfter(other.range.to, 1);
  const shortened = { from: behind, to: run.range.to };
  const fits = isHostOf(behind, cidr) && (run.from === run.to ? true : isOrdered(shortened));
  return {
    key: run.from,
    value: run.range.from,
    reason: `${run.what} (${shown(run.range)}) would share addresses with ${other.what} (${shown(other.range)})`,
    allowed: `addresses of ${cidr} that nothing else has`,
    fix: fits
      ? `${setCommand(run.from, behind)}, or move ${other.from}`
      : `move ${run.from} or ${other.from}, or take a larger ${cidrKey}`,
    dependsOn: [...new Set([run.to, ...run.length, other.from, other.to, ...other.length, cidrKey])],
  };
}

function hosts(cidr: string): string {
  const all = rangeOf(cidr);
  return `${addressAfter(all.from, 1)} to ${addressAfter(all.to, -1)}`;
}

function shown(range: AddressRange): string {
  return range.from === range.to ? range.from : `${range.from} to ${range.to}`;
}
