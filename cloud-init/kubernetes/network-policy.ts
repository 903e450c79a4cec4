import type { AddonPlan, LabPlan } from "../../plan/lab-plan";
import { clusterRole } from "./access-rules";
import { confined, workload } from "./workload";

const name = "kube-network-policies";
const namespace = "kube-system";
const labels = { app: name };

/**
 * What makes NetworkPolicies hold: kube-network-policies' own manifest (v0.8.0) as objects. Each node's packet filter hands it the
 * first packet of a connection from or to a pod that a policy names; network-policy.sh looks whether it does.
 */
export function networkPolicyObjects(plan: LabPlan, { version }: AddonPlan): object[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    ...clusterRole(
      name,
      [
        ["core", "pods namespaces", "list watch"],
        ["networking.k8s.io", "networkpolicies", "list watch"],
      ],
      [{ name, namespace }],
    ),
    workload(
      "DaemonSet",
      { name, namespace, labels },
      {
        hostNetwork: true,
        nodeSelector: { "kubernetes.io/os": "linux" },
        priorityClassName: "system-node-critical",
        serviceAccountName: name,
        terminationGracePeriodSeconds: 5,
        // Whatever a person taints a node with.
        tolerations: [{ operator: "Exists" }],
        containers: [container(plan, version)],
      },
    ),
  ];
}

function container(plan: LabPlan, version: string): object {
  return {
    name,
    image: `registry.k8s.io/networking/kube-network-policies:v${version}`,
    imagePullPolicy: "IfNotPresent",
    args: [
      "/bin/netpol",
      "--hostname-override=$(MY_NODE_NAME)",
      "--nfqueue-id=98",
      "--metrics-bind-address=127.0.0.1:9080",
    ],
    env: [
      { name: "MY_NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      // The API directly: its service address is there only when kube-proxy is.
      { name: "KUBERNETES_SERVICE_HOST", value: plan.virtualIp },
      { name: "KUBERNETES_SERVICE_PORT", value: String(plan.kubernetes.apiPort) },
    ],
    resources: { requests: { cpu: "50m", memory: "50Mi" } },
    securityContext: { ...confined, capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } },
  };
}
