import { createHash } from "node:crypto";
import type { LabPlan } from "../../plan/lab-plan";
import { yamlDocuments } from "../yaml";
import { flannelObjects } from "./flannel";

/**
 * What the masters apply beyond kubeadm's own: the pod network and the rights of the lab's machines. The last object carries
 * the digest of the others, so that a master sees without kubectl whether they are in place.
 */
export function addonDocuments(plan: LabPlan): string {
  const objects = [...flannelObjects(plan), ...leaveRights()];
  const digest = createHash("sha256").update(JSON.stringify(objects)).digest("hex");
  return yamlDocuments([
    ...objects,
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-lab-addons", namespace: "kube-system" },
      data: { digest },
    },
  ]);
}

/**
 * A worker drains and deletes itself with its kubelet's credentials when it leaves: admission (NodeRestriction) keeps each to its
 * own node and pods.
 */
function leaveRights(): object[] {
  const group = "rbac.authorization.k8s.io";
  const name = "kube-lab:leave";
  return [
    {
      apiVersion: `${group}/v1`,
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["delete"] }],
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
