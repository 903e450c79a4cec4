import type { AddonPlan } from "../../plan/lab-plan";
import { dashboardPort } from "../../plan/ports";
import { confined, workload } from "./workload";

const name = "headlamp";
const namespace = "headlamp";
const labels = { "app.kubernetes.io/name": name };
/** The image's own user and group. */
const user = { runAsUser: 100, runAsGroup: 101 };
/** Of who logs in with the token. An API server takes only groups of this beginning from a bootstrap token. */
const group = "system:bootstrappers:kube-lab:dashboard";

/**
 * The dashboard, after Headlamp's own chart (0.45.0) as objects. It asks the API with the rights of who has logged in: its own
 * account has none.
 * @param token `abcdef.0123456789abcdef`, what a person logs in with: a bootstrap token with a group of its own
 */
export function headlampObjects({ version }: AddonPlan, token: string): object[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    tokenSecret(token),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "kube-lab:dashboard" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels },
      spec: {
        type: "NodePort",
        selector: labels,
        ports: [{ name: "http", port: 80, targetPort: "http", nodePort: dashboardPort }],
      },
    },
    deployment(version),
  ];
}

function tokenSecret(token: string): object {
  const [id = "", secret = ""] = token.split(".");
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "bootstrap.kubernetes.io/token",
    metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
    stringData: {
      description: "The dashboard's login",
      "token-id": id,
      "token-secret": secret,
      "usage-bootstrap-authentication": "true",
      "auth-extra-groups": group,
    },
  };
}

function deployment(version: string): object {
  const probe = { httpGet: { path: "/", port: "http" }, periodSeconds: 10 };
  return workload(
    "Deployment",
    { name, namespace, labels },
    {
      serviceAccountName: name,
      securityContext: { runAsNonRoot: true, ...user, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name,
          image: `ghcr.io/headlamp-k8s/headlamp:v${version}`,
          imagePullPolicy: "IfNotPresent",
          args: ["-in-cluster", "-plugins-dir=/headlamp/plugins"],
          ports: [{ name: "http", containerPort: 4466 }],
          readinessProbe: probe,
          livenessProbe: probe,
          resources: { requests: { cpu: "50m", memory: "128Mi" } },
          securityContext: confined,
          volumeMounts: [{ name: "temporary", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "temporary", emptyDir: {} }],
    },
  );
}
