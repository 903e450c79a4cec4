import { netmask } from "../lib/addresses";
import { posixWord } from "../lib/shell-words";
import {
  type AdapterPlan,
  type ForwardPlan,
  type InternalAdapterPlan,
  type LabPlan,
  type MachinePlan,
  machinesOf,
  nodesForPods,
  type Role,
} from "../plan/lab-plan";
import { ownLanAdapter } from "../plan/lan-addresses";
import { dashboardPort } from "../plan/ports";
import { nodeImages } from "./kubernetes/images";
import { stableUuid } from "./stable-uuid";

/** What the gateway hands on from the whole LAN; the rest only from where it is trusted. Its own SSH needs no handing on. */
const lanForwards: ReadonlySet<ForwardPlan["name"]> = new Set(["api", "statistics"]);

type Variables = Record<string, string | number>;

/**
 * /etc/kube-lab/environment, the one generated file that all scripts of a machine read. Only what its role needs is in it, so
 * that a change elsewhere in the lab does not touch it.
 */
export function environmentFile(plan: LabPlan, machine: MachinePlan): string {
  const variables = { ...commonVariables(plan, machine), ...roleVariables[machine.role](plan, machine) };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${posixWord(String(value))}\n`)
    .join("");
}

const roleVariables: Record<Role, (plan: LabPlan, machine: MachinePlan) => Variables> = {
  gateway: gatewayVariables,
  loadBalancer: (plan, machine) => ({
    LAB_STACK: plan.stack,
    VIRTUAL_IP: plan.virtualIp,
    PREFIX: internalAdapters(machine)[0]?.prefixLength ?? 24,
    API_PORT: plan.kubernetes.apiPort,
    STATISTICS_PORT: plan.statisticsPort,
    DASHBOARD_PORT: plan.addons.headlamp.enabled ? dashboardPort : "",
    MASTERS: addressList(plan, "master"),
    LOAD_BALANCERS: addressList(plan, "loadBalancer"),
    ...applicationVariables(plan),
  }),
  master: (plan) => ({
    ...kubernetesVariables(plan),
    LAB_STACK: plan.stack,
    MASTERS: addressList(plan, "master"),
    BALANCER_SUBNET: plan.subnets.dmz.cidr,
    CERTIFICATE_HOURS: plan.certificates.leafHours,
    ENCRYPT_SECRETS: String(plan.kubernetes.settings.encryptionAtRest),
    PROXY_MODE: plan.kubernetes.settings.proxyMode,
    // As "Feature=true Other=false".
    FEATURE_GATES: Object.entries(plan.kubernetes.settings.featureGates)
      .map(([name, on]) => `${name}=${on}`)
      .join(" "),
    // Whether masters are kept for themselves: where there is no worker, they do their work.
    TAINTED: String(machinesOf(plan, "worker").length > 0),
  }),
  worker: kubernetesVariables,
  gluster: (plan, machine) => ({
    KERNEL_MODULES: "fuse xfs",
    INDEX: machine.index,
    GLUSTERS: addressList(plan, "gluster"),
    GLUSTER_VOLUME: plan.gluster.volume,
    GLUSTER_REPLICAS: plan.gluster.replicas,
    // Who may mount: machines that have pods, and Gluster's own.
    GLUSTER_CLIENTS: [plan.subnets.mast, plan.subnets.node, plan.subnets.glus]
      .map(({ cidr }) => cidr)
      .join(","),
    // Deterministic, so that a rebuilt machine is the peer that it was.
    GLUSTER_UUID: stableUuid(`gluster ${plan.stack} ${machine.name}`),
  }),
};

function commonVariables(plan: LabPlan, machine: MachinePlan): Variables {
  const inner = internalAdapters(machine)[0];
  return {
    MACHINE: machine.name,
    ROLE: machine.role,
    ADDRESS: machine.address,
    DOMAIN: plan.domain,
    ADAPTERS: machine.adapters.map(adapterWords).join(" "),
    RESOLVERS: (inner?.resolvers ?? ["127.0.0.1"]).join(" "),
    TIME_SERVERS: machine.role === "gateway" ? plan.timeServers.join(" ") : (inner?.gateway ?? ""),
    ...lanVariables(machine),
  };
}

/** `08:00:27:01:02:03=192.168.2.10/24,192.168.2.254`: MAC address, own address, way out; or `…=dhcp`. As network-config has it. */
function adapterWords(adapter: AdapterPlan): string {
  const address = adapter.address === undefined ? "dhcp" : `${adapter.address}/${adapter.prefixLength ?? 24}`;
  const gateway = "gateway" in adapter && adapter.gateway !== undefined ? `,${adapter.gateway}` : "";
  return `${adapter.mac}=${address}${gateway}`;
}

function lanVariables(machine: MachinePlan): Variables {
  const adapter = ownLanAdapter(machine);
  return adapter === undefined ? {} : { LAN_MAC: adapter.mac, LAN_TRUSTED: adapter.trusted ?? "" };
}

function kubernetesVariables(plan: LabPlan): Variables {
  return {
    KERNEL_MODULES: `overlay br_netfilter vxlan nf_conntrack fuse${plan.kubernetes.settings.proxyMode === "ipvs" ? " ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh" : ""}`,
    VIRTUAL_IP: plan.virtualIp,
    API_PORT: plan.kubernetes.apiPort,
    KUBERNETES_VERSION: plan.kubernetes.version,
    GLUSTER_SUBNET: plan.subnets.glus.cidr,
    IMAGES: nodeImages(plan).join(" "),
    GLUSTER_VOLUME: plan.gluster.volume,
    // As the volume's service takes them; empty where there is no storage.
    VOLUME_SERVERS: plan.addons.storage.enabled ? volumeServers(plan) : "",
  };
}

/** As "http=80:30080 https=443:30443"; any node that may have pods answers. */
function applicationVariables(plan: LabPlan): Variables {
  const ports = Object.entries(plan.applications?.ports ?? {});
  return {
    APPLICATIONS: ports.map(([name, { port, nodePort }]) => `${name}=${port}:${nodePort}`).join(" "),
    APPLICATION_NODES: ports.length > 0 ? addresses(nodesForPods(plan)) : "",
  };
}

function gatewayVariables(plan: LabPlan, machine: MachinePlan): Variables {
  const subnets = Object.values(plan.subnets);
  const nat = machine.adapters.find((adapter) => adapter.kind === "nat");
  const pool = plan.subnets.node.servicePool;
  return {
    KERNEL_MODULES: "nf_tables nf_nat nf_conntrack",
    API_NAME: plan.apiName,
    VIRTUAL_IP: plan.virtualIp,
    API_PORT: plan.kubernetes.apiPort,
    LAB_SUBNETS: subnets.map((subnet) => subnet.cidr).join(" "),
    KUBERNETES_SUBNETS: `${plan.subnets.mast.cidr} ${plan.subnets.node.cidr}`,
    MASTER_SUBNET: plan.subnets.mast.cidr,
    BALANCER_SUBNET: plan.subnets.dmz.cidr,
    GLUSTER_SUBNET: plan.subnets.glus.cidr,
    SERVICE_POOL: plan.addons.metalLb.enabled && pool !== undefined ? `${pool.from}-${pool.to}` : "",
    DASHBOARD_PORT: plan.addons.headlamp.enabled ? dashboardPort : "",
    APPLICATIONS_DOMAIN: plan.applications?.domain ?? "",
    APPLICATION_PORTS: portList(plan, "port"),
    APPLICATION_NODE_PORTS: portList(plan, "nodePort"),
    OWNER_SUBNET: machine.adapters.flatMap(ownerSubnet)[0] ?? "",
    GATEWAY_ADDRESSES: subnets.map((subnet) => subnet.gateway).join(" "),
    UPSTREAM_RESOLVERS: plan.upstreamResolvers.join(" "),
    DHCP_RANGES: subnets
      .map(({ name, dhcp, prefixLength, gateway }) =>
        [name, dhcp.from, dhcp.to, netmask(prefixLength), gateway].join(","),
      )
      .join(" "),
    NAT_ADDRESS: nat?.address ?? "",
    LAN_FORWARDED_PORTS: (nat?.forwards ?? [])
      .flatMap(({ name, guestPort }) => (lanForwards.has(name) ? [guestPort] : []))
      .join(" "),
    FORWARDS: (nat?.forwards ?? [])
      .flatMap(({ guestPort, target }) => (target ? [`${guestPort}=${target.address}:${target.port}`] : []))
      .join(" "),
  };
}

/** Where the lab's owner comes from: the host-only network, or the part of the LAN that is trusted. */
function ownerSubnet(adapter: AdapterPlan): string[] {
  switch (adapter.kind) {
    case "hostonly":
      return [`${adapter.address}/${adapter.prefixLength}`];
    case "bridged":
      return adapter.trusted === undefined ? [] : [adapter.trusted];
    default:
      return [];
  }
}

function internalAdapters(machine: MachinePlan): InternalAdapterPlan[] {
  return machine.adapters.filter((adapter) => adapter.kind === "internal");
}

/** Any of them tells a client of the whole volume: the next is asked where one does not answer. */
function volumeServers(plan: LabPlan): string {
  return machinesOf(plan, "gluster")
    .map(({ name }) => `--volfile-server=${name}`)
    .join(" ");
}

/** `kube-mast01=192.168.1.10 kube-mast02=192.168.1.11` */
function addressList(plan: LabPlan, role: Role): string {
  return addresses(machinesOf(plan, role));
}

function addresses(machines: MachinePlan[]): string {
  return machines.map(({ name, address }) => `${name}=${address}`).join(" ");
}

function portList({ applications }: LabPlan, which: "port" | "nodePort"): string {
  return Object.values(applications?.ports ?? {})
    .map((ports) => ports[which])
    .join(" ");
}
