import { defaultAddonVersions } from "../../../plan/versions";
import type { Pair } from "./self-signed";

/** Another value of a key, and what else must be set for it to be one that is taken. */
export interface ChangedKey {
  value: unknown;
  with?: Record<string, unknown>;
}

const to = (value: unknown, others: Record<string, unknown> = {}): ChangedKey => ({ value, with: others });
const bridged = { hostAccess: { mode: "bridged", adapter: "eth0" } };
const wholeLan = {
  hostAccess: {
    mode: "bridged",
    adapter: "eth0",
    bridged: { machines: "all", address: "10.9.8.7/24", range: { from: "10.9.8.20", to: "10.9.8.90" } },
  },
};
const provider = { kubernetes: { oidc: { issuer: "https://id.example", clientId: "lab" } } };
const size = (group: string) => ({ [`${group}.cpus`]: to(4), [`${group}.memoryMiB`]: to(4096) });
const addon = (name: string, enabled: boolean, release: string) => ({
  [`addons.${name}.enabled`]: to(enabled),
  [`addons.${name}.version`]: to(release.replace(/\d+$/, "99")),
});
const network = (name: string, third: number) => ({
  [`networks.${name}.cidr`]: to("10.9.0.0/24"),
  [`networks.${name}.gateway`]: to(`192.168.${third}.1`),
  [`networks.${name}.firstAddress`]: to(`192.168.${third}.30`),
  [`networks.${name}.dhcp.from`]: to(`192.168.${third}.140`),
  [`networks.${name}.dhcp.to`]: to(`192.168.${third}.180`),
});
const authority = (name: string, own: Pair) => {
  const { certificate, privateKey } = own;
  const group = `certificates.authorities.${name}`;
  return {
    [`${group}.certificate`]: to(certificate, { certificates: { authorities: { [name]: { privateKey } } } }),
    [`${group}.privateKey`]: to(privateKey, { certificates: { authorities: { [name]: { certificate } } } }),
  };
};

/** For every key of the schema a change that somebody might make to a reference lab on VirtualBox. */
export const changesOf = (own: Pair): Record<string, ChangedKey> => ({
  hypervisor: to("embedded"),
  domain: to("lab.example"),
  user: to("alice"),
  "ssh.authorizedKeys": to([
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl alice@example",
  ]),
  ...size("gateway"),
  "loadBalancers.count": to(3),
  ...size("loadBalancers"),
  "loadBalancers.virtualIp": to("192.168.4.30"),
  "loadBalancers.statisticsPort": to(32701),
  "masters.count": to(5),
  ...size("masters"),
  "workers.count": to(4),
  "workers.atOnce": to(2),
  ...size("workers"),
  "workers.machines": to({ "kube-node02": { cpus: 4, labels: { disk: "ssd" } } }),
  "workers.notStarted": to(["kube-node03"]),
  "gluster.count": to(6),
  ...size("gluster"),
  "gluster.brickGiB": to(600),
  "gluster.volume": to("other"),
  ...network("mast", 1),
  ...network("node", 2),
  "networks.node.servicePool.from": to("192.168.2.210"),
  "networks.node.servicePool.to": to("192.168.2.240"),
  ...network("glus", 3),
  ...network("dmz", 4),
  "kubernetes.version": to("1.36.2"),
  "kubernetes.podSubnet": to("10.200.0.0/16"),
  "kubernetes.serviceSubnet": to("10.112.0.0/16"),
  "kubernetes.clusterDomain": to("other.local"),
  "kubernetes.apiPort": to(6444),
  "kubernetes.featureGates": to({ AllAlpha: true }),
  "kubernetes.apiServer.extraArguments": to({ "max-requests-inflight": 500 }),
  "kubernetes.apiServer.extraNames": to(["api.example", "203.0.113.7"]),
  "kubernetes.controllerManager.extraArguments": to({ "node-monitor-grace-period": "20s" }),
  "kubernetes.scheduler.extraArguments": to({ v: 4 }),
  "kubernetes.kubelet": to({ maxPods: 50, evictionHard: { "memory.available": "200Mi" } }),
  "kubernetes.kubeProxy.mode": to("iptables"),
  "kubernetes.encryptionAtRest": to(false),
  "kubernetes.audit.level": to("Metadata"),
  "kubernetes.audit.policy": to("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n"),
  "kubernetes.podSecurity": to("baseline"),
  "kubernetes.oidc.issuer": to("https://other.example", provider),
  "kubernetes.oidc.clientId": to("other", provider),
  "kubernetes.oidc.usernameClaim": to("email", provider),
  "kubernetes.oidc.groupsClaim": to("roles", provider),
  "kubernetes.oidc.authority": to(own.certificate, provider),
  ...addon("storage", false, defaultAddonVersions.localPathProvisioner),
  ...addon("networkPolicy", false, defaultAddonVersions.networkPolicy),
  ...addon("metricsServer", true, defaultAddonVersions.metricsServer),
  ...addon("metalLb", true, defaultAddonVersions.metalLb),
  ...addon("headlamp", true, defaultAddonVersions.headlamp),
  "addons.traefik.enabled": to(true),
  "addons.traefik.version": to("3.6.99"),
  "addons.traefik.httpNodePort": to(30081),
  "addons.traefik.httpsNodePort": to(30444),
  "image.base": to("debian-13"),
  "image.checksum": to(`sha256:${"0".repeat(64)}`, { image: { base: "https://images.example/disk.qcow2" } }),
  "image.rootDiskGiB": to(31),
  "image.layout": to("lvm"),
  images: to(["shop.tar"]),
  registries: to({ "docker.io": { mirrors: ["https://mirror.example:5000"] } }),
  certificateAuthorities: to(["house-ca.pem"]),
  "proxy.http": to("http://proxy.example:3128"),
  "proxy.https": to("http://proxy.example:3128"),
  "proxy.noProxy": to(["house.example"], { proxy: { http: "http://proxy.example:3128" } }),
  "cloudInit.all": to({ files: [{ path: "/etc/motd", content: "Welcome" }] }),
  "cloudInit.gateway": to({ commands: ["true"] }),
  "cloudInit.loadBalancers": to({ commands: ["true"] }),
  "cloudInit.masters": to({ commands: ["true"] }),
  "cloudInit.workers": to({ packages: ["htop"] }),
  "cloudInit.gluster": to({ commands: ["true"] }),
  "cloudInit.machines": to({ "kube-node01": { commands: ["true"] } }),
  "hostAccess.mode": to("hostonly"),
  "hostAccess.address": to("127.0.0.2"),
  "hostAccess.adapter": to("eth1", bridged),
  "hostAccess.apiPort": to(18081),
  "hostAccess.sshPort": to(2223),
  "hostAccess.statisticsPort": to(32701),
  "hostAccess.dashboardPort": to(4467),
  "hostAccess.httpPort": to(8001),
  "hostAccess.httpsPort": to(8444),
  "hostAccess.forwards": to(["8088:kube-node01:30081"]),
  "hostAccess.hostOnly.cidr": to("192.168.60.0/24", { hostAccess: { mode: "hostonly" } }),
  "hostAccess.hostOnly.host": to("192.168.56.2", { hostAccess: { mode: "hostonly" } }),
  "hostAccess.hostOnly.gateway": to("192.168.56.3", { hostAccess: { mode: "hostonly" } }),
  "hostAccess.bridged.machines": to("all", bridged),
  "hostAccess.bridged.address": to("10.9.8.7/24", bridged),
  "hostAccess.bridged.range.from": to("10.9.8.16", wholeLan),
  "hostAccess.bridged.range.to": to("10.9.8.99", wholeLan),
  "hostAccess.bridged.trusted": to("10.9.8.0/24", bridged),
  "names.gateway": to("door"),
  "names.loadBalancer": to("balancer"),
  "names.master": to("head"),
  "names.worker": to("hand"),
  "names.gluster": to("store"),
  upstreamResolvers: to(["9.9.9.10"]),
  timeServers: to(["time.example"]),
  "certificates.authorityYears": to(20),
  "certificates.leafDays": to(300),
  "certificates.renewBeforeDays": to(30),
  ...authority("kubernetes-ca", own),
  ...authority("etcd-ca", own),
  ...authority("front-proxy-ca", own),
});

/** The raw configuration in which nothing but that key, and what it needs, is set. */
export function withChange(key: string, { value, with: others = {} }: ChangedKey): Record<string, unknown> {
  const raw = structuredClone(others);
  set(raw, key.split("."), value);
  return raw;
}

/** All of these in one; a later one's needs go before an earlier one's. */
export function withChanges(changes: [string, ChangedKey][]): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (const [key, change] of changes)
    for (const [path, value] of leavesOf(withChange(key, change))) set(raw, path, value);
  return raw;
}

function set(root: Record<string, unknown>, path: string[], value: unknown): void {
  const last = path.at(-1) ?? "";
  let group = root;
  for (const part of path.slice(0, -1)) {
    group[part] ??= {};
    group = group[part] as Record<string, unknown>;
  }
  group[last] = value;
}

function leavesOf(value: unknown, path: string[] = []): [string[], unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, child]) => leavesOf(child, [...path, key]))
    : [[path, value]];
}
