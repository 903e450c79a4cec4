import { type AddonPlan, type ApplicationsPlan, type LabPlan, nodesForPods } from "../../plan/lab-plan";
import type { KeyPair } from "../credentials";
import { type AccessRule, clusterRole } from "./access-rules";
import { confined, workload } from "./workload";

const name = "traefik";
const namespace = "traefik";
const labels = { app: name };
const replicas = 2;

/** The manifest in the machines' image with the kinds of the Gateway API that Traefik 3.6 knows. */
export const gatewayApi = "gateway-api-1.4.0.yaml";

/**
 * Web applications by the Gateway API: Traefik without any other source of routes, in two pods on different nodes where there
 * are. Its service has the same ports on every node, where the load balancers send what comes to the virtual address.
 */
export function traefikObjects(
  plan: LabPlan,
  applications: ApplicationsPlan,
  { version }: AddonPlan,
): object[] {
  const { http, https } = applications.ports;
  const accounts = [{ name, namespace }];
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    ...clusterRole(name, accessRules, accounts),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels },
      spec: {
        type: plan.addons.metalLb.enabled ? "LoadBalancer" : "NodePort",
        // A node without one of the pods does not answer: the load balancers leave it out, and with it one that was lost.
        externalTrafficPolicy: "Local",
        selector: labels,
        ports: [
          { name: "http", port: http.port, targetPort: "http", nodePort: http.nodePort },
          { name: "https", port: https.port, targetPort: "https", nodePort: https.nodePort },
        ],
      },
    },
    deployment(plan, applications, version),
  ];
}

const group = "gateway.networking.k8s.io";
const kinds = "gatewayclasses gateways httproutes grpcroutes referencegrants backendtlspolicies";
const states = kinds.replace(/\w+/g, "$&/status");

/** Its documentation's, without the kinds of the experimental channel. */
const accessRules: AccessRule[] = [
  ["core", "namespaces", "list watch"],
  ["core", "services secrets configmaps", "get list watch"],
  ["discovery.k8s.io", "endpointslices", "list watch"],
  [group, kinds, "get list watch"],
  [group, states, "update"],
];

/** What can be applied only once the kinds are known: one gateway for the routes of every namespace, and its certificate. */
export function traefikGateway({ domain, ports }: ApplicationsPlan, certificate: KeyPair): object[] {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const secret = "applications";
  const allowedRoutes = { namespaces: { from: "All" } };
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: secret, namespace },
      type: "kubernetes.io/tls",
      data: { "tls.crt": base64(certificate.certificate), "tls.key": base64(certificate.privateKey) },
    },
    {
      apiVersion: `${group}/v1`,
      kind: "GatewayClass",
      metadata: { name },
      spec: { controllerName: "traefik.io/gateway-controller" },
    },
    {
      apiVersion: `${group}/v1`,
      kind: "Gateway",
      metadata: { name: "applications", namespace },
      spec: {
        gatewayClassName: name,
        listeners: [
          { name: "http", protocol: "HTTP", port: ports.http.port, allowedRoutes },
          {
            name: "https",
            protocol: "HTTPS",
            port: ports.https.port,
            hostname: `*.${domain}`,
            tls: { certificateRefs: [{ name: secret }] },
            allowedRoutes,
          },
        ],
      },
    },
  ];
}

function deployment(plan: LabPlan, { ports }: ApplicationsPlan, version: string): object {
  return workload(
    "Deployment",
    { name, namespace, labels },
    {
      serviceAccountName: name,
      priorityClassName: "system-cluster-critical",
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "DoNotSchedule",
          // The second waits for the second node, whichever joins first.
          minDomains: Math.min(replicas, nodesForPods(plan).length),
          nodeTaintsPolicy: "Honor",
          labelSelector: { matchLabels: labels },
          matchLabelKeys: ["pod-template-hash"],
        },
      ],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
        // A gateway's listener has the port that Traefik itself listens on.
        sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
      },
      containers: [
        {
          name,
          image: `docker.io/library/traefik:v${version}`,
          imagePullPolicy: "IfNotPresent",
          args: [
            `--entrypoints.http.address=:${ports.http.port}`,
            `--entrypoints.https.address=:${ports.https.port}`,
            // Answers on while the nodes learn that it goes.
            ...["http", "https"].map(
              (entry) => `--entrypoints.${entry}.transport.lifecycle.requestacceptgracetimeout=5s`,
            ),
            "--ping=true",
            "--providers.kubernetesgateway=true",
            `--providers.kubernetesgateway.statusaddress.ip=${plan.virtualIp}`,
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
          ],
          ports: [
            { name: "http", containerPort: ports.http.port },
            { name: "https", containerPort: ports.https.port },
            { name: "ping", containerPort: 8080 },
          ],
          readinessProbe: { httpGet: { path: "/ping", port: "ping" }, periodSeconds: 2 },
          livenessProbe: { httpGet: { path: "/ping", port: "ping" }, periodSeconds: 10 },
          resources: { requests: { cpu: "50m", memory: "64Mi" } },
          securityContext: confined,
        },
      ],
    },
    { replicas },
  );
}
