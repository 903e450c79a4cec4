import { dump } from "js-yaml";
import type { LabUnderTest } from "../lab/lab-under-test";

/** A workload as it should be: two replicas on two nodes, one of which may go, and not before it is no longer asked. */
export function twoReplicas(image: string): string {
  const labels = { app: "echo" };
  const spread = {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: labels },
  };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "echo" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          topologySpreadConstraints: [spread],
          terminationGracePeriodSeconds: 10,
          containers: [
            {
              name: "echo",
              image,
              imagePullPolicy: "Never",
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
              lifecycle: { preStop: { sleep: { seconds: 5 } } },
            },
          ],
        },
      },
    },
  };
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "echo" },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  };
  const budget = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "echo" },
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  };
  return [deployment, service, budget].map((document) => dump(document)).join("---\n");
}

/** @param times of answers, milliseconds since 1970, in any order */
export function longestGapSeconds(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((time, index) => time - (sorted[index] ?? time));
  return Math.max(0, ...gaps) / 1000;
}

/** Asks the workload five times a second as any pod would, by its service, and tells how long it was away. */
export class WorkloadLoad {
  constructor(
    private readonly lab: LabUnderTest,
    private readonly from: string,
  ) {}

  async begin(): Promise<void> {
    const address = await this.lab.kubectl.run([
      "get",
      "service",
      "echo",
      "--output=jsonpath={.spec.clusterIP}",
    ]);
    const asking = [
      "touch asking",
      "while [ -e asking ]",
      `do curl --silent --fail --output /dev/null --max-time 1 http://${address}/ && date +%s%3N >>answers`,
      "sleep 0.2",
      "done",
    ].join("; ");
    await this.lab.on(this.from, `rm -f answers; nohup bash -c '${asking}' >/dev/null 2>&1 &`);
  }

  /** Stops asking. */
  async end(): Promise<{ answered: number; longestSilenceSeconds: number }> {
    const times = (await this.lab.on(this.from, "rm -f asking; sleep 1; cat answers"))
      .trim()
      .split("\n")
      .map(Number);
    return { answered: times.length, longestSilenceSeconds: longestGapSeconds(times) };
  }
}
