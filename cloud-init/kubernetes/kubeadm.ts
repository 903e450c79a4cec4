import { type LabPlan, type MachinePlan, machinesOf } from "../../plan/lab-plan";
import { yamlDocuments } from "../yaml";

/** kubeadm's own argument type of v1beta4: a list, since a flag may occur twice. */
interface Argument {
  name: string;
  value: string;
}

const api = "kubeadm.k8s.io/v1beta4";
const runtimeSocket = "unix:///run/containerd/containerd.sock";

/**
 * With whose rights a machine joins. A worker has its kubelet's own certificate from the beginning, which makes it that node and
 * no other; a token would admit whoever has it as any node.
 */
const discoveryFiles = { master: "/etc/kubernetes/super-admin.conf", worker: "/etc/kube-lab/kubelet.conf" };

const workerPatches = "/etc/kube-lab/patches";

/** Machines may be slow together: twelve start on the same processors. */
const timeouts = {
  controlPlaneComponentHealthCheck: "10m0s",
  kubeletHealthCheck: "10m0s",
  kubernetesAPICall: "3m0s",
  etcdAPICall: "5m0s",
  tlsBootstrap: "5m0s",
  discovery: "5m0s",
};

/**
 * What `kubeadm init` reads on a master. All first masters run it at the same moment: only the patches in
 * /etc/kube-lab/patches-init name the whole first etcd cluster, since extraArgs would be stored and break later joins.
 */
export function initDocuments(plan: LabPlan, master: MachinePlan): string {
  return yamlDocuments([
    {
      apiVersion: api,
      kind: "InitConfiguration",
      // kubeadm makes one at random in any case: one that nobody knows and that ends at once.
      bootstrapTokens: [{ ttl: "1s", description: "for nobody" }],
      localAPIEndpoint: { advertiseAddress: master.address, bindPort: plan.kubernetes.apiPort },
      nodeRegistration: nodeRegistration(plan, master),
      patches: { directory: "/etc/kube-lab/patches-init" },
      // Everything is prepared: nothing to check before, no kubelet certificate to exchange; and the token is nobody's to read.
      skipPhases: ["preflight", "kubelet-finalize", "show-join-command"],
      timeouts,
    },
    clusterConfiguration(plan),
    kubeletConfiguration(plan),
    kubeProxyConfiguration(plan),
  ]);
}

/** What `kubeadm join` reads: a master added or rebuilt later, or any worker. */
export function joinDocuments(plan: LabPlan, machine: MachinePlan): string {
  const master = machine.role === "master";
  return yamlDocuments([
    {
      apiVersion: api,
      kind: "JoinConfiguration",
      discovery: { file: { kubeConfigPath: discoveryFiles[master ? "master" : "worker"] } },
      nodeRegistration: nodeRegistration(plan, machine),
      ...(master
        ? {
            controlPlane: {
              localAPIEndpoint: { advertiseAddress: machine.address, bindPort: plan.kubernetes.apiPort },
            },
          }
        : {}),
      patches: { directory: master ? "/etc/kube-lab/patches-join" : workerPatches },
      skipPhases: ["preflight"],
      timeouts,
    },
  ]);
}

/**
 * What `kubeadm upgrade` reads. The patches of a master are those of the beginning: its etcd, should it lose its data, must not begin a
 * cluster of its own. Certificates are delivered, none is renewed there. The time-outs are in the manifests as well: with the same
 * ones etcd, whose release seldom changes, is not started again.
 */
export function upgradeDocuments(machine: MachinePlan): string {
  const directory = machine.role === "master" ? "/etc/kube-lab/patches-init" : workerPatches;
  const common = { certificateRenewal: false, patches: { directory }, imagePullPolicy: "IfNotPresent" };
  return yamlDocuments([
    {
      apiVersion: api,
      kind: "UpgradeConfiguration",
      apply: common,
      node: common,
      timeouts: { ...timeouts, upgradeManifests: "10m0s" },
    },
  ]);
}

function nodeRegistration(plan: LabPlan, machine: MachinePlan): object {
  const kubeletExtraArgs: Argument[] = [
    { name: "node-ip", value: machine.address },
    { name: "node-labels", value: `kube-lab/role=${machine.role}` },
  ];
  const control = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };
  // Where there are no workers, the masters do their work.
  const own = machine.taints ?? [];
  const taints = machine.role === "master" && machinesOf(plan, "worker").length > 0 ? [control] : own;
  return {
    name: machine.name,
    criSocket: runtimeSocket,
    imagePullPolicy: "IfNotPresent",
    kubeletExtraArgs,
    taints,
  };
}

function clusterConfiguration(plan: LabPlan): object {
  const { kubernetes } = plan;
  return {
    apiVersion: api,
    kind: "ClusterConfiguration",
    clusterName: "kubernetes",
    kubernetesVersion: `v${kubernetes.version}`,
    controlPlaneEndpoint: kubernetes.controlPlaneEndpoint,
    networking: {
      podSubnet: kubernetes.podSubnet,
      serviceSubnet: kubernetes.serviceSubnet,
      dnsDomain: kubernetes.clusterDomain,
    },
    apiServer: { certSANs: [plan.apiName, plan.virtualIp, "127.0.0.1", "::1"], extraEnvs: [rareCollection] },
    controllerManager: { extraArgs: controllerManagerArguments(plan) },
    etcd: { local: { dataDir: "/var/lib/etcd", extraArgs: etcdArguments } },
  };
}

/** A start makes much garbage in a short time: collecting it half as often saves processor time that all machines share. */
const rareCollection: Argument = { name: "GOGC", value: "200" };

/**
 * Each of some fifty controllers gets an account and a token of its own before it starts: at the default 20 requests a second the
 * first pod of a daemon set waits ten seconds for them.
 */
function controllerManagerArguments(plan: LabPlan): Argument[] {
  return [
    { name: "kube-api-qps", value: "100" },
    { name: "kube-api-burst", value: "200" },
    // The life of kubelets' certificates, which they renew by themselves while they run.
    { name: "cluster-signing-duration", value: `${plan.certificates.leafHours}h` },
  ];
}

/**
 * Snapshots early and often. etcd 3.6 has a fault: replaying the raft log from its very beginning, it takes the cluster version's
 * first step (3.0 to 3.6) for a downgrade and writes a snapshot of today's members at that old place; once a member has been
 * replaced, the next start but one then comes up with the old voters and never answers. A snapshot after the first moments keeps
 * the beginning from being replayed (etcdserver/apply: ClusterVersionSet; default 10000 entries).
 */
const etcdArguments: Argument[] = [{ name: "snapshot-count", value: "500" }];

/** The same on every node; a machine's own differences come as a patch that its script writes. */
function kubeletConfiguration(plan: LabPlan): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    clusterDNS: [plan.kubernetes.dnsServiceAddress],
    clusterDomain: plan.kubernetes.clusterDomain,
    // Images came with the machine and may not be had again: never collect them as garbage.
    imageGCHighThresholdPercent: 100,
    resolvConf: "/etc/resolv.conf",
    rotateCertificates: true,
    serializeImagePulls: false,
  };
}

/** What kube-proxy.py writes into a cluster that lives. */
function kubeProxyConfiguration(plan: LabPlan): object {
  const { proxyMode, featureGates } = plan.kubernetes.settings;
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: proxyMode,
    ...(Object.keys(featureGates).length === 0 ? {} : { featureGates }),
    clusterCIDR: plan.kubernetes.podSubnet,
    // The kernel's own limits: they may be the host's.
    conntrack: { maxPerCore: 0, min: 0 },
  };
}
