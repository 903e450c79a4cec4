import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import type { LabPlan } from "../../plan/lab-plan";

/** What answers this computer's questions for names, and can ask one server for some domains alone. */
export type Resolver =
  /** Takes files for domains from release 258 on. */
  | { kind: "systemd-resolved" }
  /** An older one: knows domains by network adapter alone, until the computer restarts. */
  | { kind: "systemd-resolved-link"; link: string }
  | { kind: "dnsmasq" }
  /** NetworkManager's own, with another folder. */
  | { kind: "networkmanager-dnsmasq" }
  | { kind: "macos" }
  /** Windows' name resolution policy table. */
  | { kind: "windows" };

/** A computer that asks one server for all names, and why. */
export interface NoResolver {
  kind: "none";
  reason: string;
}

/** What a computer tells of its resolver; empty where there is nothing. */
export interface ResolverFacts {
  platform: NodeJS.Platform;
  /** /etc/resolv.conf */
  resolvConf: string;
  /** `resolvectl --version` */
  resolvectl: string;
  /** `NetworkManager --print-config` */
  networkManager: string;
  /** `systemctl is-active dnsmasq.service`, where it has its folder for files */
  dnsmasq: string;
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>;
}

/** systemd's first release with systemd.dns-delegate(5). */
const DELEGATE_RELEASE = 258;

/** Which resolver a computer has. */
export function findResolver(facts: ResolverFacts, plan: LabPlan): Resolver | NoResolver {
  if (facts.platform === "darwin") return { kind: "macos" };
  if (facts.platform === "win32") return { kind: "windows" };
  const servers = [...facts.resolvConf.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server]) => server ?? "");
  if (servers.some((server) => /^127\.0\.0\.5[34]$/.test(server))) return systemdResolved(facts, plan);
  const isLocal = servers.some((server) => server.startsWith("127.") || server === "::1");
  if (isLocal && /^dns=dnsmasq$/m.test(facts.networkManager)) return { kind: "networkmanager-dnsmasq" };
  if (isLocal && facts.dnsmasq.trim() === "active") return { kind: "dnsmasq" };
  return {
    kind: "none",
    reason: `/etc/resolv.conf asks ${servers.join(", ") || "nobody"} for every name: neither systemd-resolved nor dnsmasq, which can ask another server for one domain. Write the names down instead: npm run host -- hosts add`,
  };
}

/**
 * The server of a file for all adapters, resolved.conf(5), would be asked for every other name, too: an older release takes it
 * by the adapter that the lab has for itself.
 */
function systemdResolved(facts: ResolverFacts, { machines }: LabPlan): Resolver | NoResolver {
  const release = Number(/^systemd (\d+)/m.exec(facts.resolvectl)?.[1] ?? 0);
  if (release >= DELEGATE_RELEASE) return { kind: "systemd-resolved" };
  const own = machines.flatMap(({ adapters }) => adapters).find(({ kind }) => kind === "hostonly");
  if (own?.kind !== "hostonly")
    return {
      kind: "none",
      reason: `systemd-resolved before ${DELEGATE_RELEASE} (here ${release}) takes a server for one domain by network adapter, and the LAN's has servers of its own. Write the names down instead: npm run host -- hosts add`,
    };
  const link = Object.entries(facts.interfaces).find(([, addresses = []]) =>
    addresses.some(({ address }) => address === own.hostAddress),
  );
  return link
    ? { kind: "systemd-resolved-link", link: link[0] }
    : {
        kind: "none",
        reason: `no network adapter of this computer has the address ${own.hostAddress}. Bring the lab up first: npm run up`,
      };
}

/** Asks this computer; changes nothing. */
export function resolverFacts(): ResolverFacts {
  const { platform } = process;
  const isLinux = platform === "linux";
  const told = (program: string, ...programArguments: string[]) =>
    isLinux ? saidBy(program, programArguments) : "";
  return {
    platform,
    resolvConf: isLinux && existsSync("/etc/resolv.conf") ? readFileSync("/etc/resolv.conf", "utf8") : "",
    resolvectl: told("resolvectl", "--version"),
    networkManager: told("NetworkManager", "--print-config"),
    dnsmasq: existsSync("/etc/dnsmasq.d") ? told("systemctl", "is-active", "dnsmasq.service") : "",
    interfaces: networkInterfaces(),
  };
}

function saidBy(program: string, programArguments: string[]): string {
  // Daemons are in folders that people's PATH may lack.
  const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const { stdout } = spawnSync(program, programArguments, {
    encoding: "utf8",
    env: environment,
    timeout: 10_000,
  });
  return stdout ?? "";
}
