import { createHash } from "node:crypto";
import type { LabPlan, MachinePlan, Role } from "../plan/lab-plan";
import { commonFiles } from "./common/files";
import { gatewayFiles } from "./gateway/files";
import { glusterFiles } from "./gluster/files";
import { masterFiles, workerFiles } from "./kubernetes/files";
import { loadBalancerFiles } from "./load-balancer/files";

/** A file inside a machine. `content` may be secret: the whole list is one secret once credentials are in it. */
export interface GuestFile {
  path: string;
  /** Octal, four digits: `0600`. */
  mode: string;
  content: string;
}

/** A certificate or authority with its key, PEM. */
export interface KeyPair {
  certificate: string;
  privateKey: string;
}

/** Everything secret or generated that one machine is given. Made by components/pki.ts and components/secrets.ts. */
export interface MachineCredentials {
  /** OpenSSH format. */
  sshHostKey: { privateKey: string; publicKey: string };
  /** Public key of the lab's user, one line. */
  authorizedKey: string;
  /** By name of plan/certificates.ts' `file`, only the ones this machine holds. */
  certificates: Record<string, KeyPair>;
  /** Masters get certificate and key of all authorities; workers and load balancers only the certificate (`privateKey` ""). */
  authorities: Record<"kubernetes-ca" | "etcd-ca" | "front-proxy-ca", KeyPair>;
  /** Masters only: PEM, service-account signing key. */
  serviceAccountKey?: { privateKey: string; publicKey: string };
  /** Masters only. */
  etcdClusterToken?: string;
  /** Masters only, where the dashboard is on: what a person logs in with, a bootstrap token `abcdef.0123456789abcdef`. */
  dashboardToken?: string;
  /** Masters only, where Traefik is on: what it serves with. */
  applications?: KeyPair;
  /** Load balancers only: base64 of 256 random bytes. */
  corosyncKey?: string;
  /** Load balancers only. */
  statisticsPassword?: string;
}

/** All files that cloud-init writes into a machine at its first boot, and that an update delivers later. */
export function guestFiles(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
): GuestFile[] {
  const files = [
    ...commonFiles(plan, machine, credentials),
    ...roleFiles[machine.role](plan, machine, credentials),
  ];
  return [...files, { path: "/etc/kube-lab/digest", mode: "0600", content: digestOf(files) }];
}

type FilesOf = (plan: LabPlan, machine: MachinePlan, credentials: MachineCredentials) => GuestFile[];

const roleFiles: Record<Role, FilesOf> = {
  gateway: gatewayFiles,
  loadBalancer: (_plan, _machine, credentials) => loadBalancerFiles(credentials),
  master: masterFiles,
  worker: workerFiles,
  gluster: glusterFiles,
};

/** Last in the list, so last written: where it is in place, so are all the others. */
function digestOf(files: GuestFile[]): string {
  return `${createHash("sha256").update(JSON.stringify(files)).digest("hex")}\n`;
}
