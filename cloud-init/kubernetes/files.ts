import type { LabPlan, MachinePlan } from "../../plan/lab-plan";
import type { GuestFile, MachineCredentials } from "../guest-files";
import { needed } from "../needed";
import { realFile } from "../real-file";
import { addonFiles } from "./addons";
import { initDocuments, joinDocuments } from "./kubeadm";
import { kubeconfig } from "./kubeconfig";
import { initPatches } from "./patches";
import { kubeletFiles, pkiFiles } from "./pki-files";

/** Only kubelet and containerd: a worker gets no authority's key and no certificate of the control plane. */
export function workerFiles(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
): GuestFile[] {
  return [
    ...nodeFiles(plan, machine, credentials),
    realFile("kubernetes/worker.sh", "/usr/local/lib/kube-lab/worker.sh"),
  ];
}

/** A part of the control plane with everything in place before kubeadm runs. */
export function masterFiles(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
): GuestFile[] {
  const token = needed(credentials, "bootstrapToken");
  return [
    ...nodeFiles(plan, machine, credentials),
    ...["master.sh", "etcd.sh", "join-lock.sh"].map((name) =>
      realFile(`kubernetes/${name}`, `/usr/local/lib/kube-lab/${name}`),
    ),
    {
      path: "/etc/kube-lab/kubeadm-init.yaml",
      mode: "0600",
      content: initDocuments(plan, machine, token),
    },
    { path: "/etc/kube-lab/kubelet.conf", mode: "0600", content: kubeletConfig(plan, machine, credentials) },
    ...addonFiles(plan, credentials),
    ...initPatches(plan, needed(credentials, "etcdClusterToken")),
    ...pkiFiles(plan, machine, credentials),
  ];
}

/** The kubelet's way to its own API server, for a master that initialises; one that joins gets it from kubeadm. */
function kubeletConfig(plan: LabPlan, machine: MachinePlan, credentials: MachineCredentials): string {
  return kubeconfig({
    server: `https://${machine.address}:${plan.kubernetes.apiPort}`,
    authority: credentials.authorities["kubernetes-ca"].certificate,
    user: `system:node:${machine.name}`,
    credential: { file: "/var/lib/kubelet/pki/kubelet-client-current.pem" },
  });
}

function nodeFiles(plan: LabPlan, machine: MachinePlan, credentials: MachineCredentials): GuestFile[] {
  const token = needed(credentials, "bootstrapToken");
  const authority = credentials.authorities["kubernetes-ca"].certificate;
  const server = `https://${plan.kubernetes.controlPlaneEndpoint}`;
  return [
    ...["node.sh", "volume.sh"].map((name) =>
      realFile(`kubernetes/${name}`, `/usr/local/lib/kube-lab/${name}`),
    ),
    realFile("kubernetes/volume.service", "/etc/systemd/system/kube-lab-volume.service"),
    realFile("kubernetes/containerd.toml", "/usr/local/lib/kube-lab/containerd.toml"),
    realFile("kubernetes/kubelet.service", "/etc/systemd/system/kubelet.service"),
    realFile("kubernetes/crictl.yaml", "/etc/crictl.yaml"),
    realFile("kubernetes/sysctl.conf", "/etc/sysctl.d/90-kube-lab.conf"),
    realFile("kubernetes/tmpfiles.conf", "/etc/tmpfiles.d/kube-lab.conf"),
    ...kubeletFiles(credentials),
    { path: "/etc/kube-lab/kubernetes-ca.crt", mode: "0644", content: authority },
    {
      path: "/etc/kube-lab/kubeadm-join.yaml",
      mode: "0600",
      content: joinDocuments(plan, machine, token),
    },
    {
      path: "/etc/kube-lab/discovery.conf",
      mode: "0600",
      content: kubeconfig({ server, authority, user: "bootstrap", credential: { token } }),
    },
    // As a file: a header in a command line could be read by anybody on the machine.
    { path: "/etc/kube-lab/token-header", mode: "0600", content: `Authorization: Bearer ${token}\n` },
  ];
}
