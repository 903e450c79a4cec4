import { setCommand } from "../../plan/config/problems";
import type { LabPlan } from "../../plan/lab-plan";
import { reverseZones } from "../../plan/reverse-zones";
import type { Step } from "./administrator";
import type { Resolver } from "./resolver";

/** Who is asked for which names. */
export interface Delegation {
  /** The gateway, by an address that the routes to the lab lead to. */
  server: string;
  /** `kube.local`, `1.168.192.in-addr.arpa` */
  zones: string[];
}

/** The lab's domain and its machines' addresses. */
export function delegationOf({ domain, subnets }: LabPlan): Delegation {
  return {
    server: subnets.dmz.gateway,
    zones: [domain, ...Object.values(subnets).flatMap(({ cidr }) => reverseZones(cidr))],
  };
}

/** Why the gateway would not answer this computer, with the fix; undefined where it does. */
export function unanswered({ machines, hostAccess }: LabPlan): string | undefined {
  const adapters = machines.flatMap((machine) => machine.adapters);
  if (hostAccess.mode === "forward")
    return `hostAccess.mode is forward: names would lead to addresses that this computer has no way to, so there is nothing to gain from forwarding the gateway's DNS. For a way: ${setCommand("hostAccess.mode", "hostonly")}, then npm run up; without one, npm run host -- ssh add and -- kubeconfig add find the lab through its forwarded ports`;
  if (adapters.some((adapter) => adapter.kind === "bridged" && adapter.trusted === undefined))
    return `hostAccess.bridged.trusted is not set: the gateway answers nobody's questions on the LAN. Say from where it may: ${setCommand("hostAccess.bridged.trusted", "A.B.C.0/24")}, then npm run up`;
  return undefined;
}

/** How a resolver is told, and how it forgets. */
export interface DnsChange {
  /** Files of the lab's own. */
  files: { path: string; text: string }[];
  /** What follows once the files are there. */
  add: Step[];
  /** What follows once they are gone. */
  remove: Step[];
}

/** What makes a resolver ask the gateway for the lab's names. */
export function dnsChange(resolver: Resolver, stack: string, { server, zones }: Delegation): DnsChange {
  const file = (path: string, ...lines: string[]) => ({
    path,
    text: [headLine(stack), ...lines, ""].join("\n"),
  });
  const restart = (...command: string[]): Pick<DnsChange, "add" | "remove"> => ({
    add: [{ command }],
    remove: [{ command }],
  });
  switch (resolver.kind) {
    case "systemd-resolved": {
      const path = `/etc/systemd/dns-delegate.d/kube-lab-${stack}.dns-delegate`;
      return {
        files: [file(path, "[Delegate]", `DNS=${server}`, `Domains=${routed(zones).join(" ")}`)],
        ...restart("systemctl", "restart", "systemd-resolved.service"),
      };
    }
    case "systemd-resolved-link": {
      const { link } = resolver;
      return {
        files: [],
        add: [
          { command: ["resolvectl", "dns", link, server] },
          { command: ["resolvectl", "domain", link, ...routed(zones)] },
        ],
        // The adapter may be gone, and its settings with it.
        remove: [{ command: ["resolvectl", "revert", link], mayFail: true }],
      };
    }
    case "dnsmasq":
    case "networkmanager-dnsmasq": {
      const [folder, command] = DNSMASQ[resolver.kind];
      const path = `${folder}/kube-lab-${stack}.conf`;
      // The lab's addresses are private ones: dnsmasq's guard against rebinding must let them pass.
      const lines = [...zones.map((zone) => `server=/${zone}/${server}`), `rebind-domain-ok=/${zones[0]}/`];
      return { files: [file(path, ...lines)], ...restart(...command) };
    }
    case "macos":
      // Read as soon as they are there: resolver(5).
      return {
        files: zones.map((zone) => file(`/etc/resolver/${zone}`, `nameserver ${server}`)),
        add: [],
        remove: [],
      };
    case "windows": {
      const namespaces = zones.map((zone) => `'.${zone}'`).join(",");
      return {
        files: [],
        add: [
          powershell(
            ...["Add-DnsClientNrptRule", "-Namespace", namespaces],
            ...["-NameServers", `'${server}'`, "-Comment", `'${comment(stack)}'`],
          ),
          powershell("Clear-DnsClientCache"),
        ],
        remove: [
          powershell(
            ...["Get-DnsClientNrptRule", "|", "Where-Object", "Comment", "-EQ", `'${comment(stack)}'`],
            ...["|", "Remove-DnsClientNrptRule", "-Force"],
          ),
          powershell("Clear-DnsClientCache"),
        ],
      };
    }
  }
}

/** The first line of every file of a lab's own, by which it is known again. */
export function headLine(stack: string): string {
  return `# ${comment(stack)}`;
}

const DNSMASQ = {
  dnsmasq: ["/etc/dnsmasq.d", ["systemctl", "restart", "dnsmasq.service"]],
  "networkmanager-dnsmasq": ["/etc/NetworkManager/dnsmasq.d", ["nmcli", "general", "reload", "dns-full"]],
} as const;

/** Domains to ask a server for, and not to complete single words with. */
function routed(zones: readonly string[]): string[] {
  return zones.map((zone) => `~${zone}`);
}

function comment(stack: string): string {
  return `kube-lab ${stack}`;
}

/** PowerShell puts the words after -Command together and reads them as one line: each value is quoted for it. */
function powershell(...words: string[]): Step {
  return { command: ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", ...words] };
}
