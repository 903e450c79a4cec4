import { type AddressRange, contains, isHostOf, isOrdered, networkOf } from "../../../lib/addresses";
import { lanAddress } from "../../lan-addresses";
import { machineNames } from "../../machine-names";
import type { Configuration } from "../defaults";
import { type Problem, removeCommand, setCommand } from "../problems";
import type { ConfigurationCheck } from "./check";

const key = "hostAccess.bridged";

/** The machines' own addresses on the LAN: there for all of them, in the gateway's LAN, and nobody else's. */
export const checkLan: ConfigurationCheck = ({ configuration }) => {
  const { mode, bridged } = configuration.hostAccess;
  if (mode !== "bridged") return [];
  const { from, to } = bridged.range;
  if (from === undefined && to === undefined) return [];
  if (bridged.machines !== "all") return useless(bridged.range);
  if (from === undefined || to === undefined) return half(from, configuration);
  if (bridged.address === undefined) return [withoutLan(from)];
  return within({ from, to }, bridged.address, configuration);
};

function ends({ from, to }: { from?: string | undefined; to?: string | undefined }): [string, string][] {
  return Object.entries({ [`${key}.range.from`]: from, [`${key}.range.to`]: to }).filter(
    (end): end is [string, string] => end[1] !== undefined,
  );
}

function useless(range: { from?: string | undefined; to?: string | undefined }): Problem[] {
  return ends(range).map(([end, value]) => ({
    key: end,
    value,
    reason: `${key}.machines is gateway, so no other machine is on the LAN`,
    allowed: "with all only",
    fix: `${removeCommand(end)}, or ${setCommand(`${key}.machines`, "all")}`,
    dependsOn: [`${key}.machines`],
  }));
}

function half(from: string | undefined, configuration: Configuration): Problem[] {
  const missing = from === undefined ? "from" : "to";
  const fix = from === undefined ? "ADDRESS" : lastOf(from, configuration);
  return [
    {
      key: `${key}.range.${missing}`,
      value: undefined,
      reason: "a range has two ends, and only the other one is set",
      allowed: "both, or none for the LAN's DHCP",
      fix: setCommand(`${key}.range.${missing}`, fix),
      dependsOn: [`${key}.machines`],
    },
  ];
}

function withoutLan(from: string): Problem {
  return {
    key: `${key}.range.from`,
    value: from,
    reason: `the gateway's address comes by DHCP, so nothing says which subnet the LAN has`,
    allowed: `with ${key}.address only`,
    fix: setCommand(`${key}.address`, "ADDRESS/PREFIX"),
    dependsOn: [`${key}.address`],
  };
}

function within(range: AddressRange, address: string, configuration: Configuration): Problem[] {
  const lan = networkOf(address) ?? "";
  const gateway = address.split("/")[0] ?? "";
  const outside = ends(range)
    .filter(([, end]) => !isHostOf(end, lan))
    .map(([end, value]) => ({
      key: end,
      value,
      reason: `it lies outside the LAN ${lan} of ${key}.address`,
      allowed: `an address of ${lan}, neither its first nor its last`,
      fix: "choose addresses of the LAN that its DHCP server leases to nobody",
      dependsOn: [`${key}.address`],
    }));
  if (outside.length > 0) return outside;
  return [...occupied(range, gateway), ...tooShort(range, configuration)];
}

function occupied(range: AddressRange, gateway: string): Problem[] {
  return contains(range, gateway)
    ? [
        {
          key: `${key}.range.from`,
          value: range.from,
          reason: `the gateway's own ${gateway} lies between it and ${range.to}`,
          allowed: "a range without it",
          fix: `choose another range, or another ${key}.address`,
          dependsOn: [`${key}.range.to`, `${key}.address`],
        },
      ]
    : [];
}

function tooShort(range: AddressRange, configuration: Configuration): Problem[] {
  const last = lastOf(range.from, configuration);
  return isOrdered({ from: last, to: range.to })
    ? []
    : [
        {
          key: `${key}.range.to`,
          value: range.to,
          reason: `it ends too early: of every four addresses each role has one, so the machines' go on to ${last}`,
          allowed: `an address from ${last} on`,
          fix: setCommand(`${key}.range.to`, last),
          dependsOn: [
            `${key}.range.from`,
            "loadBalancers.count",
            "masters.count",
            "workers.count",
            "gluster.count",
          ],
        },
      ];
}

/** The address of the machine that comes last. */
function lastOf(from: string, configuration: Configuration): string {
  return machineNames(configuration)
    .flatMap(({ role, index }) => (role === "gateway" ? [] : [lanAddress(from, role, index)]))
    .reduce((last, address) => (isOrdered({ from: last, to: address }) ? address : last), from);
}
