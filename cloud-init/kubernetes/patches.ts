import { type LabPlan, machinesOf } from "../../plan/lab-plan";
import type { GuestFile } from "../guest-file";

const folder = "/etc/kube-lab/patches-init";
const peerPort = 2380;

/** kubeadm's patches for the masters that initialise together; a file's name says what it changes, and how. */
export function initPatches(plan: LabPlan, etcdClusterToken: string): GuestFile[] {
  return [
    { path: `${folder}/etcd0+json.json`, mode: "0644", content: json(initialCluster(plan)) },
    // In the environment, not in the command line, which anybody on the machine can read.
    {
      path: `${folder}/etcd1+strategic.json`,
      mode: "0600",
      content: json(etcdEnvironment({ ETCD_INITIAL_CLUSTER_TOKEN: etcdClusterToken })),
    },
    { path: `${folder}/corednsdeployment0+strategic.json`, mode: "0644", content: json(spreadCoreDns()) },
  ];
}

/** All first masters are members from the beginning, so none has to join. The later of two equal flags counts. */
function initialCluster(plan: LabPlan): object[] {
  const members = machinesOf(plan, "master").map(
    ({ name, address }) => `${name}=https://${address}:${peerPort}`,
  );
  const flags = [`--initial-cluster=${members.join(",")}`, "--initial-cluster-state=new"];
  return flags.map((value) => ({ op: "add", path: "/spec/containers/0/command/-", value }));
}

function etcdEnvironment(variables: Record<string, string>): object {
  const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
  return { spec: { containers: [{ name: "etcd", env }] } };
}

/** Two replicas on one machine would be one: kubeadm only prefers to part them, and the first node Ready would get both. */
function spreadCoreDns(): object {
  const topologySpreadConstraints = [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { "k8s-app": "kube-dns" } },
      matchLabelKeys: ["pod-template-hash"],
    },
  ];
  return { spec: { template: { spec: { topologySpreadConstraints } } } };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
