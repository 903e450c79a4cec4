const labels = { app: "page" };

/** A page that says which pod answers, out of an image that every lab has. */
export const deployment = {
  apiVersion: "apps/v1" as const,
  kind: "Deployment" as const,
  metadata: { name: "page", namespace: "default", labels },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: "page",
            image: "kube-lab/toolbox:1",
            imagePullPolicy: "IfNotPresent",
            command: ["toolbox", "serve"],
            readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 2 },
          },
        ],
      },
    },
  },
};

export const service = {
  apiVersion: "v1" as const,
  kind: "Service" as const,
  metadata: { name: "page", namespace: "default", labels },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};
