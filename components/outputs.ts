import * as pulumi from "@pulumi/pulumi";
import { kubeconfig } from "../cloud-init/kubernetes/kubeconfig";
import { planCertificates } from "../plan/certificates";
import { mermaid } from "../plan/diagram";
import { endpointOf, ownForwardsIn } from "../plan/endpoint";
import { hostsEntries } from "../plan/hosts-entries";
import type { LabPlan, Role } from "../plan/lab-plan";
import type { Machine } from "./machine";
import type { Pki } from "./pki";
import type { Site } from "./site";
import { sshAccess } from "./ssh-access";

export interface MachineOutput {
  name: string;
  role: Role;
  address: string;
  hypervisorName: string;
}

/** What a stack with a lab gives to a person and to our own commands. */
export interface StackOutputs {
  /** Secret. There once every machine of the lab has converged. */
  kubeconfig: pulumi.Output<string>;
  /** PEM of the authority that signed the API servers' certificates. */
  caCertificate: pulumi.Output<string>;
  /** Of authorities and leaves, by name: what it is for, and until when. */
  certificates: Record<string, pulumi.Output<string>>;
  /** The same in PEM. Public; a secret only so that nobody is shown screens of it who has not asked. */
  certificatesPem: pulumi.Output<Record<string, string>>;
  /** Secret. PEM or OpenSSH: of the leaves by the same names, and the keys without certificate. No authority's: who has it is the lab. */
  privateKeys: pulumi.Output<Record<string, string>>;
  machines: MachineOutput[];
  /** For `ssh -F`; names the files below .kube-lab/ that the key and the known hosts belong in. */
  sshConfig: string;
  /** Secret. OpenSSH. */
  sshPrivateKey: pulumi.Output<string>;
  knownHosts: pulumi.Output<string>;
  statistics: { url: string; user: string; password: pulumi.Output<string> };
  /** Where it is on; the token is secret, and an administrator's. */
  dashboard?: { url: string; token: pulumi.Output<string> };
  /** The user's own forwards, where there are any: what each address and port of the host leads to. */
  forwards?: Record<string, string>;
  /** Lines for the host's own hosts file. */
  hostsFile: string;
  /** Mermaid. */
  topology: string;
}

export function labOutputs({ plan, pki, secrets }: Site, machines: readonly Machine[]): StackOutputs {
  const authority = pki.authorities["kubernetes-ca"].certificate;
  const ssh = sshAccess(plan, pki);
  // Ids are known when the commands have come to their end.
  const converged = machines.flatMap(({ node }) => node?.command.id ?? []);
  return {
    kubeconfig: pulumi
      .all([authority, pulumi.output(pki.certificateOf("admin")), converged])
      .apply(([ca, credential]) => kubeconfig({ ...person(plan), authority: ca, credential })),
    caCertificate: authority,
    certificates: summaries(plan, pki),
    certificatesPem: pulumi.secret(
      mapValues({ ...pki.authorities, ...pki.certificates }, ({ certificate }) => certificate),
    ),
    privateKeys: privateKeysOf(pki),
    machines: machines.map(({ plan: { name, role, address, hypervisorName } }) => ({
      name,
      role,
      address,
      hypervisorName,
    })),
    sshConfig: ssh.config,
    sshPrivateKey: ssh.privateKey,
    knownHosts: ssh.knownHosts,
    statistics: {
      url: pageOf(plan, "statistics"),
      user: "admin",
      password: secrets.statisticsPassword,
    },
    ...(secrets.dashboardToken && {
      dashboard: { url: pageOf(plan, "dashboard"), token: secrets.dashboardToken },
    }),
    ...ownForwardsOf(plan),
    hostsFile: hostsEntries(plan),
    topology: mermaid(plan),
  };
}

function ownForwardsOf(plan: LabPlan): Pick<StackOutputs, "forwards"> {
  const entries = ownForwardsIn(plan).map(({ hostAddress, hostPort, about, target }) => {
    const place = `${target?.address}:${target?.port}`;
    return [`${hostAddress}:${hostPort}`, about === place ? place : `${about}, ${place}`];
  });
  return entries.length === 0 ? {} : { forwards: Object.fromEntries(entries) };
}

function pageOf(plan: LabPlan, name: "statistics" | "dashboard"): string {
  const { address, port } = endpointOf(plan, name);
  return `http://${address}:${port}/`;
}

/** The API by its forwarded port, under names that tell labs apart in one kubeconfig. */
function person(plan: LabPlan) {
  const { address, port } = endpointOf(plan, "api");
  const cluster = `${plan.project}-${plan.stack}`;
  return { server: `https://${address}:${port}`, cluster, user: `${cluster}-admin` };
}

/** `kube-mast01, kube-mast01.kube.local and 6 names more, until 2027-11-26T10:00:00Z` */
function summaries(plan: LabPlan, pki: Pki): Record<string, pulumi.Output<string>> {
  const { authorities, certificates } = planCertificates(plan);
  const names: Record<string, string[]> = Object.fromEntries([
    ...authorities.map(({ name, commonName }) => [name, [commonName]]),
    ...certificates.map(({ name, commonName, dnsNames, ipAddresses }) => [
      name,
      [...new Set([commonName, ...dnsNames, ...ipAddresses])],
    ]),
  ]);
  return Object.fromEntries(
    Object.entries(names).map(([name, of]) => [
      name,
      pulumi.interpolate`${few(of)}, until ${pki.expiries[name]}`,
    ]),
  );
}

function few(names: readonly string[]): string {
  const shown = names.slice(0, 2).join(", ");
  return names.length > 2 ? `${shown} and ${names.length - 2} names more` : shown;
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  of: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, of(value)]));
}

function privateKeysOf(pki: Pki): pulumi.Output<Record<string, string>> {
  const hosts = Object.entries(pki.hostKeys);
  const keys: Record<string, pulumi.Output<string>> = {
    ...mapValues(pki.certificates, ({ privateKey }) => privateKey),
    ...Object.fromEntries(hosts.map(([name, key]) => [`${name}-ssh-host`, key.privateKey])),
    "service-account": pki.serviceAccountKey.privateKey,
    "ssh-user": pki.userKey.privateKey,
  };
  return pulumi.secret(keys);
}
