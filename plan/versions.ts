/** Processor architectures that the bundle exists for, in Go's and Debian's words. */
export type Architecture = "amd64" | "arm64";

/** Releases of the add-ons, which any release of Kubernetes goes with; without a leading "v". */
export interface AddonVersions {
  localPathProvisioner: string;
  networkPolicy: string;
  metricsServer: string;
  metalLb: string;
  headlamp: string;
  traefik: string;
}

/** Which release of each part goes with one release of Kubernetes; without a leading "v". */
export interface ComponentVersions extends AddonVersions {
  kubernetes: string;
  etcd: string;
  /** Tag of the etcd image: etcd's version and the image's revision. */
  etcdImage: string;
  coredns: string;
  pause: string;
  crictl: string;
  cniPlugins: string;
  flannel: string;
  /** Release of github.com/flannel-io/cni-plugin; the build from Go modules has one of its own instead. */
  flannelCniPlugin: string;
  toolbox: string;
  /** Release of the Gateway API that the releases of Traefik which the lab takes are made for (its go.mod). */
  gatewayApi: string;
}

/** Those of the add-ons that the committed Go modules are for; Headlamp is no Go module, and official only. */
export const defaultAddonVersions: AddonVersions = {
  localPathProvisioner: "0.0.30",
  networkPolicy: "0.8.0",
  metricsServer: "0.9.0",
  metalLb: "0.16.2",
  headlamp: "0.45.0",
  traefik: "3.6.12",
};

/** The release that the lab has by default. */
export const defaultKubernetesVersion = "1.36.3";

/** The pod network's, which any release of Kubernetes goes with. */
export const flannelRelease = "0.28.4";

// What does not depend on Kubernetes' release: CRI v1 and CNI 1.x have not changed since long.
const independent = {
  crictl: "1.36.0",
  cniPlugins: "1.9.1",
  flannel: flannelRelease,
  flannelCniPlugin: "1.9.1-flannel1",
  toolbox: "1",
  gatewayApi: "1.4.0",
  ...defaultAddonVersions,
};

type KubeadmImages = Pick<ComponentVersions, "etcd" | "etcdImage" | "coredns" | "pause">;

/** kubeadm's own constants (cmd/kubeadm/app/constants), for computers that cannot run the kubeadm of the bundle. */
const knownImages: Readonly<Record<string, KubeadmImages>> = {
  "1.36": { etcd: "3.6.8", etcdImage: "3.6.8-0", coredns: "1.14.2", pause: "3.10.2" },
};

const patchVersion = /^\d+\.\d+\.\d+$/;

/** For building Kubernetes' own programs, which then tell the other versions: those of the newest known release. */
export function provisionalVersions(kubernetes: string): ComponentVersions {
  checkKubernetesVersion(kubernetes);
  const { etcd, etcdImage, coredns, pause } = componentVersions(defaultKubernetesVersion);
  return { kubernetes, ...independent, etcd, etcdImage, coredns, pause };
}

/** @throws Error when the text is no full release such as 1.36.3. */
export function checkKubernetesVersion(version: string): void {
  if (!patchVersion.test(version)) {
    throw new Error(
      `Kubernetes version "${version}": must be a full release without "v", such as ${defaultKubernetesVersion}`,
    );
  }
}

/**
 * The parts that go with a release of Kubernetes.
 * @param kubeadmList what that release's `kubeadm config images list` prints; it decides where it is given.
 * @throws Error when the release is not known here and there is no list either.
 */
export function componentVersions(kubernetes: string, kubeadmList?: string): ComponentVersions {
  checkKubernetesVersion(kubernetes);
  if (kubeadmList !== undefined) {
    return { kubernetes, ...independent, ...parseKubeadmList(kubernetes, kubeadmList) };
  }
  const minor = kubernetes.split(".").slice(0, 2).join(".");
  const known = knownImages[minor];
  if (!known) {
    throw new Error(
      `Kubernetes ${kubernetes}: its image versions are not known on this computer (known: ` +
        `${Object.keys(knownImages).join(", ")}). Use one of these, or build the bundle on Linux, where kubeadm tells them.`,
    );
  }
  return { kubernetes, ...independent, ...known };
}

function parseKubeadmList(kubernetes: string, list: string): KubeadmImages {
  const tags = new Map<string, string>();
  for (const line of list.split("\n")) {
    const image = line.trim();
    const colon = image.lastIndexOf(":");
    if (colon > 0) tags.set(image.slice(image.lastIndexOf("/") + 1, colon), image.slice(colon + 1));
  }
  const tag = (name: string): string => {
    const found = tags.get(name);
    if (found === undefined)
      throw new Error(`kubeadm's image list for ${kubernetes} has no ${name}:\n${list}`);
    return found.replace(/^v/, "");
  };
  if (tag("kube-apiserver") !== kubernetes) {
    throw new Error(`kubeadm's image list is for ${tag("kube-apiserver")}, expected ${kubernetes}`);
  }
  const etcdImage = tag("etcd");
  const etcd = etcdImage.replace(/-.*$/, "");
  const images = { etcdImage, etcd, coredns: tag("coredns"), pause: tag("pause") };
  const ours = Object.values(imageNames({ kubernetes, ...independent, ...images }));
  const unknown = list.split(/\s+/).filter((name) => name !== "" && !ours.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `Kubernetes ${kubernetes}: the bundle has no recipe for the images ${unknown.join(", ")}`,
    );
  }
  return images;
}

/** Full name of every image in the bundle, by the name of its file in images/ (without .tar). */
export function imageNames(versions: ComponentVersions): Record<ImageFile, string> {
  return {
    "kube-apiserver": `registry.k8s.io/kube-apiserver:v${versions.kubernetes}`,
    "kube-controller-manager": `registry.k8s.io/kube-controller-manager:v${versions.kubernetes}`,
    "kube-scheduler": `registry.k8s.io/kube-scheduler:v${versions.kubernetes}`,
    "kube-proxy": `registry.k8s.io/kube-proxy:v${versions.kubernetes}`,
    coredns: `registry.k8s.io/coredns/coredns:v${versions.coredns}`,
    pause: `registry.k8s.io/pause:${versions.pause}`,
    etcd: `registry.k8s.io/etcd:${versions.etcdImage}`,
    flannel: `ghcr.io/flannel-io/flannel:v${versions.flannel}`,
    // As containerd completes the short name kube-lab/toolbox.
    toolbox: `docker.io/kube-lab/toolbox:${versions.toolbox}`,
    "local-path-provisioner": `docker.io/rancher/local-path-provisioner:v${versions.localPathProvisioner}`,
    "kube-network-policies": `registry.k8s.io/networking/kube-network-policies:v${versions.networkPolicy}`,
    "metrics-server": `registry.k8s.io/metrics-server/metrics-server:v${versions.metricsServer}`,
    "metallb-controller": `quay.io/metallb/controller:v${versions.metalLb}`,
    "metallb-speaker": `quay.io/metallb/speaker:v${versions.metalLb}`,
    headlamp: `ghcr.io/headlamp-k8s/headlamp:v${versions.headlamp}`,
    traefik: `docker.io/library/traefik:v${versions.traefik}`,
  };
}

/** Files in images/, without .tar. */
export type ImageFile =
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kube-proxy"
  | "coredns"
  | "pause"
  | "etcd"
  | "flannel"
  | "toolbox"
  | "local-path-provisioner"
  | "kube-network-policies"
  | "metrics-server"
  | "metallb-controller"
  | "metallb-speaker"
  | "headlamp"
  | "traefik";
