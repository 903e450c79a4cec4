import { isIP } from "node:net";
import { type LabPlan, type MachinePlan, machinesOf } from "./lab-plan";

export type AuthorityName = "kubernetes-ca" | "etcd-ca" | "front-proxy-ca";

export interface AuthorityPlan {
  name: AuthorityName;
  commonName: string;
  hours: number;
}

/** What X.509 key usages a certificate carries, in @pulumi/tls's words. */
export type KeyUse = "digital_signature" | "key_encipherment" | "server_auth" | "client_auth";

export interface CertificatePlan {
  /** Unique in the lab, and the key in the stack outputs: `kube-mast01-apiserver`, `masters-scheduler`, `admin`. */
  name: string;
  authority: AuthorityName;
  /** The machines that hold it; none: the person at the host, or the cluster. */
  machines: string[];
  /**
   * What it is to these machines. A file of kubeadm's below /etc/kubernetes/pki without ending (`apiserver`, `etcd/server`), the
   * name of a kubeconfig below /etc/kubernetes that embeds it (`admin.conf`), `kubelet`: what the kubelet itself serves with and,
   * on a worker, is a client with at first, or
   * `applications`: what the cluster's web applications do.
   */
  file: string;
  commonName: string;
  organization?: string;
  dnsNames: string[];
  ipAddresses: string[];
  uses: KeyUse[];
  hours: number;
  renewalHours: number;
}

export interface CertificatesPlan {
  authorities: AuthorityPlan[];
  certificates: CertificatePlan[];
}

/** A certificate before it is somebody's. */
type Leaf = Omit<CertificatePlan, "name" | "machines" | "hours" | "renewalHours">;
type Subject = Pick<Leaf, "commonName" | "organization">;

// No key_encipherment: RFC 8813 rules it out for elliptic-curve keys, which all of these have.
const client: KeyUse[] = ["digital_signature", "client_auth"];
const server: KeyUse[] = ["digital_signature", "server_auth"];
const both: KeyUse[] = ["digital_signature", "server_auth", "client_auth"];

/** kubeadm binds it to cluster-admin, so RBAC can take it away again; system:masters is beyond RBAC. */
const clusterAdmins = "kubeadm:cluster-admins";

/**
 * What every master is a client with. One for all of them: their subjects name no machine, and each master has the authorities'
 * keys anyway, so a certificate each would keep nobody out, and each costs every `preview` three resources.
 */
const masterClients: Leaf[] = [
  clientOf("kubernetes-ca", "apiserver-kubelet-client", {
    commonName: "kube-apiserver-kubelet-client",
    organization: clusterAdmins,
  }),
  clientOf("etcd-ca", "apiserver-etcd-client", { commonName: "kube-apiserver-etcd-client" }),
  clientOf("front-proxy-ca", "front-proxy-client", { commonName: "front-proxy-client" }),
  clientOf("etcd-ca", "etcd/healthcheck-client", { commonName: "kube-etcd-healthcheck-client" }),
  kubeconfig("admin.conf", { commonName: "kubernetes-admin", organization: clusterAdmins }),
  kubeconfig("super-admin.conf", { commonName: "kubernetes-super-admin", organization: "system:masters" }),
  kubeconfig("controller-manager.conf", { commonName: "system:kube-controller-manager" }),
  kubeconfig("scheduler.conf", { commonName: "system:kube-scheduler" }),
];

/** Which certificates a lab needs, for which names and uses. Source: kubernetes.io, "PKI certificates and requirements". */
export function planCertificates(plan: LabPlan): CertificatesPlan {
  const hours = { hours: plan.certificates.leafHours, renewalHours: plan.certificates.renewalHours };
  const held = (machines: string[], owner: string, leaves: Leaf[]) =>
    leaves.map((leaf) => ({ name: nameOf(owner, leaf), machines, ...leaf, ...hours }));
  const own = (machine: MachinePlan, leaves: Leaf[]) => held([machine.name], machine.name, leaves);
  const masters = machinesOf(plan, "master");
  const ofMasters = masters.flatMap((master) => own(master, masterLeaves(plan, master)));
  const shared = held(
    masters.map(({ name }) => name),
    "masters",
    masterClients,
  );
  const ofKubelets = plan.machines.flatMap((machine) => own(machine, kubeletLeaves(plan, machine)));
  const person = kubeconfig("admin.conf", { commonName: "kube-lab-admin", organization: clusterAdmins });
  return {
    authorities: planAuthorities(plan),
    certificates: [
      ...ofMasters,
      ...shared,
      ...ofKubelets,
      { name: "admin", machines: [], ...person, ...hours },
      ...applicationLeaves(plan).map((leaf) => ({ name: leaf.file, machines: [], ...leaf, ...hours })),
    ],
  };
}

function planAuthorities(plan: LabPlan): AuthorityPlan[] {
  const authority = (name: AuthorityName, commonName: string): AuthorityPlan => ({
    name,
    commonName,
    hours: plan.certificates.authorityHours,
  });
  return [
    authority("kubernetes-ca", "kubernetes-ca"),
    authority("etcd-ca", "etcd-ca"),
    authority("front-proxy-ca", "kubernetes-front-proxy-ca"),
  ];
}

/** What a master serves with, under its own names. With the clients' all that kubeadm looks for; what it finds it does not make. */
function masterLeaves(plan: LabPlan, master: MachinePlan): Leaf[] {
  const etcdNames = {
    dnsNames: [master.name, master.fqdn, "localhost"],
    ipAddresses: unique([master.address, "127.0.0.1", "::1"]),
  };
  return [
    apiServer(plan, master),
    // etcd's gRPC gateway calls its own server port with the server's certificate: a client, too.
    { authority: "etcd-ca", file: "etcd/server", commonName: master.name, ...etcdNames, uses: both },
    { authority: "etcd-ca", file: "etcd/peer", commonName: master.name, ...etcdNames, uses: both },
  ];
}

/**
 * What a kubelet serves with, and a worker's is a client with at first: so a worker joins without a secret that others have, too.
 * A master signs its kubelet's own; what it serves with only metrics-server looks at, and each of these costs every `up` a little.
 */
function kubeletLeaves({ addons }: LabPlan, { role, name, fqdn, address }: MachinePlan): Leaf[] {
  const wanted = role === "worker" || (role === "master" && addons.metricsServer.enabled);
  if (!wanted) return [];
  return [
    {
      authority: "kubernetes-ca",
      file: "kubelet",
      commonName: `system:node:${name}`,
      organization: "system:nodes",
      dnsNames: [name, fqdn],
      ipAddresses: [address],
      uses: role === "worker" ? both : server,
    },
  ];
}

/** One for all applications: none is known beforehand. */
function applicationLeaves({ applications }: LabPlan): Leaf[] {
  if (applications === undefined) return [];
  return [
    {
      authority: "kubernetes-ca",
      file: "applications",
      commonName: "applications",
      dnsNames: [`*.${applications.domain}`],
      ipAddresses: [],
      uses: server,
    },
  ];
}

function apiServer(plan: LabPlan, master: MachinePlan): Leaf {
  const { clusterDomain, apiServiceAddress, extraNames } = plan.kubernetes;
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  return {
    authority: "kubernetes-ca",
    file: "apiserver",
    commonName: "kube-apiserver",
    dnsNames: unique([
      master.name,
      master.fqdn,
      ...service,
      `kubernetes.default.svc.${clusterDomain}`,
      plan.apiName,
      "localhost",
      ...extraNames.filter((name) => isIP(name) === 0),
    ]),
    ipAddresses: unique([
      master.address,
      plan.virtualIp,
      apiServiceAddress,
      "127.0.0.1",
      "::1",
      // The forwarded port's address: what the person's kubectl connects to.
      ...(plan.hostAccess.address === "0.0.0.0" ? [] : [plan.hostAccess.address]),
      ...[...machinesOf(plan, "gateway"), master].flatMap(outerAddresses),
      ...extraNames.filter((name) => isIP(name) !== 0),
    ]),
    uses: server,
  };
}

/** Where host and LAN reach a machine itself. */
function outerAddresses({ adapters }: MachinePlan): string[] {
  return adapters.flatMap((adapter) =>
    (adapter.kind === "hostonly" || adapter.kind === "bridged") && adapter.address !== undefined
      ? [adapter.address]
      : [],
  );
}

function clientOf(authority: AuthorityName, file: string, subject: Subject): Leaf {
  return { authority, file, ...subject, dnsNames: [], ipAddresses: [], uses: client };
}

function kubeconfig(file: string, subject: Subject): Leaf {
  return clientOf("kubernetes-ca", file, subject);
}

function nameOf(owner: string, leaf: Leaf): string {
  return `${owner}-${leaf.file.replace("/", "-").replace(/\.conf$/, "")}`;
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}
