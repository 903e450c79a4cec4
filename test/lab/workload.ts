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
