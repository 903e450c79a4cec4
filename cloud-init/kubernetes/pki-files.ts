import type { LabPlan, MachinePlan } from "../../plan/lab-plan";
import type { KeyPair, MachineCredentials } from "../credentials";
import type { GuestFile } from "../guest-file";
import { needed } from "../needed";
import { kubeconfig } from "./kubeconfig";

const folder = "/etc/kubernetes/pki";

/** Where kubeadm looks for an authority, without ending. Source: kubernetes.io, "PKI certificates and requirements". */
const authorityFiles = {
  "kubernetes-ca": "ca",
  "etcd-ca": "etcd/ca",
  "front-proxy-ca": "front-proxy-ca",
} as const;

/** The user entry that kubeadm writes into each kubeconfig of its own. */
const kubeconfigUsers: Record<string, string> = {
  "admin.conf": "kubernetes-admin",
  "super-admin.conf": "kubernetes-super-admin",
  "controller-manager.conf": "system:kube-controller-manager",
  "scheduler.conf": "system:kube-scheduler",
};

/** All certificates, keys and kubeconfigs of a master below /etc/kubernetes; what kubeadm finds it does not make. */
export function pkiFiles(plan: LabPlan, machine: MachinePlan, credentials: MachineCredentials): GuestFile[] {
  const { privateKey, publicKey } = needed(credentials, "serviceAccountKey");
  const authorities = Object.entries(authorityFiles).flatMap(([name, file]) =>
    pairFiles(`${folder}/${file}`, credentials.authorities[name as keyof typeof authorityFiles]),
  );
  const ofControlPlane = Object.entries(credentials.certificates).filter(([file]) => file !== "kubelet");
  const leaves = ofControlPlane.flatMap(([file, pair]) =>
    file.endsWith(".conf")
      ? [kubeconfigFile(plan, machine, credentials, file, pair)]
      : pairFiles(`${folder}/${file}`, pair),
  );
  return [
    ...authorities,
    ...leaves,
    { path: `${folder}/sa.key`, mode: "0600", content: privateKey },
    { path: `${folder}/sa.pub`, mode: "0644", content: publicKey },
  ];
}

/** What the kubelet serves with, where it looks before it makes itself one; it notices a new one by itself. See kubelet.sh. */
export function kubeletFiles({ certificates }: MachineCredentials): GuestFile[] {
  const { kubelet } = certificates;
  return kubelet === undefined ? [] : pairFiles("/var/lib/kubelet/pki/kubelet", kubelet);
}

function pairFiles(path: string, pair: KeyPair): GuestFile[] {
  return [
    { path: `${path}.crt`, mode: "0644", content: pair.certificate },
    { path: `${path}.key`, mode: "0600", content: pair.privateKey },
  ];
}

/** Controllers and scheduler talk to their own machine's API server, persons and kubeadm to the virtual address. */
function kubeconfigFile(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
  file: string,
  credential: KeyPair,
): GuestFile {
  const user = kubeconfigUsers[file];
  if (user === undefined) {
    throw new Error(
      `certificates["${file}"]: no such kubeconfig; known are ${Object.keys(kubeconfigUsers).join(", ")}`,
    );
  }
  const local = file === "controller-manager.conf" || file === "scheduler.conf";
  const endpoint = local
    ? `${machine.address}:${plan.kubernetes.apiPort}`
    : plan.kubernetes.controlPlaneEndpoint;
  const authority = credentials.authorities["kubernetes-ca"].certificate;
  return {
    path: `/etc/kubernetes/${file}`,
    mode: "0600",
    content: kubeconfig({ server: `https://${endpoint}`, authority, user, credential }),
  };
}
