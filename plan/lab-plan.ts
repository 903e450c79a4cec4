/**
 * The complete, validated description of a lab: plain values, no defaults left to fill in.
 * `plan/plan.ts` makes it from the configuration; everything after it only reads it.
 */

/** The five kinds of machine in the reference lab. */
export type Role = "gateway" | "loadBalancer" | "master" | "worker" | "gluster";

/** The four internal networks; each has a subnet of its own behind the gateway. */
export type SubnetName = "mast" | "node" | "glus" | "dmz";

export interface SubnetPlan {
  name: SubnetName;
  /** Name of the hypervisor's internal network, scoped by the stack: `kube-lab-dev-mast`. */
  internalNetwork: string;
  /** CIDR, for example `192.168.1.0/24`. */
  cidr: string;
  prefixLength: number;
  /** The gateway's own address in this subnet. */
  gateway: string;
  /** First and last address dnsmasq leases to guests the lab does not know. */
  dhcp: { from: string; to: string };
  /** Addresses kept for service load balancers and so out of DHCP; only in `node`. */
  servicePool?: { from: string; to: string };
}

/** A port on the host's 127.0.0.1 that NAT carries to `guestPort` on the gateway. */
export interface ForwardPlan {
  /** `port8088` is one of the user's own. */
  name: "api" | "ssh" | "statistics" | "dashboard" | "http" | "https" | `port${number}`;
  hostAddress: string;
  hostPort: number;
  guestPort: number;
  /** Where the gateway sends it on to, when not to itself: `192.168.4.20:6443`. */
  target?: { address: string; port: number };
  /** Of the user's own: what it leads to, for a person: `default/web:80`, `kube-node01:30080`. */
  about?: string;
}

/** VirtualBox's NAT: always 10.0.2.0/24, guest 10.0.2.15, router 10.0.2.2; given statically, so no DHCP wait. */
export interface NatAdapterPlan {
  kind: "nat";
  mac: string;
  address: string;
  prefixLength: number;
  gateway: string;
  forwards: ForwardPlan[];
}

export interface InternalAdapterPlan {
  kind: "internal";
  subnet: SubnetName;
  internalNetwork: string;
  /** Lower case with colons: `08:00:27:ab:cd:ef`; derived from stack, machine and adapter. */
  mac: string;
  address: string;
  prefixLength: number;
  /** Default router; absent on the gateway itself. */
  gateway?: string;
  /** Resolvers; absent on the gateway itself, whose own dnsmasq answers. */
  resolvers?: string[];
}

/** An extra adapter of the gateway in a network with the host alone. */
export interface HostOnlyAdapterPlan {
  kind: "hostonly";
  /** The host's adapter, as in `VBoxManage list hostonlyifs`; absent: the one that has the host's address. */
  hostInterface?: string;
  mac: string;
  address: string;
  prefixLength: number;
  /** The host's own address in that network. */
  hostAddress: string;
}

/** An extra adapter on the LAN: the last one of the gateway, or of every machine. */
export interface BridgedAdapterPlan {
  kind: "bridged";
  /** The host's adapter, as in `VBoxManage list bridgedifs`, or a part of its name. */
  hostInterface: string;
  mac: string;
  /** Static address on the LAN, with its prefix length; absent when the LAN's DHCP gives one. */
  address?: string;
  prefixLength?: number;
  /** Subnet of the LAN that may reach all of this machine, and through the gateway all machines. */
  trusted?: string;
}

export type HostAdapterPlan = HostOnlyAdapterPlan | BridgedAdapterPlan;

export type AdapterPlan = NatAdapterPlan | InternalAdapterPlan | HostAdapterPlan;

export interface MachinePlan {
  /** Host name inside the lab: `kube-mast01`. */
  name: string;
  role: Role;
  /** 1 for the first of its role. */
  index: number;
  /** The hypervisor's name, scoped by the stack: `kube-lab-dev-kube-mast01`. */
  hypervisorName: string;
  /** `kube-mast01.kube.local` */
  fqdn: string;
  /** The address other machines know it by. The gateway's is its dmz address. */
  address: string;
  cpus: number;
  memoryMiB: number;
  /** Size of the second, thin disk; only Gluster machines have one. */
  dataDiskGiB?: number;
  /** Labels and taints of its node that the configuration gives it alone; only workers have some. */
  labels?: Record<string, string>;
  taints?: readonly TaintPlan[];
  /** Made, and off until a person starts it for the first time. */
  autoStart?: false;
  /** In the hypervisor's order: adapters[0] is adapter 1. */
  adapters: AdapterPlan[];
}

/** As the API has it: what keeps pods away that do not tolerate it. */
export interface TaintPlan {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

export interface KubernetesPlan {
  /** Without the leading v: `1.36.3`. */
  version: string;
  podSubnet: string;
  serviceSubnet: string;
  clusterDomain: string;
  /** First address of the service subnet: the API server's own service. */
  apiServiceAddress: string;
  /** Tenth address of the service subnet: cluster DNS. */
  dnsServiceAddress: string;
  /** `192.168.4.20:6443`, what kubeadm calls controlPlaneEndpoint. */
  controlPlaneEndpoint: string;
  apiPort: number;
  /** DNS names and addresses in the API servers' certificates beside the lab's own. */
  extraNames: string[];
  settings: KubernetesSettings;
}

/** The programs of the control plane beside etcd, by their names. */
export const controlPlanePrograms = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;

export type ControlPlaneProgram = (typeof controlPlanePrograms)[number];

/** What a person has set of Kubernetes' own programs; empty where all is as the lab has it by itself. */
export interface KubernetesSettings {
  /** Of all programs. */
  featureGates: Record<string, boolean>;
  /** Flags without `--`, and their values. */
  flags: Record<ControlPlaneProgram, Record<string, string>>;
  /** Fields of KubeletConfiguration, as kubelet.config.k8s.io/v1beta1 has them. */
  kubelet: Record<string, unknown>;
  proxyMode: "nftables" | "iptables" | "ipvs";
  /** Whether API servers write secrets encrypted into etcd; they read both. */
  encryptionAtRest: boolean;
  /** What API servers log of requests; absent for nothing. `policy` is a person's own, YAML, before the level. */
  audit?: { level: string; policy?: string };
  /** What pods may be that name no other level by their namespace. */
  podSecurity: "privileged" | "baseline" | "restricted";
  /** Who else says who somebody is. */
  oidc?: OidcPlan;
}

export interface OidcPlan {
  /** `https://…` */
  issuer: string;
  clientId: string;
  usernameClaim: string;
  groupsClaim: string;
  /** PEM; where it is no public one. */
  authority?: string;
}

export type AddonName = "storage" | "networkPolicy" | "metricsServer" | "metalLb" | "headlamp" | "traefik";

export interface AddonPlan {
  /** Whether the masters apply it; its programs are in every machine's image either way. */
  enabled: boolean;
  /** Without the leading v. */
  version: string;
}

/** How web applications in the cluster are reached: Traefik, which takes the Gateway API's routes. */
export interface ApplicationsPlan {
  /** `apps.kube.local`: each application is a name in it, and its certificate is for all of them. */
  domain: string;
  /** Ports of the virtual IP, and the port of every node behind each. */
  ports: Record<"http" | "https", { port: number; nodePort: number }>;
}

/** How the disk that is built here is divided: one partition, or /boot and logical volumes. */
export const diskLayouts = ["plain", "lvm"] as const;

export type DiskLayout = (typeof diskLayouts)[number];

export interface ImagePlan {
  /**
   * `built`: Debian 13 made on this computer; `debian-13`, `ubuntu-24.04`: the distribution's cloud image; `machine:NAME`: the
   * disk of a machine that is there; otherwise a path or URL of a disk image (raw, qcow2, vdi, vmdk).
   */
  base: string;
  /** `sha256:…` or `sha512:…`, of a URL. */
  checksum?: string;
  rootDiskGiB: number;
  layout: DiskLayout;
}

/** How masters and workers reach a registry of container images; its login is a secret, and apart. */
export interface RegistryPlan {
  /** As images' names begin: `docker.io`, `registry.example:5000`. */
  host: string;
  /** URLs that are tried first, in this order. */
  mirrors: string[];
  /** Its certificate counts for nothing, and where it speaks no TLS, plain HTTP does. */
  insecure: boolean;
  /** PEM file of who signs its certificate: full path, or relative to the project's folder. */
  authority?: string;
}

/** By what machines reach the outside. Secret where a login is in a URL. */
export interface ProxyPlan {
  http?: string;
  https?: string;
  /** The lab's own networks and names among them. */
  noProxy: string[];
}

export interface LabPlan {
  project: "kube-lab";
  stack: string;
  /** Values of the keys that are for a new lab only, for the lab's record; by the names of plan/config/changes.ts. */
  madeWith: Record<string, string>;
  /** `virtualbox` calls VBoxManage of the PATH or its usual places, `embedded` the stand-in. */
  hypervisor: Hypervisor;
  /** Group of all machines of this lab in the hypervisor: `/kube-lab/dev`. */
  group: string;
  domain: string;
  /** `api.kube.local` */
  apiName: string;
  virtualIp: string;
  statisticsPort: number;
  /** Login on every machine, by key only, with sudo. */
  user: string;
  /** Public keys of a person's own beside the generated one, each a line of authorized_keys. */
  authorizedKeys: string[];
  upstreamResolvers: string[];
  /** Time sources the gateway asks; the machines ask the gateway. Empty: the host's clock is trusted. */
  timeServers: string[];
  subnets: Record<SubnetName, SubnetPlan>;
  machines: MachinePlan[];
  /** How many of the workers that run may be away at the same time for a change. */
  workersAtOnce: number;
  kubernetes: KubernetesPlan;
  addons: Record<AddonName, AddonPlan>;
  /** Absent where Traefik is off. */
  applications?: ApplicationsPlan;
  gluster: { volume: string; replicas: 3 };
  image: ImagePlan;
  /** Archives of a person's own container images for all masters and workers: paths, relative to the project's folder or full. */
  imageArchives: string[];
  /** Files of the host that its machines get by \`cloudInit\`: paths, relative to the project's folder or full. */
  ownSources: { key: string; source: string }[];
  registries: RegistryPlan[];
  /** PEM files of authorities that every machine trusts: paths, relative to the project's folder or full. */
  certificateAuthorities: string[];
  /** Absent where there is none. */
  proxy?: ProxyPlan;
  hostAccess: { mode: "forward" | "hostonly" | "bridged"; address: string };
  certificates: CertificateLifetimes;
}

export interface CertificateLifetimes {
  authorityHours: number;
  leafHours: number;
  /** A leaf is renewed by the first `pulumi up` inside its last so many hours. */
  renewalHours: number;
}

/** Machines of one role, in order. */
export function machinesOf(plan: LabPlan, role: Role): MachinePlan[] {
  return plan.machines.filter((machine) => machine.role === role);
}

/** Machines whose nodes take pods of any kind: masters do only where there is no worker. */
export function nodesForPods(plan: LabPlan): MachinePlan[] {
  const workers = machinesOf(plan, "worker");
  return workers.length > 0 ? workers : machinesOf(plan, "master");
}

/** Real machines of VirtualBox, or containers of the stand-in. */
export type Hypervisor = "virtualbox" | "embedded";
