import { dump } from "js-yaml";

/** In the bundle; serves its host name on :8080 and has curl. */
export const toolboxImage = "kube-lab/toolbox";

/** One echo pod pinned to each node, and a service `echo` on port 80 over all of them. */
export function pods(nodes: string[], image = `${toolboxImage}:1`): string {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "echo" },
    spec: { selector: { app: "echo" }, ports: [{ port: 80, targetPort: 8080 }] },
  };
  return [service, ...nodes.map((node) => pod(node, image))].map((document) => dump(document)).join("---\n");
}

/** A workload of two replicas as its owner would write it for no silence, and its service `twin` on port 80. */
export function twin(image = `${toolboxImage}:1`): string {
  const labels = { app: "twin" };
  const container = {
    ...{ name: "echo", image, imagePullPolicy: "Never", ports: [{ containerPort: 8080 }] },
    readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
    // Serves on until nobody sends it anything any more.
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "twin" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "twin" },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  };
  return [service, deployment].map((document) => dump(document)).join("---\n");
}

/** A claim of the default storage class, and one pod pinned to each node that has it at /data. */
export function podsWithVolume(nodes: string[], image = `${toolboxImage}:1`): string {
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "volume" },
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
  };
  const pods = nodes.map((node) => {
    const { spec } = pod(node, image);
    const [container] = spec.containers;
    return {
      ...pod(node, image),
      metadata: { name: `volume-${node}`, labels: { app: "volume" } },
      spec: {
        ...spec,
        containers: [{ ...container, volumeMounts: [{ name: "volume", mountPath: "/data" }] }],
        volumes: [{ name: "volume", persistentVolumeClaim: { claimName: "volume" } }],
      },
    };
  });
  // Deleted in this order, too: the pods must go before the claim is waited for.
  return [...pods, claim].map((document) => dump(document)).join("---\n");
}

/** Answers in the place of the dashboard, whose image can't be had everywhere. */
export function dashboardPod(node: string, image = `${toolboxImage}:1`): string {
  const { spec, ...rest } = pod(node, image);
  const containers = spec.containers.map((container) => ({
    ...container,
    ports: [{ name: "http", containerPort: 8080 }],
  }));
  const labels = { "app.kubernetes.io/name": "headlamp" };
  const metadata = { name: "in-its-place", namespace: "headlamp", labels };
  return dump({ ...rest, metadata, spec: { ...spec, containers } });
}

function pod(node: string, image: string) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `echo-${node}`, labels: { app: "echo" } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "echo", image, imagePullPolicy: "Never", ports: [{ containerPort: 8080 }] }],
    },
  };
}
