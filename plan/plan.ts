import { addressAfter, addressAt, prefixLength } from "../lib/addresses";
import { madeWith } from "./config/changes";
import type { Configuration } from "./config/defaults";
import { ownSources } from "./config/own-parts";
import { planProxy } from "./config/proxy";
import { planRegistries } from "./config/registries";
import { natNetwork, subnetNames } from "./fixed-networks";
import type { AddedForward } from "./forwards";
import { planSettings } from "./kubernetes-settings";
import type {
  AdapterPlan,
  ApplicationsPlan,
  BridgedAdapterPlan,
  ForwardPlan,
  HostAdapterPlan,
  InternalAdapterPlan,
  LabPlan,
  MachinePlan,
  Role,
  SubnetName,
  SubnetPlan,
} from "./lab-plan";
import { lanAddress } from "./lan-addresses";
import { type AdapterName, adapterKey, macAddresses } from "./mac-addresses";
import { type MachineName, machineNames, subnetOf } from "./machine-names";
import { ownForwards } from "./own-forwards";
import { dashboardPort, webPorts } from "./ports";

const HOURS_A_DAY = 24;
const HOURS_A_YEAR = 365 * HOURS_A_DAY;

/**
 * The whole lab out of a configuration that `parseConfiguration` has found good.
 * @param added what `npm run forward` has added to the lab that lives
 */
export function planLab(
  configuration: Configuration,
  stack: string,
  added: readonly AddedForward[] = [],
): LabPlan {
  const { kubernetes, loadBalancers, hostAccess, certificates, image } = configuration;
  const proxy = planProxy(configuration);
  // The stand-in's machines reach nothing outside their computer, and share its clock.
  const reachesOut = configuration.hypervisor !== "embedded";
  return {
    project: "kube-lab",
    stack,
    madeWith: madeWith(configuration),
    hypervisor: configuration.hypervisor,
    group: `/kube-lab/${stack}`,
    domain: configuration.domain,
    apiName: `api.${configuration.domain}`,
    virtualIp: loadBalancers.virtualIp,
    statisticsPort: loadBalancers.statisticsPort,
    user: configuration.user,
    authorizedKeys: configuration.ssh.authorizedKeys.map((key) => key.trim()),
    upstreamResolvers: reachesOut ? configuration.upstreamResolvers : [],
    timeServers: reachesOut ? configuration.timeServers : [],
    subnets: planSubnets(configuration, stack),
    machines: planMachines(configuration, stack, added),
    workersAtOnce: configuration.workers.atOnce,
    kubernetes: {
      version: kubernetes.version,
      podSubnet: kubernetes.podSubnet,
      serviceSubnet: kubernetes.serviceSubnet,
      clusterDomain: kubernetes.clusterDomain,
      apiServiceAddress: addressAt(kubernetes.serviceSubnet, 1),
      dnsServiceAddress: addressAt(kubernetes.serviceSubnet, 10),
      controlPlaneEndpoint: `${loadBalancers.virtualIp}:${kubernetes.apiPort}`,
      apiPort: kubernetes.apiPort,
      extraNames: kubernetes.apiServer.extraNames,
      settings: planSettings(configuration),
    },
    addons: planAddons(configuration),
    ...(configuration.addons.traefik.enabled && { applications: planApplications(configuration) }),
    gluster: { volume: configuration.gluster.volume, replicas: 3 },
    image: {
      base: image.base,
      rootDiskGiB: image.rootDiskGiB,
      layout: image.layout,
      ...(image.checksum && { checksum: image.checksum }),
    },
    imageArchives: configuration.images,
    ownSources: ownSources(configuration),
    registries: planRegistries(configuration),
    certificateAuthorities: configuration.certificateAuthorities,
    ...(proxy && { proxy }),
    hostAccess: { mode: hostAccess.mode, address: hostAccess.address },
    certificates: {
      authorityHours: certificates.authorityYears * HOURS_A_YEAR,
      leafHours: certificates.leafDays * HOURS_A_DAY,
      renewalHours: certificates.renewBeforeDays * HOURS_A_DAY,
    },
  };
}

function planAddons({ addons, gluster }: Configuration): LabPlan["addons"] {
  const { storage } = addons;
  return { ...addons, storage: { ...storage, enabled: storage.enabled && gluster.count > 0 } };
}

function planApplications({ domain, addons: { traefik } }: Configuration): ApplicationsPlan {
  return {
    domain: `apps.${domain}`,
    ports: {
      http: { port: webPorts.http, nodePort: traefik.httpNodePort },
      https: { port: webPorts.https, nodePort: traefik.httpsNodePort },
    },
  };
}

function planSubnets({ networks }: Configuration, stack: string): Record<SubnetName, SubnetPlan> {
  const plan = (name: SubnetName): SubnetPlan => ({
    name,
    internalNetwork: internalNetwork(stack, name),
    cidr: networks[name].cidr,
    prefixLength: prefixLength(networks[name].cidr),
    gateway: networks[name].gateway,
    dhcp: { ...networks[name].dhcp },
  });
  return {
    mast: plan("mast"),
    node: { ...plan("node"), servicePool: { ...networks.node.servicePool } },
    glus: plan("glus"),
    dmz: plan("dmz"),
  };
}

function planMachines(
  configuration: Configuration,
  stack: string,
  added: readonly AddedForward[],
): MachinePlan[] {
  const names = machineNames(configuration);
  const macs = macAddresses(stack, adapterNames(configuration, names));
  const macOf = (machine: string, adapter: string) => macs.get(adapterKey({ machine, adapter })) ?? "";
  return names.map(({ role, index, name }) => ({
    name,
    role,
    index,
    hypervisorName: `kube-lab-${stack}-${name}`,
    fqdn: `${name}.${configuration.domain}`,
    address: addressOf(configuration, role, index),
    ...sizesOf(configuration, role),
    ...(configuration.workers.notStarted.includes(name) && { autoStart: false as const }),
    adapters:
      role === "gateway"
        ? gatewayAdapters(configuration, stack, added, (adapter) => macOf(name, adapter))
        : [
            machineAdapter(configuration, stack, role, index, macOf(name, subnetOf[role])),
            ...lanAdapters(configuration, role, index, macOf(name, "bridged")),
          ],
  }));
}

/** The first of every role, then the second of every role: so a machine that is added comes late. */
function adapterNames(configuration: Configuration, machines: MachineName[]): AdapterName[] {
  return machines
    .toSorted((a, b) => a.index - b.index)
    .flatMap(({ name, role }) =>
      (role === "gateway"
        ? gatewayAdapterNames(configuration)
        : [subnetOf[role], ...(allOnLan(configuration) ? ["bridged"] : [])]
      ).map((adapter) => ({ machine: name, adapter })),
    );
}

function gatewayAdapterNames({ hostAccess }: Configuration): string[] {
  return ["nat", ...subnetNames, ...(hostAccess.mode === "forward" ? [] : [hostAccess.mode])];
}

function allOnLan({ hostAccess }: Configuration): boolean {
  return hostAccess.mode === "bridged" && hostAccess.bridged.machines === "all";
}

function addressOf({ networks }: Configuration, role: Role, index: number): string {
  const network = networks[subnetOf[role]];
  return role === "gateway" ? network.gateway : addressAfter(network.firstAddress, index - 1);
}

function sizesOf(configuration: Configuration, role: Role) {
  const group = {
    gateway: configuration.gateway,
    loadBalancer: configuration.loadBalancers,
    master: configuration.masters,
    worker: configuration.workers,
    gluster: configuration.gluster,
  }[role];
  const size = { cpus: group.cpus, memoryMiB: group.memoryMiB };
  return role === "gluster" ? { ...size, dataDiskGiB: configuration.gluster.brickGiB } : size;
}

function machineAdapter(
  configuration: Configuration,
  stack: string,
  role: Role,
  index: number,
  mac: string,
): InternalAdapterPlan {
  const subnet = subnetOf[role];
  const { gateway, cidr } = configuration.networks[subnet];
  return {
    kind: "internal",
    subnet,
    internalNetwork: internalNetwork(stack, subnet),
    mac,
    address: addressOf(configuration, role, index),
    prefixLength: prefixLength(cidr),
    gateway,
    resolvers: [gateway],
  };
}

/** Beside the lab's own network, which its traffic and its way out stay on. */
function lanAdapters(
  configuration: Configuration,
  role: Exclude<Role, "gateway">,
  index: number,
  mac: string,
): BridgedAdapterPlan[] {
  if (!allOnLan(configuration)) return [];
  const { from } = configuration.hostAccess.bridged.range;
  return [bridgedAdapter(configuration, mac, from && lanAddress(from, role, index))];
}

/** @param address on the LAN whose prefix length the gateway's has; absent: by DHCP */
function bridgedAdapter(
  { hostAccess }: Configuration,
  mac: string,
  address: string | undefined,
): BridgedAdapterPlan {
  const { adapter, bridged } = hostAccess;
  return {
    kind: "bridged",
    hostInterface: adapter ?? "",
    mac,
    ...(address && bridged.address && { address, prefixLength: prefixLength(bridged.address) }),
    ...(bridged.trusted && { trusted: bridged.trusted }),
  };
}

function gatewayAdapters(
  configuration: Configuration,
  stack: string,
  added: readonly AddedForward[],
  macOf: (adapter: string) => string,
): AdapterPlan[] {
  const internal = subnetNames.map(
    (subnet): InternalAdapterPlan => ({
      kind: "internal",
      subnet,
      internalNetwork: internalNetwork(stack, subnet),
      mac: macOf(subnet),
      address: configuration.networks[subnet].gateway,
      prefixLength: prefixLength(configuration.networks[subnet].cidr),
    }),
  );
  return [
    {
      kind: "nat",
      mac: macOf("nat"),
      address: natNetwork.address,
      prefixLength: prefixLength(natNetwork.cidr),
      gateway: natNetwork.gateway,
      forwards: planForwards(configuration, added),
    },
    ...internal,
    ...hostAdapters(configuration, macOf),
  ];
}

function hostAdapters(configuration: Configuration, macOf: (adapter: string) => string): HostAdapterPlan[] {
  const { mode, adapter, hostOnly, bridged } = configuration.hostAccess;
  switch (mode) {
    case "forward":
      return [];
    case "bridged":
      return [bridgedAdapter(configuration, macOf(mode), bridged.address?.split("/")[0])];
    case "hostonly":
      return [
        {
          kind: mode,
          ...(adapter && { hostInterface: adapter }),
          mac: macOf(mode),
          address: hostOnly.gateway,
          prefixLength: prefixLength(hostOnly.cidr),
          hostAddress: hostOnly.host,
        },
      ];
  }
}

function planForwards(configuration: Configuration, added: readonly AddedForward[]): ForwardPlan[] {
  const labs = labForwards(configuration);
  const { address: hostAddress, forwards: configured } = configuration.hostAccess;
  const addresses = new Map(
    machineNames(configuration).map(({ name, role, index }) => [name, addressOf(configuration, role, index)]),
  );
  return [
    ...labs,
    ...ownForwards({ configured, added, hostAddress, addressOf: (name) => addresses.get(name) }, labs),
  ];
}

function labForwards({ hostAccess, loadBalancers, kubernetes, addons }: Configuration): ForwardPlan[] {
  const hostAddress = hostAccess.address;
  const toVirtualIp = (name: ForwardPlan["name"], hostPort: number, port: number): ForwardPlan => ({
    name,
    hostAddress,
    hostPort,
    guestPort: port,
    target: { address: loadBalancers.virtualIp, port },
  });
  return [
    toVirtualIp("api", hostAccess.apiPort, kubernetes.apiPort),
    { name: "ssh", hostAddress, hostPort: hostAccess.sshPort, guestPort: 22 },
    toVirtualIp("statistics", hostAccess.statisticsPort, loadBalancers.statisticsPort),
    ...(addons.headlamp.enabled ? [toVirtualIp("dashboard", hostAccess.dashboardPort, dashboardPort)] : []),
    ...(addons.traefik.enabled
      ? [
          toVirtualIp("http", hostAccess.httpPort, webPorts.http),
          toVirtualIp("https", hostAccess.httpsPort, webPorts.https),
        ]
      : []),
  ];
}

function internalNetwork(stack: string, subnet: SubnetName): string {
  return `kube-lab-${stack}-${subnet}`;
}
