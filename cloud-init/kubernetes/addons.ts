import { createHash } from "node:crypto";
import type { LabPlan } from "../../plan/lab-plan";
import type { MachineCredentials } from "../credentials";
import type { GuestFile } from "../guest-file";
import { needed } from "../needed";
import { yamlDocuments } from "../yaml";
import { flannelObjects } from "./flannel";
import { headlampObjects } from "./headlamp";
import { metalLbObjects, metalLbPool } from "./metal-lb";
import { metricsServerObjects } from "./metrics-server";
import { networkPolicyObjects } from "./network-policy";
import { storageObjects } from "./storage";
import { gatewayApi, traefikGateway, traefikObjects } from "./traefik";

/** What the masters apply needs of an object: how to find it again. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/**
 * What the masters apply beyond kubeadm's own: the pod network, the rights of the lab's machines, and the add-ons that are on.
 * The second file, if any, has what is of kinds that the first one brings; the last one lists all. All of it is in the plan, and not
 * the releases' own YAML in the bundle: so a preview shows what changes without a bundle, a living machine gets it as any other file,
 * and the masters know by name what to compare and to remove. test/rendered/upstream-manifests.ts says in what it differs from the
 * releases'.
 */
export function addonFiles(plan: LabPlan, credentials: MachineCredentials): GuestFile[] {
  const { storage, networkPolicy, metricsServer, metalLb, headlamp, traefik } = plan.addons;
  const { applications } = plan;
  const first = [
    ...flannelObjects(plan),
    ...ownRights(),
    ...(storage.enabled ? storageObjects(storage) : []),
    ...(networkPolicy.enabled ? networkPolicyObjects(plan, networkPolicy) : []),
    ...(metricsServer.enabled ? metricsServerObjects(metricsServer) : []),
    ...(metalLb.enabled ? metalLbObjects(metalLb) : []),
    ...(headlamp.enabled ? headlampObjects(headlamp, needed(credentials, "dashboardToken")) : []),
    ...(applications ? traefikObjects(plan, applications, traefik) : []),
  ];
  const second = [
    ...(metalLb.enabled ? metalLbPool(plan) : []),
    ...(applications ? traefikGateway(applications, needed(credentials, "applications")) : []),
  ];
  const stages = second.length > 0 ? [first, second] : [first];
  const list = inventory([...first, ...second], applications && gatewayApi);
  return [
    ...stages.map((objects, i) => ({
      path: `/etc/kube-lab/addons-${i + 1}.yaml`,
      // The dashboard's token and the applications' key may be among them.
      mode: "0600",
      content: yamlDocuments(objects),
    })),
    { path: "/etc/kube-lab/addons.json", mode: "0600", content: `${JSON.stringify(list, null, 2)}\n` },
  ];
}

/**
 * The last object: it names the others, so that a master finds what is to be removed, and carries their digest, so that it
 * sees without kubectl whether they are in place.
 * @param manifest a file that every machine's image has, with objects too large to be delivered; applied before all others
 */
function inventory(objects: object[], manifest?: string): object {
  const digest = createHash("sha256")
    .update(JSON.stringify([objects, manifest]))
    .digest("hex");
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kube-lab-addons", namespace: "kube-system" },
    data: {
      ...(manifest && { manifest }),
      objects: (objects as KubernetesObject[]).map(address).join("\n"),
      digest,
    },
  };
}

/** As master.sh takes it to kubectl: `StorageClass.v1.storage.k8s.io - gluster`. */
function address({ apiVersion, kind, metadata }: KubernetesObject): string {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return [`${kind}.${version}.${group}`, metadata.namespace ?? "-", metadata.name].join(" ");
}

/**
 * A machine drains and deletes itself with its kubelet's credentials when it leaves: admission (NodeRestriction) keeps each to its
 * own node and pods. Who else serves what its pods serve it must be able to see.
 */
function ownRights(): object[] {
  const group = "rbac.authorization.k8s.io";
  const name = "kube-lab:leave";
  return [
    {
      apiVersion: `${group}/v1`,
      kind: "ClusterRole",
      metadata: { name },
      rules: [
        { apiGroups: [""], resources: ["nodes"], verbs: ["delete"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"] },
      ],
    },
    {
      apiVersion: `${group}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: group, kind: "ClusterRole", name },
      subjects: [{ apiGroup: group, kind: "Group", name: "system:nodes" }],
    },
  ];
}
