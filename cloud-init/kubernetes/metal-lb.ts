import type { AddonPlan, LabPlan } from "../../plan/lab-plan";
import { yaml } from "../yaml";
import { type AccessRule, clusterRole, role } from "./access-rules";
import { confined, workload } from "./workload";

const namespace = "metallb-system";
const labelsOf = (component: string) => ({ app: "metallb", component });

/**
 * Addresses for services of type LoadBalancer, from the pool of network `node`: MetalLB's own manifest for layer 2 (v0.16.2,
 * native mode) as objects, without its webhooks, whose certificates would have to be there before the first pool is.
 */
export function metalLbObjects({ version }: AddonPlan): object[] {
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
    },
    ...kinds.map(definition),
    ...["controller", "speaker"].map((name) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace },
    })),
    ...accessRules(),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "metallb-excludel2", namespace },
      data: { "excludel2.yaml": yaml({ announcedInterfacesToExclude: ofPods }) },
    },
    controller(version),
    speaker(version),
  ];
}

/** Interfaces that lead to pods alone. */
const ofPods = ["^lo$", "^veth.*", "^cni.*", "^flannel.*"];

/** What can be applied only once MetalLB's kinds are known: the pool, announced by whichever worker answers for an address. */
export function metalLbPool({ subnets }: LabPlan): object[] {
  const { servicePool } = subnets.node;
  const addresses = servicePool === undefined ? [] : [`${servicePool.from}-${servicePool.to}`];
  const metadata = { name: "kube-lab", namespace };
  return [
    { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", metadata, spec: { addresses } },
    {
      apiVersion: "metallb.io/v1beta1",
      kind: "L2Advertisement",
      metadata,
      spec: { ipAddressPools: ["kube-lab"] },
    },
  ];
}

/** Both programs read all of them, used or not. The last version is the stored one. */
const kinds = [
  ["BFDProfile", "bfdprofiles", "v1beta1"],
  ["BGPAdvertisement", "bgpadvertisements", "v1beta1"],
  ["BGPPeer", "bgppeers", "v1beta1", "v1beta2"],
  ["Community", "communities", "v1beta1"],
  ["ConfigurationState", "configurationstates", "v1beta1"],
  ["IPAddressPool", "ipaddresspools", "v1beta1"],
  ["L2Advertisement", "l2advertisements", "v1beta1"],
  ["ServiceBGPStatus", "servicebgpstatuses", "v1beta1"],
  ["ServiceL2Status", "servicel2statuses", "v1beta1"],
] as const;

/** Without the fields' schema, ninety kilobytes that every master would be given; MetalLB itself refuses what it can't take. */
function definition([kind, plural, ...versions]: (typeof kinds)[number]): object {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.metallb.io` },
    spec: {
      group: "metallb.io",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: "Namespaced",
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === versions.at(-1),
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      })),
    },
  };
}

function accessRules(): object[] {
  const read = "get list watch";
  const write = `${read} create delete patch update`;
  const settings = "bfdprofiles bgppeers l2advertisements bgpadvertisements ipaddresspools communities";
  const states: AccessRule[] = [
    ["metallb.io", "configurationstates", write],
    ["metallb.io", "configurationstates/status", "get patch update"],
  ];
  const forController = { name: "controller", namespace };
  const forSpeaker = { name: "speaker", namespace };
  return [
    ...clusterRole(
      "metallb-system:controller",
      [
        ["core", "services namespaces", read],
        ["core", "nodes", "list"],
        ["core", "services/status", "update"],
        ["core", "events", "create patch"],
        ...states,
      ],
      [forController],
    ),
    ...clusterRole(
      "metallb-system:speaker",
      [
        ["core", "services endpoints nodes namespaces", read],
        ["discovery.k8s.io", "endpointslices", read],
        ["core", "events", "create patch"],
        ["metallb.io", "servicel2statuses servicel2statuses/status", "*"],
        ...states,
      ],
      [forSpeaker],
    ),
    ...role(
      "pod-lister",
      namespace,
      [
        ["core", "pods", "list get"],
        ["core", "secrets configmaps", read],
        ["metallb.io", settings, read],
        ["metallb.io", "servicebgpstatuses servicebgpstatuses/status", "*"],
      ],
      [forController, forSpeaker],
    ),
    ...role(
      "controller",
      namespace,
      [
        ["core", "secrets", write],
        ["apps", "deployments", "get", "controller"],
        ["metallb.io", "ipaddresspools/status", "update"],
      ],
      [forController],
    ),
  ];
}

const probesAt = (place: { host?: string }) => {
  const probe = (path: string) => ({ httpGet: { ...place, path, port: 17472 }, periodSeconds: 10 });
  return { livenessProbe: probe("/healthz"), readinessProbe: probe("/readyz") };
};
const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

function controller(version: string): object {
  const labels = labelsOf("controller");
  return workload(
    "Deployment",
    { name: "controller", namespace, labels },
    {
      serviceAccountName: "controller",
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534 },
      containers: [
        {
          name: "controller",
          image: `quay.io/metallb/controller:v${version}`,
          imagePullPolicy: "IfNotPresent",
          args: ["--port=0", "--log-level=info", "--webhook-mode=disabled"],
          env: [
            field("METALLB_POD_NAME", "metadata.name"),
            { name: "METALLB_ML_SECRET_NAME", value: "memberlist" },
            { name: "METALLB_DEPLOYMENT", value: "controller" },
          ],
          ...probesAt({}),
          securityContext: confined,
        },
      ],
    },
  );
}

/** On workers alone: only they are in the pool's network. */
function speaker(version: string): object {
  const labels = labelsOf("speaker");
  return workload(
    "DaemonSet",
    { name: "speaker", namespace, labels },
    {
      serviceAccountName: "speaker",
      terminationGracePeriodSeconds: 2,
      hostNetwork: true,
      nodeSelector: { "kube-lab/role": "worker" },
      containers: [
        {
          name: "speaker",
          image: `quay.io/metallb/speaker:v${version}`,
          imagePullPolicy: "IfNotPresent",
          args: ["--port=0", "--log-level=info"],
          env: [
            field("METALLB_NODE_NAME", "spec.nodeName"),
            field("METALLB_POD_NAME", "metadata.name"),
            field("METALLB_ML_BIND_ADDR", "status.podIP"),
            { name: "METALLB_ML_LABELS", value: "app=metallb,component=speaker" },
            { name: "METALLB_ML_SECRET_KEY_PATH", value: "/etc/ml_secret_key" },
          ],
          // In its node's network it answers there only.
          ...probesAt({ host: "127.0.0.1" }),
          securityContext: { ...confined, capabilities: { add: ["NET_RAW"], drop: ["ALL"] } },
          volumeMounts: [
            { name: "memberlist", mountPath: "/etc/ml_secret_key", readOnly: true },
            { name: "excluded", mountPath: "/etc/metallb", readOnly: true },
          ],
        },
      ],
      // The secret is the controller's, made at its start.
      volumes: [
        { name: "memberlist", secret: { secretName: "memberlist" } },
        { name: "excluded", configMap: { name: "metallb-excludel2" } },
      ],
    },
  );
}
