import { isHostOf } from "../../../lib/addresses";
import { type Problem, removeCommand, setCommand } from "../problems";
import type { CheckInput, ConfigurationCheck } from "./check";

export const checkHostAccess: ConfigurationCheck = (input) => [
  ...bridged(input),
  ...hostOnly(input),
  ...standIn(input),
  ...uselessAdapter(input),
  ...uselessLan(input),
];

function bridged({ configuration }: CheckInput): Problem[] {
  const { mode, adapter } = configuration.hostAccess;
  return mode === "bridged" && adapter === undefined
    ? [
        {
          key: "hostAccess.adapter",
          value: adapter,
          reason: "hostAccess.mode is bridged, and which of the host's adapters to bridge to is not said",
          allowed: "a name that `VBoxManage list bridgedifs` shows, or a part of it",
          fix: setCommand("hostAccess.adapter", "NAME"),
          dependsOn: ["hostAccess.mode"],
        },
      ]
    : [];
}

function uselessAdapter({ configuration }: CheckInput): Problem[] {
  const { mode, adapter } = configuration.hostAccess;
  return mode === "forward" && adapter !== undefined
    ? [
        {
          key: "hostAccess.adapter",
          value: adapter,
          reason: "hostAccess.mode is forward, which uses no adapter of the host's",
          allowed: "an adapter with hostonly or bridged only",
          fix: `${removeCommand("hostAccess.adapter")}, or ${setCommand("hostAccess.mode", "bridged")}`,
          dependsOn: ["hostAccess.mode"],
        },
      ]
    : [];
}

/** Keys of the LAN in a lab that is not on it. */
function uselessLan({ configuration }: CheckInput): Problem[] {
  const { mode, bridged } = configuration.hostAccess;
  if (mode === "bridged") return [];
  const { machines, address, trusted, range } = bridged;
  return Object.entries({
    machines: machines === "gateway" ? undefined : machines,
    address,
    trusted,
    "range.from": range.from,
    "range.to": range.to,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({
      key: `hostAccess.bridged.${name}`,
      value,
      reason: `hostAccess.mode is ${mode}, so no machine is on the LAN`,
      allowed: "with bridged only",
      fix: removeCommand(`hostAccess.bridged.${name}`),
      dependsOn: ["hostAccess.mode"],
    }));
}

function hostOnly({ configuration, defaults }: CheckInput): Problem[] {
  const { mode, hostOnly: network } = configuration.hostAccess;
  if (mode !== "hostonly") {
    return [];
  }
  const key = "hostAccess.hostOnly";
  const outside = (["host", "gateway"] as const)
    .filter((name) => !isHostOf(network[name], network.cidr))
    .map((name) => ({
      key: `${key}.${name}`,
      value: network[name],
      reason: `it lies outside its subnet ${network.cidr}`,
      allowed: `an address of ${network.cidr}, neither its first nor its last`,
      fix: `${removeCommand(`${key}.${name}`)} (its default follows the subnet)`,
      dependsOn: [`${key}.cidr`],
    }));
  const same: Problem[] =
    network.host === network.gateway
      ? [
          {
            key: `${key}.gateway`,
            value: network.gateway,
            reason: `it is the host's own address, ${key}.host`,
            allowed: "two different addresses",
            fix: setCommand(`${key}.gateway`, defaults.hostAccess.hostOnly.gateway),
            dependsOn: [`${key}.host`],
          },
        ]
      : [];
  return [...outside, ...same];
}

/** What the embedded stand-in does not do: its machines are on no network of the host's. */
function standIn({ configuration }: CheckInput): Problem[] {
  const { hypervisor, hostAccess } = configuration;
  if (hypervisor !== "embedded") {
    return [];
  }
  const problems: Problem[] = [];
  if (hostAccess.mode !== "forward") {
    problems.push({
      key: "hostAccess.mode",
      value: hostAccess.mode,
      reason: "the embedded stand-in joins no network of the host's",
      allowed: "forward with hypervisor embedded",
      fix: setCommand("hostAccess.mode", "forward"),
      dependsOn: ["hypervisor"],
    });
  }
  if (hostAccess.address !== "127.0.0.1") {
    problems.push({
      key: "hostAccess.address",
      value: hostAccess.address,
      reason: "the embedded stand-in forwards ports of 127.0.0.1 only",
      allowed: "127.0.0.1 with hypervisor embedded",
      fix: setCommand("hostAccess.address", "127.0.0.1"),
      dependsOn: ["hypervisor"],
    });
  }
  return problems;
}
