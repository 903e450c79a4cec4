import type { LabPlan, MachinePlan } from "../../plan/lab-plan";
import type { Outside } from "../../plan/outside";
import type { MachineCredentials } from "../credentials";
import type { GuestFile } from "../guest-file";
import { needed } from "../needed";
import { realFile } from "../real-file";
import { addonFiles } from "./addons";
import { apiServerFiles } from "./api-server";
import { initDocuments, joinDocuments, upgradeDocuments } from "./kubeadm";
import { kubeconfig } from "./kubeconfig";
import { nodesFile } from "./nodes";
import { initPatches } from "./patches";
import { kubeletFiles, pkiFiles } from "./pki-files";
import { registryFiles } from "./registries";
import { kubeletPatches, settingsPatches } from "./settings";

/** Only kubelet and containerd: a worker gets no authority's key and no certificate of the control plane. */
export function workerFiles(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
  outside: Outside,
): GuestFile[] {
  return [
    ...nodeFiles(plan, machine, credentials, outside),
    realFile("kubernetes/worker.sh", "/usr/local/lib/kube-lab/worker.sh"),
    ...kubeletPatches(plan, "/etc/kube-lab/patches"),
  ];
}

/** A part of the control plane with everything in place before kubeadm runs. */
export function masterFiles(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
  outside: Outside,
): GuestFile[] {
  return [
    ...nodeFiles(plan, machine, credentials, outside),
    ...[
      "master.sh",
      "members.sh",
      "etcd.sh",
      "join-lock.sh",
      "certificates.sh",
      "addons.sh",
      "cluster-health.sh",
      "objects.py",
      "backup.sh",
      "release.sh",
      "balancers.sh",
      "control-plane.sh",
      "encryption.sh",
      "kube-proxy.sh",
      "kube-proxy.py",
      "nodes.sh",
      "nodes.jq",
    ].map((name) => realFile(`kubernetes/${name}`, `/usr/local/lib/kube-lab/${name}`)),
    realFile("kubernetes/leaving.nft", "/usr/local/lib/kube-lab/leaving.nft"),
    realFile("kubernetes/encryption.service", "/etc/systemd/system/kube-lab-encryption.service"),
    {
      path: "/etc/kube-lab/encryption-key",
      mode: "0600",
      content: `${needed(credentials, "encryptionKey")}\n`,
    },
    { path: "/etc/kube-lab/kubeadm-init.yaml", mode: "0600", content: initDocuments(plan, machine) },
    nodesFile(plan),
    ...addonFiles(plan, credentials),
    ...apiServerFiles(plan),
    ...settingsPatches(plan, ["/etc/kube-lab/patches-init", "/etc/kube-lab/patches-join"]),
    ...initPatches(plan, needed(credentials, "etcdClusterToken")),
    ...pkiFiles(plan, machine, credentials),
  ];
}

/** The kubelet's way to the API: a master's to its own server, a worker's to the virtual address. */
function kubeletConfig(plan: LabPlan, machine: MachinePlan, credentials: MachineCredentials): string {
  const { apiPort, controlPlaneEndpoint } = plan.kubernetes;
  const endpoint = machine.role === "master" ? `${machine.address}:${apiPort}` : controlPlaneEndpoint;
  return kubeconfig({
    server: `https://${endpoint}`,
    authority: credentials.authorities["kubernetes-ca"].certificate,
    user: `system:node:${machine.name}`,
    credential: { file: "/var/lib/kubelet/pki/kubelet-client-current.pem" },
  });
}

function nodeFiles(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
  outside: Outside,
): GuestFile[] {
  const authority = credentials.authorities["kubernetes-ca"].certificate;
  return [
    ...[
      "node.sh",
      "kubelet.sh",
      "drain.sh",
      "volume.sh",
      "network-policy.sh",
      "health.sh",
      "upgrade.sh",
      "settings.sh",
    ].map((name) => realFile(`kubernetes/${name}`, `/usr/local/lib/kube-lab/${name}`)),
    realFile("image/bundle.sh", "/usr/local/lib/kube-lab/bundle.sh"),
    realFile("kubernetes/gluster.nft", "/usr/local/lib/kube-lab/gluster.nft"),
    realFile("kubernetes/volume.service", "/etc/systemd/system/kube-lab-volume.service"),
    ...registryFiles(outside),
    ...(plan.proxy === undefined
      ? []
      : [
          realFile(
            "kubernetes/containerd-proxy.conf",
            "/etc/systemd/system/containerd.service.d/10-kube-lab-proxy.conf",
          ),
        ]),
    realFile("kubernetes/kubelet.service", "/etc/systemd/system/kubelet.service"),
    realFile("kubernetes/stop-pods.sh", "/usr/local/lib/kube-lab/stop-pods.sh", "0755"),
    realFile("kubernetes/pods.service", "/etc/systemd/system/kube-lab-pods.service"),
    realFile("kubernetes/crictl.yaml", "/etc/crictl.yaml"),
    realFile("kubernetes/sysctl.conf", "/etc/sysctl.d/90-kube-lab.conf"),
    realFile("kubernetes/tmpfiles.conf", "/etc/tmpfiles.d/kube-lab.conf"),
    ...kubeletFiles(credentials),
    { path: "/etc/kube-lab/kubernetes-ca.crt", mode: "0644", content: authority },
    { path: "/etc/kube-lab/kubelet.conf", mode: "0600", content: kubeletConfig(plan, machine, credentials) },
    { path: "/etc/kube-lab/kubeadm-join.yaml", mode: "0600", content: joinDocuments(plan, machine) },
    { path: "/etc/kube-lab/kubeadm-upgrade.yaml", mode: "0600", content: upgradeDocuments(machine) },
  ];
}
