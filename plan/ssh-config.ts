import { endpointOf, gatewayOf } from "./endpoint";
import type { LabPlan, MachinePlan } from "./lab-plan";
import { ownLanAdapter } from "./lan-addresses";

export interface SshFiles {
  /** Private key of the lab's user. */
  identityFile: string;
  /** What `knownHosts` returns. */
  knownHostsFile: string;
}

/** Where a stack's files for SSH are, relative to the project's folder, in the part of it that git ignores. */
export function sshFilesOf(stack: string): SshFiles & { folder: string; config: string } {
  const folder = `.kube-lab/ssh/${stack}`;
  return {
    folder,
    config: `${folder}/config`,
    identityFile: `${folder}/id_ed25519`,
    knownHostsFile: `${folder}/known_hosts`,
  };
}

/**
 * A configuration for `ssh -F`: every machine by its short and full name, all but the gateway through the gateway, or directly
 * where it has an address of its own on the LAN.
 */
export function sshConfig(plan: LabPlan, files: SshFiles): string {
  const { address, port } = endpointOf(plan, "ssh");
  const gateway = gatewayOf(plan);
  const wayTo = (machine: MachinePlan) => {
    const onLan = ownLanAdapter(machine)?.address;
    if (machine === gateway) return [`HostName ${address}`, `Port ${port}`];
    return onLan === undefined
      ? [`HostName ${machine.address}`, `ProxyJump ${gateway.name}`]
      : [`HostName ${onLan}`];
  };
  const blocks = plan.machines.map((machine) => block(machine, wayTo(machine)));
  // Not for "*": a person may include it beside hosts of their own.
  const names = plan.machines.map(({ name, fqdn }) => `${name} ${fqdn}`);
  const all = lines(`Host ${names.join(" ")}`, [
    `User ${plan.user}`,
    `IdentityFile ${quoted(files.identityFile)}`,
    "IdentitiesOnly yes",
    `UserKnownHostsFile ${quoted(files.knownHostsFile)}`,
    "GlobalKnownHostsFile none",
    "StrictHostKeyChecking yes",
    "PasswordAuthentication no",
  ]);
  return [...blocks, all].join("\n");
}

/**
 * A known_hosts file: every machine under each name and address that it is reached by.
 *
 * @param publicKeys one line of OpenSSH's format (`ssh-ed25519 AAAA…`) by machine name; who has none is left out
 */
export function knownHosts(plan: LabPlan, publicKeys: Record<string, string>): string {
  const { address, port } = endpointOf(plan, "ssh");
  return plan.machines
    .map((machine) => {
      const onLan = ownLanAdapter(machine)?.address;
      const names = [machine.name, machine.fqdn, machine.address, ...(onLan === undefined ? [] : [onLan])];
      const all = machine.role === "gateway" ? [...names, `[${address}]:${port}`] : names;
      const key = publicKeys[machine.name]?.trim();
      return key === undefined ? "" : `${all.join(",")} ${key}\n`;
    })
    .join("");
}

function block(machine: MachinePlan, settings: string[]): string {
  return lines(`Host ${machine.name} ${machine.fqdn}`, settings);
}

function lines(head: string, settings: string[]): string {
  return `${[head, ...settings.map((setting) => `  ${setting}`)].join("\n")}\n`;
}

/** ssh reads % as a token and \ as an escape; on Windows it takes / as well. */
function quoted(path: string): string {
  const slashes = /^[A-Za-z]:\\|^\\\\/.test(path) ? path.replaceAll("\\", "/") : path;
  return `"${slashes.replaceAll("%", "%%")}"`;
}
