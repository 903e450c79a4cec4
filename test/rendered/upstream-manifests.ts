import { flannelObjects } from "../../cloud-init/kubernetes/flannel";
import { metalLbObjects } from "../../cloud-init/kubernetes/metal-lb";
import { metricsServerObjects } from "../../cloud-init/kubernetes/metrics-server";
import { networkPolicyObjects } from "../../cloud-init/kubernetes/network-policy";
import { storageObjects } from "../../cloud-init/kubernetes/storage";
import { traefikObjects } from "../../cloud-init/kubernetes/traefik";
import { defaultAddonVersions, flannelRelease } from "../../plan/versions";
import { exampleLab } from "./example-lab";
import { isAboutRights, type ManifestObject } from "./manifest-rights";

/** What the lab says otherwise on purpose: why, and the lines of differences() that this covers. */
type OnPurpose = [why: string, ...lines: (string | RegExp)[]];

export interface Upstream {
  /** Its folder below supply/kubernetes/modules, whose go.sum has the module's checksum. */
  small: string;
  module: string;
  /** Without the leading v. */
  release: string;
  /** Manifests in the module. */
  files: string[];
  /** An account's name in the manifest, and in the lab. */
  renamed?: [string, string];
  /** The lab's, for the same release. */
  ours: object[];
  onPurpose: OnPurpose[];
}

const plan = exampleLab({ addons: { traefik: { enabled: true } } });
const { applications } = plan;
if (applications === undefined) throw new Error("a lab with Traefik has applications");
const addonOf = (version: string) => ({ enabled: true, version });

const flannel: Upstream = {
  small: "flannel",
  module: "github.com/flannel-io/flannel",
  release: flannelRelease,
  files: ["Documentation/kube-flannel.yml"],
  ours: flannelObjects(plan),
  onPurpose: [
    ["a label that nothing selects by", /^- \S+ \S+: metadata\.labels\.k8s-app = flannel$/],
    ["the CNI plugin is in the machines' image", /^- .*: pod\.initContainers\.install-cni-plugin\./],
    [
      "the network's configuration is put in place by a probe, once the subnet is known",
      /^- .*: pod\.initContainers\.install-cni\./,
      /^\+ .*: pod\.containers\.kube-flannel\.(startupProbe\.|mounts\.\/etc\/cni\/net\.d\.)/,
    ],
    [
      "the version of CNI that the lab's plugins have",
      "- ConfigMap kube-flannel-cfg: data.cni-conf.json:.cniVersion = 0.3.1",
      "+ ConfigMap kube-flannel-cfg: data.cni-conf.json:.cniVersion = 1.0.0",
    ],
    [
      "nftables, as in all of the lab",
      "- ConfigMap kube-flannel-cfg: data.net-conf.json:.EnableNFTables = false",
      "+ ConfigMap kube-flannel-cfg: data.net-conf.json:.EnableNFTables = true",
    ],
    [
      "a machine has several networks: the node's own is meant",
      "+ DaemonSet kube-flannel-ds: pod.containers.kube-flannel.args = --iface=$(NODE_ADDRESS)",
      /^\+ .*: pod\.containers\.kube-flannel\.env\.NODE_ADDRESS\./,
    ],
    ["it does not wait for kube-proxy", /^\+ .*: pod\.containers\.kube-flannel\.env\.KUBERNETES_SERVICE_/],
    ["its default", /^- .*: pod\.containers\.kube-flannel\.env\.CONT_WHEN_CACHE_NOT_READY\.value = false$/],
    [
      "the same nodes",
      /^- .*: pod\.affinity\..*"key":"kubernetes\.io\/os","operator":"In","values":\["linux"\]/,
      "+ DaemonSet kube-flannel-ds: pod.nodeSelector.kubernetes.io/os = linux",
    ],
    ["small machines", /^- .*\.kube-flannel\.resources\.requests\.cpu = 100m$/, /^\+ .*requests\.cpu = 50m$/],
    [
      "the folder may not be there yet",
      /^\+ .*\.mounts\.\/run\/flannel\.hostPath\.type = DirectoryOrCreate$/,
    ],
    [
      "on a node that a person has tainted with NoExecute, too",
      /^[-+] DaemonSet kube-flannel-ds: pod\.tolerations = /,
    ],
    [
      "pods go on without it, so all nodes change at once",
      "+ DaemonSet kube-flannel-ds: spec.updateStrategy.rollingUpdate.maxUnavailable = 100%",
      "+ DaemonSet kube-flannel-ds: pod.terminationGracePeriodSeconds = 5",
    ],
  ],
};

const webhooks = "admissionregistration.k8s.io/validatingwebhookconfigurations";
const metalLb: Upstream = {
  small: "metallb",
  module: "go.universe.tf/metallb",
  release: defaultAddonVersions.metalLb,
  files: ["config/manifests/metallb-native.yaml"],
  ours: metalLbObjects(addonOf(defaultAddonVersions.metalLb)),
  onPurpose: [
    ["a label that nothing selects by", /^- \S+ \S+: metadata\.labels\.app = metallb$/],
    [
      "kinds without the fields' schema: too large to be delivered to every master",
      /^- CustomResourceDefinition \S+: spec\.versions\.\w+\.(schema|additionalPrinterColumns|deprecat)/,
      /^- CustomResourceDefinition \S+: metadata\.annotations\.controller-gen\./,
      /^\+ CustomResourceDefinition \S+: .*\.schema\.openAPIV3Schema\.x-kubernetes-preserve-unknown-fields = true$/,
    ],
    [
      "no webhooks: their certificates would have to be there before the first pool is",
      /^- (ValidatingWebhookConfiguration|Service|Secret) metallb-webhook-/,
      /^- CustomResourceDefinition bgppeers\.metallb\.io: spec\.conversion\./,
      new RegExp(`^- controller everywhere: may \\w+ ${webhooks}`),
      /^- controller everywhere: may \w+ apiextensions\.k8s\.io\/customresourcedefinitions/,
      /^- Deployment controller: pod\.containers\.controller\.(mounts\.\/tmp\/k8s-webhook-server\/|ports\.webhook-server\.)/,
      "+ Deployment controller: pod.containers.controller.args = --webhook-mode=disabled",
    ],
    [
      "nobody asks for its metrics",
      /^- \S+ \S+: pod\.containers\.\w+\.(args = --port=9120|ports\.metricshttps\.containerPort = 9120)$/,
      /^- \S+ \S+: spec\.template\.metadata\.annotations\.prometheus\.io\/(port|scrape) = /,
      /^\+ \S+ \S+: pod\.containers\.\w+\.args = --port=0$/,
    ],
    ["removed from Kubernetes with 1.25", /^- \w+ everywhere: may use policy\/podsecuritypolicies named /],
    [
      "the speaker patches its own status alone",
      "- speaker everywhere: may deletecollection metallb.io/configurationstates",
      /^- speaker everywhere: may (list|watch|create|delete|deletecollection) metallb\.io\/configurationstates\/status$/,
    ],
    [
      "workers alone are in the pool's network",
      "+ DaemonSet speaker: pod.nodeSelector.kube-lab/role = worker",
      "- DaemonSet speaker: pod.nodeSelector.kubernetes.io/os = linux",
      /^- DaemonSet speaker: pod\.tolerations = .*"node-role\.kubernetes\.io\/(master|control-plane)"/,
    ],
    ["the lab's nodes are all Linux", "- Deployment controller: pod.nodeSelector.kubernetes.io/os = linux"],
    [
      "interfaces that the lab does not have",
      /^- ConfigMap metallb-excludel2: .* = \^(docker|cbr|dummy|virbr|lxc|lxcbr|cali|tunl|kube-ipvs|nodelocaldns)\.\*$/,
    ],
    ["deprecated, without effect", /^- DaemonSet speaker: pod\.containers\.speaker\.env\.METALLB_HOST\./],
    ["optional, and not made here", /^- .*\.mounts\.\/etc\/metallb\/memberlist\./],
    [
      "in the host's network these open nothing",
      /^- DaemonSet speaker: pod\.containers\.speaker\.ports\.memberlist-/,
    ],
    [
      "as Kubernetes spells it",
      "- Deployment controller: pod.containers.controller.securityContext.capabilities.drop = all",
      "+ Deployment controller: pod.containers.controller.securityContext.capabilities.drop = ALL",
    ],
    [
      "the lab waits for it",
      /^- \S+ \S+: pod\.containers\.\w+\.(liveness|readiness)Probe\.initialDelaySeconds = 10$/,
    ],
    [
      "what a namespace has by itself",
      /^- Namespace metallb-system: .*\.pod-security\.kubernetes\.io\/(audit|warn) = /,
    ],
    ["Kubernetes' default", "- Deployment controller: spec.revisionHistoryLimit = 3"],
    [
      "readable for its user in either mode",
      /^- DaemonSet speaker: .*\.mounts\.\/etc\/metallb\.configMap\.defaultMode = 292$/,
    ],
  ],
};

const metricsServer: Upstream = {
  small: "metrics-server",
  module: "sigs.k8s.io/metrics-server",
  release: defaultAddonVersions.metricsServer,
  files: ["apiservice", "deployment", "rbac", "service"].map((name) => `manifests/base/${name}.yaml`),
  ours: metricsServerObjects(addonOf(defaultAddonVersions.metricsServer)),
  onPurpose: [
    [
      "what its kustomization.yaml adds",
      /^\+ (Deployment|Service) metrics-server: .*\.k8s-app = metrics-server$/,
      /^- .*\.image = gcr\.io\/k8s-staging-metrics-server\/metrics-server:master$/,
      /^\+ .*\.image = registry\.k8s\.io\/metrics-server\/metrics-server:v[\d.]+$/,
    ],
    [
      "kubelets are taken by certificates of Kubernetes' authority, which have their addresses",
      /^\+ .*\.args = --kubelet-certificate-authority=/,
      /^\+ .*\.args = --kubelet-preferred-address-types=InternalIP$/,
      /^- .*\.args = --kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname$/,
    ],
    ["small machines", /^[-+] .*\.resources\.requests\.(cpu|memory) = /],
    ["the lab waits for it", /^- .*\.readinessProbe\.initialDelaySeconds = 20$/],
    ["the lab's nodes are all Linux", /^- .*: pod\.nodeSelector\.kubernetes\.io\/os = linux$/],
    ["a quarter of one pod is none", /^- .*: spec\.strategy\.rollingUpdate\.maxUnavailable = 0$/],
  ],
};

const networkPolicy: Upstream = {
  small: "kube-network-policies",
  module: "sigs.k8s.io/kube-network-policies",
  release: defaultAddonVersions.networkPolicy,
  files: ["install.yaml"],
  ours: networkPolicyObjects(plan, addonOf(defaultAddonVersions.networkPolicy)),
  onPurpose: [
    [
      "labels that nothing selects by",
      /^- \S+ \S+: (pod|spec|metadata|.*template).*labels\.(k8s-app|tier) = /,
    ],
    [
      "the manifest names the release before its own",
      /^- .*\.image = registry\.k8s\.io\/networking\/kube-network-policies:v0\.7\.0$/,
      /^\+ .*\.image = registry\.k8s\.io\/networking\/kube-network-policies:v[\d.]+$/,
    ],
    ["a line for each connection is too much", /^- .*\.args = --v=2$/],
    ["its metrics are not for the whole network", /^\+ .*\.args = --metrics-bind-address=127\.0\.0\.1:9080$/],
    ["containerd 1.7 has no NRI", /^- .*\.mounts\./],
    ["its default", "- DaemonSet kube-network-policies: pod.dnsPolicy = ClusterFirst"],
    ["without NRI the packet filter is all that it needs", /^[-+] .*\.securityContext\./],
    ["it does not wait for kube-proxy", /^\+ .*\.env\.KUBERNETES_SERVICE_/],
    ["small machines", /^[-+] .*\.resources\.requests\.cpu = /],
    [
      "on a node that a person has tainted with NoExecute, too",
      /^[-+] DaemonSet kube-network-policies: pod\.tolerations = /,
    ],
    [
      "pods that policies name are cut off while it is away",
      "+ DaemonSet kube-network-policies: pod.priorityClassName = system-node-critical",
      "+ DaemonSet kube-network-policies: pod.terminationGracePeriodSeconds = 5",
    ],
  ],
};

const storage: Upstream = {
  small: "local-path-provisioner",
  module: "github.com/rancher/local-path-provisioner",
  release: defaultAddonVersions.localPathProvisioner,
  files: ["deploy/local-path-storage.yaml"],
  ours: storageObjects(addonOf(defaultAddonVersions.localPathProvisioner)),
  onPurpose: [
    [
      "a class of its own, on a file system that all nodes share",
      /^[-+] StorageClass (local-path|gluster)\b/,
    ],
    ["folders on that file system, where it is mounted", /^[-+] ConfigMap local-path-config: data\./],
    [
      "the same image by its full name",
      "- Deployment local-path-provisioner: pod.containers.local-path-provisioner.image = rancher/local-path-provisioner:v0.0.30",
      "+ Deployment local-path-provisioner: pod.containers.local-path-provisioner.image = docker.io/rancher/local-path-provisioner:v0.0.30",
    ],
    [
      "the same file",
      /^- .*\.command = --config$/,
      /^- .*\.command = \/etc\/config\/config\.json$/,
      /^\+ .*\.command = --config=\/etc\/config\/config\.json$/,
    ],
    ["its log stays short", /^- .*\.command = --debug$/],
    ["Gluster may be away for long", /^\+ .*\.command = --(provisioning|deletion)-retry-count=0$/],
    ["it leaves a lost node soon", /^\+ .*: pod\.tolerations = .*"tolerationSeconds":30/],
  ],
};

/** Only its rights: the module has no manifest of the rest, which is in a chart of its own repository. */
const traefik: Upstream = {
  small: "traefik",
  module: "github.com/traefik/traefik/v3",
  release: defaultAddonVersions.traefik,
  files: ["docs/content/reference/dynamic-configuration/kubernetes-gateway-rbac.yml"],
  renamed: ["traefik-controller", "traefik"],
  ours: (
    traefikObjects(plan, applications, addonOf(defaultAddonVersions.traefik)) as ManifestObject[]
  ).filter(isAboutRights),
  onPurpose: [
    ["no kinds of the experimental channel", /^- .*: may \w+ gateway\.networking\.k8s\.io\/(tcp|tls)routes/],
    ["for traces, which the lab does not collect", /^- .*: may get pods$/],
  ],
};

/**
 * Those whose Go module has a manifest, each with all in which the lab's differs, and why. Headlamp is not among them: it is no Go
 * module.
 */
export const upstreamManifests: Upstream[] = [
  flannel,
  metalLb,
  metricsServer,
  networkPolicy,
  storage,
  traefik,
];
