import { type LabPlan, type MachinePlan, machinesOf } from "./lab-plan";

export interface SshFiles {
  /** Private key of the lab's user. */
  identityFile: string;
  /** What `knownHosts` returns. */
  knownHostsFile: string;
}

/** Where the host reaches the gateway's SSH. */
export interface SshEndpoint {
  address: string;
  port: number;
}

/** A configuration for `ssh -F`: every machine by its short and full name, all but the gateway through the gateway. */
export function sshConfig(plan: LabPlan, files: SshFiles): string {
  const { address, port } = gatewayEndpoint(plan);
  const [gateway] = machinesOf(plan, "gateway");
  const blocks = plan.machines.map((machine) =>
    machine === gateway
      ? block(machine, [`HostName ${address}`, `Port ${port}`])
      : block(machine, [`HostName ${machine.address}`, `ProxyJump ${gateway?.name}`]),
  );
  const all = lines("Host *", [
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
  const { address, port } = gatewayEndpoint(plan);
  return plan.machines
    .map((machine) => {
      const names = [machine.name, machine.fqdn, machine.address];
      const all = machine.role === "gateway" ? [...names, `[${address}]:${port}`] : names;
      const key = publicKeys[machine.name]?.trim();
      return key === undefined ? "" : `${all.join(",")} ${key}\n`;
    })
    .join("");
}

/** The forwarded port that leads to the gateway. */
export function gatewayEndpoint(plan: LabPlan): SshEndpoint {
  const forward = machinesOf(plan, "gateway")
    .flatMap(({ adapters }) => adapters)
    .flatMap((adapter) => (adapter.kind === "nat" ? adapter.forwards : []))
    .find(({ name }) => name === "ssh");
  if (forward === undefined) {
    throw new Error(`the plan of stack ${plan.stack} has no gateway with a forwarded port for SSH`);
  }
  // 0.0.0.0 is where the host listens, not where one can connect to.
  const address = forward.hostAddress === "0.0.0.0" ? "127.0.0.1" : forward.hostAddress;
  return { address, port: forward.hostPort };
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
