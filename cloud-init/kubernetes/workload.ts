/** A container without any right on its node, that writes to its volumes alone. */
export const confined = {
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

interface WorkloadMetadata {
  name: string;
  namespace: string;
  /** Of the workload and its pods, which it knows by them. */
  labels: Record<string, string>;
}

/**
 * Pods of one kind.
 * @param pod what they are made of
 * @param scale how many there are, where that is said
 */
export function workload(
  kind: "Deployment" | "DaemonSet",
  metadata: WorkloadMetadata,
  pod: object,
  scale: { replicas?: number } = {},
): object {
  const { labels } = metadata;
  return {
    apiVersion: "apps/v1",
    kind,
    metadata,
    spec: {
      ...scale,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: pod },
    },
  };
}
