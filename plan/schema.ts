import { z } from "zod";
import {
  addonRelease,
  certificate,
  checksum,
  diskImage,
  domain,
  glusterCount,
  hostAdapter,
  interfaceAddress,
  kubernetesRelease,
  masterCount,
  prefixOfNames,
  privateKey,
  resolvers,
  timeServers,
  traefikRelease,
  userName,
  volumeName,
} from "./kinds";
import { diskLayouts } from "./lab-plan";
import {
  address,
  cidr,
  derivedKey,
  type Explain,
  group,
  integer,
  key,
  oneOf,
  onOrOff,
  port,
} from "./settings";

/**
 * What is allowed in the namespace `kube-lab`, key by key, with every default of the reference lab. Rules that need
 * more than one key are in checks/; defaults that follow from other keys are filled in by `derived.ts`.
 */

/** kubeadm's preflight wants 2 processors and 1700 MiB seen inside a master; the kernel keeps up to 100 MiB for itself. */
const kubeadmMinimum = { cpus: 2, memoryMiB: 1800 };

interface Size {
  cpus: number;
  memoryMiB: number;
}

function size(fallback: Size, minimum: Size, whose: string, because?: string) {
  const explain = (least: number): { explain?: Explain } =>
    because === undefined
      ? {}
      : { explain: (value) => (Number(value) < least ? { reason: because, meant: least } : undefined) };
  const cpus = { ...integer({ min: minimum.cpus, max: 64 }), ...explain(minimum.cpus) };
  const memory = { ...integer({ min: minimum.memoryMiB, max: 1048576 }), ...explain(minimum.memoryMiB) };
  return {
    cpus: key(cpus, fallback.cpus, `Virtual processors of each ${whose}`),
    memoryMiB: key(memory, fallback.memoryMiB, `Memory of each ${whose}, MiB`),
  };
}

function network(third: number, dhcpEnds: string, what: string) {
  return {
    cidr: key(cidr(8, 28), `192.168.${third}.0/24`, `Subnet of ${what}`),
    gateway: derivedKey(address(), "last address", "The gateway's address in it"),
    firstAddress: derivedKey(address(), "tenth address", "The first machine's address; the others follow"),
    dhcp: group({
      from: derivedKey(
        address(),
        "just past the middle",
        "First address leased to guests the lab does not know",
      ),
      to: derivedKey(address(), dhcpEnds, "Last address leased"),
    }),
  };
}

const servicePool = group({
  from: derivedKey(address(), "200th of 256", "First address for services of type LoadBalancer"),
  to: derivedKey(address(), "250th of 256", "Last address for services of type LoadBalancer"),
});

const beforeGateway = "the one before the gateway's";
const name = (fallback: string, what: string) =>
  key(prefixOfNames, fallback, `Names of ${what}, before the number`);

function authority(whose: string) {
  return {
    certificate: derivedKey(certificate, "made here", `Authority of the user's own for ${whose}`),
    privateKey: derivedKey(privateKey, "made here", "Its key; set it with `--secret`"),
  };
}

function addon(enabled: boolean, release: string, what: string, whose: string) {
  return group({
    enabled: key(onOrOff(), enabled, what),
    version: key(addonRelease, release, `Release of ${whose}`),
  });
}

/** kube-apiserver's --service-node-port-range. */
const nodePort = integer({ min: 30000, max: 32767 });

const inStackDev = "in stack dev; in another moved by a number made from its name";

/** Also the order of the README's table. */
export const schema = z.strictObject({
  hypervisor: key(
    oneOf(["auto", "virtualbox", "embedded"]),
    "auto",
    "`virtualbox`; `embedded`: containers in its place, for a Linux computer that cannot run it; `auto`: what fits",
  ),
  domain: key(domain, "kube.local", "Domain of every machine's name"),
  user: key(userName, "debian", "Login on every machine, by key only"),
  gateway: group(size({ cpus: 1, memoryMiB: 512 }, { cpus: 1, memoryMiB: 256 }, "gateway")),
  loadBalancers: group({
    count: key(integer({ min: 1, max: 16 }), 2, "How many load balancers"),
    ...size({ cpus: 1, memoryMiB: 512 }, { cpus: 1, memoryMiB: 384 }, "load balancer"),
    virtualIp: derivedKey(
      address(),
      "20th address of dmz",
      "The API's address, on whichever load balancer is active",
    ),
    statisticsPort: key(port(1), 32700, "Port of HAProxy's statistics on the virtual IP"),
  }),
  masters: group({
    count: key(masterCount, 3, "How many masters, each an etcd member too"),
    ...size(
      { cpus: 2, memoryMiB: 2048 },
      kubeadmMinimum,
      "master",
      "kubeadm wants 2 processors and 1700 MiB, and the kernel keeps up to 100 MiB more",
    ),
  }),
  workers: group({
    count: key(integer({ min: 0, max: 200 }), 3, "How many workers"),
    ...size({ cpus: 2, memoryMiB: 2048 }, { cpus: 1, memoryMiB: 768 }, "worker"),
  }),
  gluster: group({
    count: key(glusterCount, 3, "How many Gluster machines; the volume has three copies"),
    ...size({ cpus: 2, memoryMiB: 2048 }, { cpus: 1, memoryMiB: 512 }, "Gluster machine"),
    brickGiB: key(integer({ min: 1, max: 2047 }), 500, "Size of each one's thin data disk, GiB"),
    volume: key(volumeName, "lab", "Name of the replicated volume"),
  }),
  networks: group({
    mast: group(network(1, beforeGateway, "the masters")),
    node: group({ ...network(2, "the one before the service pool", "the workers"), servicePool }),
    glus: group(network(3, beforeGateway, "the Gluster machines")),
    dmz: group(network(4, beforeGateway, "the load balancers")),
  }),
  kubernetes: group({
    version: key(kubernetesRelease, "1.36.3", "Release of Kubernetes, and of the kubeadm that sets it up"),
    podSubnet: key(cidr(8, 24), "10.244.0.0/16", "Addresses of pods, a /24 of it for each node"),
    serviceSubnet: key(cidr(12, 28), "10.96.0.0/12", "Addresses of services"),
    clusterDomain: key(domain, "cluster.local", "Domain of services"),
    apiPort: key(port(1), 6443, "Port of the API on the virtual IP and on every master"),
  }),
  addons: group({
    storage: addon(
      true,
      "0.0.30",
      "A default storage class on the Gluster volume, where there is one: volumes for many pods on any nodes",
      "rancher/local-path-provisioner",
    ),
    metricsServer: addon(false, "0.9.0", "What `kubectl top` and autoscalers ask", "metrics-server"),
    metalLb: addon(
      false,
      "0.16.2",
      "Addresses of the service pool for services of type LoadBalancer; wants a worker",
      "MetalLB",
    ),
    headlamp: addon(
      false,
      "0.45.0",
      "A dashboard, by a forwarded port; its login is the output `dashboard`, an administrator's",
      "Headlamp",
    ),
    traefik: group({
      enabled: key(
        onOrOff(),
        false,
        "Web applications by the Gateway API, on the virtual IP and on the host",
      ),
      version: key(traefikRelease, "3.6.12", "Release of Traefik"),
      httpNodePort: key(nodePort, 30080, "Port of every node for HTTP, where the load balancers send it"),
      httpsNodePort: key(nodePort, 30443, "The same for HTTPS"),
    }),
  }),
  image: group({
    base: key(
      diskImage,
      "built",
      "`built`: Debian 13 made on this computer; a distribution's cloud image; your own; or the disk of a machine that is there",
    ),
    checksum: derivedKey(
      checksum,
      "the distribution's own; none for an https URL",
      "What a download from your URL must have",
    ),
    rootDiskGiB: key(integer({ min: 8, max: 2047 }), 30, "Size of every machine's thin root disk, GiB"),
    layout: key(
      oneOf(diskLayouts),
      "plain",
      "`plain`: one partition; `lvm`: /boot and logical volumes for root, home, opt, tmp, usr and var, and a compiler; for `built` made by root on Linux",
    ),
  }),
  hostAccess: group({
    mode: key(
      oneOf(["forward", "hostonly", "bridged"]),
      "forward",
      "How the host reaches the lab: forwarded ports; also an adapter of the host's alone; also the LAN",
    ),
    address: key(address(), "127.0.0.1", "The host's address that forwarded ports listen on"),
    adapter: derivedKey(
      hostAdapter,
      "found by its address, else made, for hostonly",
      "The host's adapter; for bridged, a part of its name is enough",
    ),
    apiPort: derivedKey(port(1024), inStackDev, "Port of the host that leads to the API"),
    sshPort: derivedKey(port(1024), inStackDev, "Port of the host that leads to the gateway's SSH"),
    statisticsPort: derivedKey(port(1024), inStackDev, "Port of the host that leads to the statistics"),
    dashboardPort: derivedKey(
      port(1024),
      inStackDev,
      "Port of the host that leads to the dashboard, where it is on",
    ),
    httpPort: derivedKey(
      port(1024),
      inStackDev,
      "Port of the host that leads to the applications, with Traefik",
    ),
    httpsPort: derivedKey(port(1024), inStackDev, "The same for HTTPS"),
    hostOnly: group({
      cidr: derivedKey(
        cidr(8, 28),
        "in stack dev; in another one of the seven after it, by its name",
        "Subnet between host and gateway, for hostonly",
      ),
      host: derivedKey(address(), "first address", "The host's address in it"),
      gateway: derivedKey(address(), "last address", "The gateway's address in it"),
    }),
    bridged: group({
      machines: key(
        oneOf(["gateway", "all"]),
        "gateway",
        "Which machines are on the LAN, for bridged: the gateway alone, or `all`, each by an adapter of its own",
      ),
      address: derivedKey(
        interfaceAddress,
        "by the LAN's DHCP",
        "The gateway's own address on the LAN, for bridged",
      ),
      range: group({
        from: derivedKey(
          address(),
          "by the LAN's DHCP",
          "First of the other machines' own addresses on the LAN, with `all`; of every four each role has one",
        ),
        to: derivedKey(address(), "by the LAN's DHCP", "Last address that they may have"),
      }),
      trusted: derivedKey(
        cidr(8, 32),
        "none: SSH, and the API and statistics of the gateway",
        "Subnet of the LAN from which every machine is reached in full, for bridged: through the gateway, and with `all` directly",
      ),
    }),
  }),
  names: group({
    gateway: name("gate-node", "gateways"),
    loadBalancer: name("hapx-node", "load balancers"),
    master: name("kube-mast", "masters"),
    worker: name("kube-node", "workers"),
    gluster: name("glus-node", "Gluster machines"),
  }),
  upstreamResolvers: key(
    resolvers,
    ["9.9.9.9", "1.1.1.1"],
    "Resolvers that the gateway asks for names that are not the lab's; not used by embedded",
  ),
  timeServers: key(
    timeServers,
    ["0.debian.pool.ntp.org", "1.debian.pool.ntp.org"],
    "Time servers that the gateway asks; not used by embedded, which has the host's clock",
  ),
  certificates: group({
    authorityYears: key(integer({ min: 1, max: 50 }), 10, "Life of an authority, years of 365 days"),
    leafDays: key(integer({ min: 1, max: 3650 }), 365, "Life of any other certificate, days"),
    renewBeforeDays: key(
      integer({ min: 0, max: 3649 }),
      60,
      "A certificate is renewed by the first `pulumi up` inside its last so many days",
    ),
    authorities: group({
      "kubernetes-ca": group(authority("Kubernetes")),
      "etcd-ca": group(authority("etcd")),
      "front-proxy-ca": group(authority("aggregated API servers")),
    }),
  }),
});

/** What the schema alone yields: constant defaults filled in, derived ones still absent. */
export type Settings = z.output<typeof schema>;
