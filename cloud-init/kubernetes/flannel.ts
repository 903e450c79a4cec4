import type { LabPlan } from "../../plan/lab-plan";
import { flannelRelease } from "../../plan/versions";
import { clusterRole } from "./access-rules";

const namespace = "kube-flannel";
const labels = { app: "flannel", tier: "node" };
const image = `ghcr.io/flannel-io/flannel:v${flannelRelease}`;

/**
 * The pod network: flannel's own manifest (v0.28.4) as objects, without its two init containers. Its CNI plugin is in the
 * image of the machine, and the network's configuration is put in place by the container itself once the subnet is known:
 * a node is Ready when its pods have a network, not before.
 */
export function flannelObjects(plan: LabPlan): object[] {
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "flannel", namespace } },
    ...accessRules(),
    configuration(plan),
    daemonSet(plan),
  ];
}

function accessRules(): object[] {
  return clusterRole(
    "flannel",
    [
      ["core", "pods", "get"],
      ["core", "nodes", "get list watch"],
      ["core", "nodes/status", "patch"],
    ],
    [{ name: "flannel", namespace }],
  );
}

function configuration(plan: LabPlan): object {
  const network = {
    name: "cbr0",
    cniVersion: "1.0.0",
    plugins: [
      { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  const subnets = { Network: plan.kubernetes.podSubnet, EnableNFTables: true, Backend: { Type: "vxlan" } };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kube-flannel-cfg", namespace, labels },
    data: {
      "cni-conf.json": JSON.stringify(network, null, 2),
      "net-conf.json": JSON.stringify(subnets, null, 2),
    },
  };
}

/**
 * Copies in one step, so that the runtime never reads half of it. A probe, and no hook after the start: a kubelet that is restarted
 * meanwhile tries a probe again, a hook never.
 */
const placeConfiguration = [
  "[ -s /run/flannel/subnet.env ]",
  "cp /etc/kube-flannel/cni-conf.json /etc/cni/net.d/.10-flannel.new",
  "mv /etc/cni/net.d/.10-flannel.new /etc/cni/net.d/10-flannel.conflist",
].join(" && ");

function daemonSet(plan: LabPlan): object {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "kube-flannel-ds", namespace, labels },
    spec: {
      selector: { matchLabels: { app: "flannel" } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true,
          priorityClassName: "system-node-critical",
          serviceAccountName: "flannel",
          terminationGracePeriodSeconds: 5,
          // Whatever a person taints a node with.
          tolerations: [{ operator: "Exists" }],
          nodeSelector: { "kubernetes.io/os": "linux" },
          containers: [container(plan)],
          volumes: [
            { name: "run", hostPath: { path: "/run/flannel", type: "DirectoryOrCreate" } },
            { name: "cni", hostPath: { path: "/etc/cni/net.d", type: "DirectoryOrCreate" } },
            { name: "configuration", configMap: { name: "kube-flannel-cfg" } },
            { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
          ],
        },
      },
    },
  };
}

function container(plan: LabPlan): object {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return {
    name: "kube-flannel",
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["/opt/bin/flanneld"],
    args: ["--ip-masq", "--kube-subnet-mgr", "--iface=$(NODE_ADDRESS)"],
    env: [
      field("POD_NAME", "metadata.name"),
      field("POD_NAMESPACE", "metadata.namespace"),
      field("NODE_ADDRESS", "status.hostIP"),
      { name: "EVENT_QUEUE_DEPTH", value: "5000" },
      // The API directly: its service address is there only when kube-proxy is.
      { name: "KUBERNETES_SERVICE_HOST", value: plan.virtualIp },
      { name: "KUBERNETES_SERVICE_PORT", value: String(plan.kubernetes.apiPort) },
    ],
    resources: { requests: { cpu: "50m", memory: "50Mi" } },
    securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN", "NET_RAW"] } },
    startupProbe: {
      exec: { command: ["/bin/sh", "-c", placeConfiguration] },
      periodSeconds: 1,
      timeoutSeconds: 5,
      failureThreshold: 600,
    },
    volumeMounts: [
      { name: "run", mountPath: "/run/flannel" },
      { name: "cni", mountPath: "/etc/cni/net.d" },
      { name: "configuration", mountPath: "/etc/kube-flannel/" },
      { name: "xtables-lock", mountPath: "/run/xtables.lock" },
    ],
  };
}
