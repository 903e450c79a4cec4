import type { AddonPlan } from "../../plan/lab-plan";
import { yaml } from "../yaml";
import { clusterRole, role } from "./access-rules";

const namespace = "local-path-storage";
const name = "local-path-provisioner";
const account = "local-path-provisioner-service-account";

/** Below the mount of cloud-init/kubernetes/volume.service; a folder for each claim. */
const claims = "/srv/volume/claims";

/**
 * The default storage class: each volume a folder on the Gluster volume, which every node has mounted, so many pods may write
 * to it from any nodes. local-path-provisioner's own manifest (v0.0.30) as objects, for a shared file system.
 */
export function storageObjects({ version }: AddonPlan): object[] {
  const image = `docker.io/rancher/${name}:v${version}`;
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace } },
    ...accessRules(),
    configuration(image),
    deployment(image),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "gluster", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "rancher.io/local-path",
      reclaimPolicy: "Delete",
      volumeBindingMode: "Immediate",
    },
  ];
}

function accessRules(): object[] {
  const read = "get list watch";
  const write = `${read} create patch update delete`;
  const accounts = [{ name: account, namespace }];
  return [
    ...role(name, namespace, [["core", "pods", write]], accounts),
    ...clusterRole(
      name,
      [
        ["core", "nodes persistentvolumeclaims configmaps pods pods/log", read],
        ["core", "persistentvolumes", write],
        ["core", "events", "create patch"],
        ["storage.k8s.io", "storageclasses", read],
      ],
      accounts,
    ),
  ];
}

/** Refuses where the volume is not mounted: the claim's data would be on one machine. */
const onVolume = `set -eu
grep -q " \${VOL_DIR%/*} fuse.glusterfs " /proc/mounts || { echo "the Gluster volume is not mounted here"; exit 1; }
`;

/** The helper pods that make and remove folders are of the provisioner's own image, which has a shell: no other is needed. */
function configuration(image: string): object {
  const helperPod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "helper-pod" },
    spec: {
      priorityClassName: "system-node-critical",
      containers: [{ name: "helper-pod", image, imagePullPolicy: "IfNotPresent" }],
    },
  };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "local-path-config", namespace },
    data: {
      // A helper on a node without the volume gives up soon: the next one may be elsewhere.
      "config.json": JSON.stringify({ sharedFileSystemPath: claims, cmdTimeoutSeconds: 60 }, null, 2),
      setup: `${onVolume}mkdir -m 0777 -p "$VOL_DIR"\n`,
      teardown: `${onVolume}rm -rf "$VOL_DIR"\n`,
      "helperPod.yaml": yaml(helperPod),
    },
  };
}

function deployment(image: string): object {
  const labels = { app: name };
  const soon = (key: string) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 });
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: account,
          tolerations: [soon("node.kubernetes.io/unreachable"), soon("node.kubernetes.io/not-ready")],
          containers: [
            {
              name,
              image,
              imagePullPolicy: "IfNotPresent",
              command: [
                ...[name, "start", "--config=/etc/config/config.json"],
                // Gluster may be away for longer than any number of attempts.
                ...["--provisioning-retry-count=0", "--deletion-retry-count=0"],
              ],
              env: [
                { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
                { name: "CONFIG_MOUNT_PATH", value: "/etc/config/" },
              ],
              volumeMounts: [{ name: "configuration", mountPath: "/etc/config/" }],
            },
          ],
          volumes: [{ name: "configuration", configMap: { name: "local-path-config" } }],
        },
      },
    },
  };
}
