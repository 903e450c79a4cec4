import { Agent, request } from "node:https";
import { load } from "js-yaml";
import { SAMPLE_INTERVAL_MS, type Sample } from "../../lab/drill-figures";

const TIMEOUT_MS = 2000;
const WRITE_EVERY = 2;
const OBJECTS = "/api/v1/namespaces/default/configmaps";
const NAME = "kube-lab-drill";

/** What of a kubeconfig a request needs. */
interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

/**
 * Asks the API through the lab's front door, at a fixed rate and each time by a new connection: a read every 100 ms, a write
 * every 200 ms. A request that hangs keeps no other back.
 */
export class ApiLoad {
  readonly samples: Sample[] = [];
  private readonly server: URL;
  private readonly agent: Agent;
  private readonly open = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  constructor(kubeconfig: string) {
    const { clusters, users } = load(kubeconfig) as Kubeconfig;
    const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
    if (cluster === undefined || user === undefined)
      throw new Error("the kubeconfig has no cluster and user");
    const decoded = (data: string) => Buffer.from(data, "base64");
    this.server = new URL(cluster.server);
    this.agent = new Agent({
      keepAlive: false,
      ca: decoded(cluster["certificate-authority-data"]),
      cert: decoded(user["client-certificate-data"]),
      key: decoded(user["client-key-data"]),
    });
  }

  /** Makes the object that is written to. */
  async begin(): Promise<void> {
    await this.end();
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NAME } };
    const created = await this.send("POST", OBJECTS, object);
    if (created !== 201)
      throw new Error(`the API does not let the drill make a ConfigMap: status ${created}`);
    this.timer = setInterval(() => this.tick(), SAMPLE_INTERVAL_MS);
  }

  /** Stops asking, once what is asked is answered; the object goes. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
    await this.send("DELETE", `${OBJECTS}/${NAME}`);
  }

  /** Whether no request of the last so many milliseconds failed. */
  isQuiet(milliseconds: number): boolean {
    const recent = this.samples.filter(({ sentAt }) => sentAt > Date.now() - TIMEOUT_MS - milliseconds);
    return recent.length > 0 && recent.every(({ succeeded }) => succeeded);
  }

  private tick(): void {
    this.count++;
    this.track("GET", "/readyz");
    const data = { data: { count: String(this.count) } };
    if (this.count % WRITE_EVERY === 0) this.track("PATCH", `${OBJECTS}/${NAME}`, data);
  }

  private track(method: string, path: string, body?: object): void {
    const sentAt = Date.now();
    const asking = this.send(method, path, body).then((status) => {
      this.samples.push({ sentAt, milliseconds: Date.now() - sentAt, succeeded: status === 200 });
      this.open.delete(asking);
    });
    this.open.add(asking);
  }

  /** @returns the status, 0 without an answer in time */
  private send(method: string, path: string, body?: object): Promise<number> {
    return new Promise((resolve) => {
      const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
      const headers = body === undefined ? {} : { "content-type": type };
      const asked = request(new URL(path, this.server), { method, headers, agent: this.agent });
      // Of the whole request: a socket that only connects is not idle to Node.js.
      const timer = setTimeout(() => asked.destroy(new Error("timeout")), TIMEOUT_MS);
      const settle = (status: number) => {
        clearTimeout(timer);
        resolve(status);
      };
      asked.on("response", (response) => {
        response.on("end", () => settle(response.statusCode ?? 0));
        response.on("error", () => settle(0));
        response.resume();
      });
      asked.on("error", () => settle(0));
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
