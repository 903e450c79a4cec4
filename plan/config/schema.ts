import { z } from "zod";
import { diskLayouts } from "../lab-plan";
import { defaultAddonVersions } from "../versions";
import {
  authorityFiles,
  authorizedKeys,
  checksum,
  diskImage,
  domain,
  glusterCount,
  imageArchives,
  masterCount,
  ownWorker,
  proxyExceptions,
  proxyUrl,
  registries,
  releaseLike,
  resolvers,
  timeServers,
  userName,
  volumeName,
  workerNames,
} from "./kinds";
import { cloudInit } from "./schema-cloud-init";
import {
  addon,
  authority,
  beforeGateway,
  name,
  network,
  servicePool,
  size,
  smallestWorker,
  trusted,
} from "./schema-groups";
import { hostAccess } from "./schema-host-access";
import { kubernetes } from "./schema-kubernetes";
import {
  address,
  derivedKey,
  group,
  inPlace,
  integer,
  key,
  machineAfterMachine,
  newLabOnly,
  oneOf,
  onOrOff,
  port,
  section,
} from "./settings";

/**
 * What is allowed in the namespace `kube-lab`, key by key, with every default of the reference lab. Rules that need
 * more than one key are in checks/; defaults that follow from other keys are filled in by `derived.ts`.
 */

/** kubeadm's preflight wants 2 processors and 1700 MiB seen inside a master; the kernel keeps up to 100 MiB for itself. */
const kubeadmMinimum = { cpus: 2, memoryMiB: 1800 };

/** kube-apiserver's --service-node-port-range. */
const nodePort = integer({ min: 30000, max: 32767 });

/** Also the order of the keys in Pulumi.yaml, Pulumi.dev.yaml and docs/configuration.md. */
export const schema = z.strictObject({
  hypervisor: key(
    oneOf(["auto", "virtualbox", "embedded"]),
    "auto",
    newLabOnly("the machines and their disks are of the hypervisor that made them"),
    "`virtualbox`; `embedded`: containers in its place, for a Linux computer that cannot run it; `auto`: what fits",
  ),
  domain: key(
    domain,
    "kube.local",
    newLabOnly("its machines and what trusts them know each other by names in it"),
    "Domain of every machine's name",
  ),
  user: key(
    userName,
    "debian",
    newLabOnly("its machines have that login and let no other in"),
    "Login on every machine, by key only",
  ),
  ssh: section("Who else may log in", {
    authorizedKeys: key(
      authorizedKeys,
      [],
      inPlace,
      "Public keys of your own, which `user` may log in with on every machine, beside the generated one",
    ),
  }),
  gateway: section(
    "The gateway: router, DNS, DHCP and time of the lab, and the jump host",
    size({ cpus: 1, memoryMiB: 512 }, { cpus: 1, memoryMiB: 256 }, "gateway"),
  ),
  loadBalancers: section("HAProxy machines that share the API's virtual IP", {
    count: key(integer({ min: 1, max: 16 }), 2, inPlace, "How many load balancers"),
    ...size({ cpus: 1, memoryMiB: 512 }, { cpus: 1, memoryMiB: 384 }, "load balancer"),
    virtualIp: derivedKey(
      address(),
      "20th address of dmz",
      newLabOnly("every node and every certificate has the API at that address"),
      "The API's address, on whichever load balancer is active",
    ),
    statisticsPort: key(port(1), 32700, inPlace, "Port of HAProxy's statistics on the virtual IP"),
  }),
  masters: section("Control-plane machines, each an etcd member too; 1, 3 or 5", {
    count: key(masterCount, 3, inPlace, "How many masters, each an etcd member too"),
    ...size(
      { cpus: 2, memoryMiB: 2048 },
      kubeadmMinimum,
      "master",
      "kubeadm wants 2 processors and 1700 MiB, and the kernel keeps up to 100 MiB more",
    ),
  }),
  workers: section("Machines for everybody's pods; 0 or more", {
    count: key(integer({ min: 0, max: 200 }), 3, inPlace, "How many workers"),
    atOnce: key(
      integer({ min: 1, max: 200 }),
      1,
      inPlace,
      "How many of those that run may be away at the same time for a change",
    ),
    ...size({ cpus: 2, memoryMiB: 2048 }, smallestWorker, "worker"),
    machines: key(
      ownWorker,
      {},
      machineAfterMachine,
      "What single workers have of their own, by their names: cpus, memoryMiB, labels, and taints as KEY=VALUE:EFFECT",
    ),
    notStarted: key(
      workerNames,
      [],
      inPlace,
      "Names of workers that are made and not started: `npm run start` boots them, and from then on they are as any other",
    ),
  }),
  gluster: section("Machines of the replicated volume, each with a data disk; 0, or 3 and more", {
    count: key(glusterCount, 3, inPlace, "How many Gluster machines; the volume has three copies"),
    ...size({ cpus: 2, memoryMiB: 2048 }, { cpus: 1, memoryMiB: 512 }, "Gluster machine"),
    brickGiB: key(
      integer({ min: 1, max: 2047 }),
      500,
      machineAfterMachine,
      "Size of each one's thin data disk, GiB",
    ),
    volume: key(
      volumeName,
      "lab",
      newLabOnly("what is kept is on the volume of that name"),
      "Name of the replicated volume",
    ),
  }),
  networks: section("The four internal networks; the addresses in them follow from cidr unless set", {
    mast: group(network(1, beforeGateway, "the masters")),
    node: group({ ...network(2, "the one before the service pool", "the workers"), servicePool }),
    glus: group(network(3, beforeGateway, "the Gluster machines")),
    dmz: group(network(4, beforeGateway, "the load balancers")),
  }),
  kubernetes,
  addons: section("What the cluster has beyond the necessary, each on or off, and its release", {
    storage: addon(
      true,
      defaultAddonVersions.localPathProvisioner,
      "A default storage class on the Gluster volume, where there is one: volumes for many pods on any nodes",
      "rancher/local-path-provisioner",
    ),
    networkPolicy: addon(
      true,
      defaultAddonVersions.networkPolicy,
      "NetworkPolicies hold; without it they are accepted and do nothing",
      "kube-network-policies",
    ),
    metricsServer: addon(
      false,
      defaultAddonVersions.metricsServer,
      "What `kubectl top` and autoscalers ask",
      "metrics-server",
    ),
    metalLb: addon(
      false,
      defaultAddonVersions.metalLb,
      "Addresses of the service pool for services of type LoadBalancer; wants a worker",
      "MetalLB",
    ),
    headlamp: addon(
      false,
      defaultAddonVersions.headlamp,
      "A dashboard, by a forwarded port; its login is the output `dashboard`, an administrator's",
      "Headlamp",
    ),
    traefik: group({
      enabled: key(
        onOrOff(),
        false,
        inPlace,
        "Web applications by the Gateway API, on the virtual IP and on the host",
      ),
      version: key(
        releaseLike(
          defaultAddonVersions.traefik,
          "the masters bring the Gateway API 1.4, which is made for Traefik",
        ),
        defaultAddonVersions.traefik,
        inPlace,
        "Release of Traefik",
      ),
      httpNodePort: key(
        nodePort,
        30080,
        inPlace,
        "Port of every node for HTTP, where the load balancers send it",
      ),
      httpsNodePort: key(nodePort, 30443, inPlace, "The same for HTTPS"),
    }),
  }),
  image: section("The machines' root disk: made here, a distribution's, your own, or a machine's", {
    base: key(
      diskImage,
      "built",
      machineAfterMachine,
      "`built`: Debian 13 made on this computer; a distribution's cloud image; your own; or the disk of a machine that is there",
    ),
    checksum: derivedKey(
      checksum,
      "the distribution's own; none for an https URL",
      inPlace,
      "What a download from your URL must have",
    ),
    rootDiskGiB: key(
      integer({ min: 8, max: 2047 }),
      30,
      machineAfterMachine,
      "Size of every machine's thin root disk, GiB",
    ),
    layout: key(
      oneOf(diskLayouts),
      "plain",
      machineAfterMachine,
      "`plain`: one partition; `lvm`: /boot and logical volumes for root, home, opt, tmp, usr and var, and a compiler; for `built` made by root on Linux",
    ),
  }),
  images: key(
    imageArchives,
    [],
    inPlace,
    "Archives of container images, as `docker save` writes them, that every master and worker has from its birth",
  ),
  registries: key(
    registries,
    {},
    inPlace,
    "How masters and workers reach registries of container images, by the registry's host: `mirrors`, `username` and `password`, `insecure`, `authority`",
  ),
  certificateAuthorities: key(
    authorityFiles,
    [],
    inPlace,
    "PEM files of certificate authorities that every machine trusts, beside the public ones",
  ),
  proxy: section("The proxy by which the lab's machines, and its set-up, reach the outside", {
    http: derivedKey(proxyUrl, "none", inPlace, "For http:// URLs"),
    https: derivedKey(proxyUrl, "none", inPlace, "For https:// URLs"),
    noProxy: key(
      proxyExceptions,
      [],
      inPlace,
      "What is reached without it, beside the lab's own networks and names",
    ),
  }),
  cloudInit,
  hostAccess,
  names: section("What machines' names begin with; two digits follow", {
    gateway: name("gate-node", "gateways"),
    loadBalancer: name("hapx-node", "load balancers"),
    master: name("kube-mast", "masters"),
    worker: name("kube-node", "workers"),
    gluster: name("glus-node", "Gluster machines"),
  }),
  upstreamResolvers: key(
    resolvers,
    ["9.9.9.9", "1.1.1.1"],
    inPlace,
    "Resolvers that the gateway asks for names that are not the lab's; not used by embedded",
  ),
  timeServers: key(
    timeServers,
    ["0.debian.pool.ntp.org", "1.debian.pool.ntp.org"],
    inPlace,
    "Time servers that the gateway asks; not used by embedded, which has the host's clock",
  ),
  certificates: section("Lifetimes, and authorities of the user's own", {
    authorityYears: key(integer({ min: 1, max: 50 }), 10, trusted, "Life of an authority, years of 365 days"),
    leafDays: key(integer({ min: 1, max: 3650 }), 365, inPlace, "Life of any other certificate, days"),
    renewBeforeDays: key(
      integer({ min: 0, max: 3649 }),
      60,
      inPlace,
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
