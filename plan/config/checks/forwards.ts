import { contains, isAddress, isHostOf, rangeOf } from "../../../lib/addresses";
import { subnetNames } from "../../fixed-networks";
import { formatPortForward, type PortForward, parsePortForward } from "../../forwards";
import { type MachineName, machineNames } from "../../machine-names";
import { dashboardPort } from "../../ports";
import type { Configuration } from "../defaults";
import { type Problem, setCommand } from "../problems";
import { valueAt } from "../schema-paths";
import type { CheckInput, ConfigurationCheck } from "./check";

/** An entry of the list, and it as it could be. */
interface Entry {
  key: string;
  text: string;
  forward: PortForward;
  mended: PortForward;
}

/** Who has a port already: its number, and the key that says so. */
type Owners = ReadonlyMap<number, string>;

/** Each of hostAccess.forwards has a port of its own and leads to what is in the lab. */
export const checkForwards: ConfigurationCheck = (input) => {
  const { configuration } = input;
  const machines = machineNames(configuration).filter(({ role }) => role !== "gateway");
  const node =
    machines.find(({ role }) => role === "worker") ?? machines.find(({ role }) => role === "master");
  const owners = new Map(ownersIn(configuration));
  return entriesOf(input).flatMap((text, i): Problem[] => {
    const forward = parsePortForward(text);
    if (forward === undefined) return [];
    const key = `hostAccess.forwards[${i}]`;
    const target = isInside(forward, machines, configuration) ? forward.target : (node?.name ?? "MACHINE");
    const mended = { ...forward, hostPort: freePort(forward.hostPort, owners), target };
    const entry = { key, text, forward, mended };
    const problems = [
      ...(owners.has(forward.hostPort) ? [taken(entry, owners)] : []),
      ...(target === forward.target ? [] : [outside(entry, machines, configuration)]),
    ];
    owners.set(mended.hostPort, key);
    return problems;
  });
};

/** As they were given: where one is no forward at all, the configuration has none of them. */
function entriesOf({ raw, configuration }: CheckInput): string[] {
  const given = valueAt(raw, ["hostAccess", "forwards"]);
  return Array.isArray(given) ? given.map(String) : configuration.hostAccess.forwards;
}

/** On the host, and on the gateway, which takes a forward by the number that it has on the host. */
function ownersIn({ hostAccess, kubernetes, loadBalancers }: Configuration): Owners {
  const keys = ["apiPort", "sshPort", "statisticsPort", "dashboardPort", "httpPort", "httpsPort"] as const;
  return new Map([
    [kubernetes.apiPort, "kubernetes.apiPort"],
    [loadBalancers.statisticsPort, "loadBalancers.statisticsPort"],
    [dashboardPort, "addons.headlamp"],
    ...keys.map((name): [number, string] => [hostAccess[name], `hostAccess.${name}`]),
  ]);
}

function freePort(wanted: number, owners: Owners): number {
  let port = wanted;
  while (owners.has(port)) port++;
  return port;
}

function isInside({ target }: PortForward, machines: readonly MachineName[], { networks }: Configuration) {
  return isAddress(target)
    ? subnetNames.some((name) => isHostOf(target, networks[name].cidr) && target !== networks[name].gateway)
    : machines.some(({ name }) => name === target);
}

function taken({ key, text, forward, mended }: Entry, owners: Owners): Problem {
  const owner = owners.get(forward.hostPort) ?? "";
  return {
    key,
    value: text,
    reason: `port ${forward.hostPort} is that of ${owner}, on the host or on the gateway`,
    allowed: "a port of the host that no other key has",
    fix: setCommand(key, formatPortForward(mended)),
    dependsOn: [owner],
  };
}

function outside(
  { key, text, forward: { target }, mended }: Entry,
  machines: readonly MachineName[],
  { networks, names }: Configuration,
): Problem {
  const inLab = subnetNames.filter(
    (name) => isAddress(target) && contains(rangeOf(networks[name].cidr), target),
  );
  const isGateway =
    inLab.some((name) => networks[name].gateway === target) || target.startsWith(names.gateway);
  const reason = isGateway
    ? "the gateway lets its SSH alone in from the host, and hostAccess.sshPort leads to that"
    : isAddress(target)
      ? `${target} is ${inLab.length > 0 ? "no machine's address" : "outside the lab's networks"}`
      : `no machine of the lab is called ${target}`;
  const subnets = subnetNames.map((name) => networks[name].cidr).join(", ");
  return {
    key,
    value: text,
    reason,
    allowed: `one of ${machines.map(({ name }) => name).join(", ")}, or an address of ${subnets} that is not the gateway's`,
    fix: setCommand(key, formatPortForward(mended)),
    dependsOn: isAddress(target)
      ? subnetNames.map((name) => `networks.${name}`)
      : ["names", "loadBalancers.count", "masters.count", "workers.count", "gluster.count"],
  };
}
