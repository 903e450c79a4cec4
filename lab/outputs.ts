import { z } from "zod";
import type { LabAccess } from "./shell";

const roles = ["gateway", "loadBalancer", "master", "worker", "gluster"] as const;

const machine = z.object({
  name: z.string(),
  role: z.enum(roles),
  address: z.string(),
  hypervisorName: z.string(),
});

/** The stack outputs that our own commands read; `index.ts` makes them. */
const shape = z.object({
  kubeconfig: z.string(),
  /** Short words for each by name; an earlier version of this program has left PEM. */
  certificates: z.record(z.string(), z.string()),
  certificatesPem: z.record(z.string(), z.string()).optional(),
  machines: z.array(machine),
  privateKeys: z.record(z.string(), z.string()),
  sshConfig: z.string(),
  sshPrivateKey: z.string(),
  knownHosts: z.string(),
  statistics: z.object({ url: z.string(), user: z.string(), password: z.string() }),
  /** `127.0.0.1:8088` → `default/web:80, 192.168.2.200:80` */
  forwards: z.record(z.string(), z.string()).optional(),
  dashboard: z.object({ url: z.string(), token: z.string() }).optional(),
});

export interface LabOutputs extends Omit<z.infer<typeof shape>, "certificatesPem"> {
  /** PEM by name. */
  certificates: Record<string, string>;
  access: LabAccess;
}

/** A machine of the last update. */
export type OutputMachine = z.infer<typeof machine>;

/** @throws Error when the stack has no lab, or one that never came up whole. */
export function readOutputs(outputs: Record<string, unknown>): LabOutputs {
  const read = shape.safeParse(outputs);
  if (!read.success) {
    const keys = read.error.issues.map((issue) => issue.path.join(".")).join(", ");
    throw new Error(`the stack has no lab that came up whole (missing: ${keys}). Run: npm run up`);
  }
  const { certificatesPem, ...rest } = read.data;
  return { ...rest, certificates: certificatesPem ?? rest.certificates, access: accessOf(rest) };
}

function accessOf(outputs: Omit<z.infer<typeof shape>, "certificatesPem">): LabAccess {
  const gateway = outputs.machines.find(({ role }) => role === "gateway");
  if (gateway === undefined) throw new Error("the lab has no gateway");
  return {
    host: setting(outputs.sshConfig, "HostName"),
    port: Number(setting(outputs.sshConfig, "Port")),
    user: setting(outputs.sshConfig, "User"),
    privateKey: outputs.sshPrivateKey,
    hostKeys: hostKeys(outputs.knownHosts),
    gateway: gateway.name,
    addresses: Object.fromEntries(outputs.machines.map(({ name, address }) => [name, address])),
  };
}

/** First value of a keyword in an ssh_config(5): the gateway's block comes first. */
function setting(sshConfig: string, keyword: string): string {
  const value = new RegExp(`^\\s*${keyword}\\s+(\\S+)`, "mi").exec(sshConfig)?.[1];
  if (value === undefined) throw new Error(`the output sshConfig has no ${keyword}`);
  return value;
}

/** `names type key` lines of a known_hosts file, by each name. */
function hostKeys(knownHosts: string): Record<string, string> {
  const entries = knownHosts.split("\n").flatMap((line) => {
    const [names, type, key] = line.trim().split(/\s+/);
    if (names === undefined || type === undefined || key === undefined) return [];
    return names.split(",").map((name): [string, string] => [name, `${type} ${key}`]);
  });
  return Object.fromEntries(entries);
}
