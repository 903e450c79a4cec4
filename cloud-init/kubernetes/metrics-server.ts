import type { AddonPlan } from "../../plan/lab-plan";
import { clusterRole, clusterRoleBinding, roleBinding } from "./access-rules";
import { confined, workload } from "./workload";

const name = "metrics-server";
const namespace = "kube-system";
const labels = { "k8s-app": name };

/**
 * What `kubectl top` and autoscalers ask: metrics-server's own manifest (v0.9.0) as objects. It takes kubelets by certificates
 * of Kubernetes' authority, see plan/certificates.ts.
 */
export function metricsServerObjects({ version }: AddonPlan): object[] {
  const account = [{ name, namespace }];
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: {
        name: "system:aggregated-metrics-reader",
        labels: Object.fromEntries(
          ["view", "edit", "admin"].map((to) => [`rbac.authorization.k8s.io/aggregate-to-${to}`, "true"]),
        ),
      },
      rules: [
        { apiGroups: ["metrics.k8s.io"], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] },
      ],
    },
    ...clusterRole(
      "system:metrics-server",
      [
        ["core", "nodes/metrics", "get"],
        ["core", "pods nodes", "get list watch"],
      ],
      account,
    ),
    clusterRoleBinding("metrics-server:system:auth-delegator", "system:auth-delegator", account),
    roleBinding(
      "metrics-server-auth-reader",
      namespace,
      "extension-apiserver-authentication-reader",
      account,
    ),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels },
      spec: {
        selector: labels,
        ports: [{ name: "https", port: 443, targetPort: "https", appProtocol: "https" }],
      },
    },
    deployment(version),
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io" },
      spec: {
        service: { name, namespace },
        group: "metrics.k8s.io",
        version: "v1beta1",
        // It makes itself a certificate at each start, which nobody could know before.
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}

function deployment(version: string): object {
  const probe = (path: string) => ({ httpGet: { path, port: "https", scheme: "HTTPS" }, periodSeconds: 10 });
  return workload(
    "Deployment",
    { name, namespace, labels },
    {
      serviceAccountName: name,
      priorityClassName: "system-cluster-critical",
      containers: [
        {
          name,
          image: `registry.k8s.io/metrics-server/metrics-server:v${version}`,
          imagePullPolicy: "IfNotPresent",
          args: [
            "--cert-dir=/tmp",
            "--secure-port=10250",
            "--kubelet-preferred-address-types=InternalIP",
            "--kubelet-use-node-status-port",
            "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
            "--metric-resolution=15s",
          ],
          ports: [{ name: "https", containerPort: 10250 }],
          readinessProbe: probe("/readyz"),
          livenessProbe: probe("/livez"),
          resources: { requests: { cpu: "50m", memory: "50Mi" } },
          securityContext: {
            ...confined,
            runAsNonRoot: true,
            runAsUser: 1000,
            seccompProfile: { type: "RuntimeDefault" },
          },
          volumeMounts: [{ name: "certificates", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "certificates", emptyDir: {} }],
    },
  );
}
