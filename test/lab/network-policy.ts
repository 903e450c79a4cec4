import { eventuallyHealthy, podsReady } from "./health";
import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";
import { toolboxImage } from "./workload";

const namespace = "policy-test";
const other = "policy-test-other";
const dns = "kubernetes.default.svc.cluster.local";

type Peer = { name: string; namespace: string; node: string; labels?: Record<string, string> };
// The server and one client are on the same node, the others elsewhere.
const server: Peer = { name: "server", namespace, node: "kube-node01" };
const near: Peer = { name: "near", namespace, node: "kube-node01" };
const far: Peer = { name: "far", namespace, node: "kube-node02", labels: { client: "yes" } };
const foreign: Peer = { name: "foreign", namespace: other, node: "kube-node02" };

/** Policies hold for pods of the same node and of others, in both directions, and no longer than they are there. */
export function networkPolicyTests(): void {
  let address: string;

  beforeAll(async () => {
    for (const name of [namespace, other]) await lab.kubectl.run(["create", "namespace", name]);
    await apply([server, near, far, foreign].map(pod));
    for (const name of [namespace, other]) await podsReady("policy=test", name);
    address = await addressOf(server);
    for (const from of [near, far, foreign]) await reached(from, true);
  });

  afterAll(async () => {
    await lab.kubectl.run(["delete", "namespace", namespace, other, "--ignore-not-found"]);
  });

  // One policy at a time, so that each is seen to begin and to end.
  afterEach(async () => {
    await lab.kubectl.run(["delete", "networkpolicy", "--all", "--namespace", namespace]);
    for (const from of [near, far, foreign]) await reached(from, true);
  });

  test("what is denied is cut off, names are still found, and what has a label is let in again", async () => {
    await policy("deny", { policyTypes: ["Ingress"] });
    for (const from of [near, far, foreign]) await reached(from, false);
    expect(await finds(near, dns)).toBe(true);
    // Nor does a lab ail whose pods keep others out.
    await eventuallyHealthy();
    const podSelector = { matchLabels: { client: "yes" } };
    await policy("allow", { ingress: [{ from: [{ podSelector }], ports: [{ port: "http" }] }] });
    await reached(far, true);
    for (const from of [near, foreign]) await reached(from, false);
  });

  test("a namespace and a block of addresses are let in, all else is not", async () => {
    const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": other } };
    await policy("from", { ingress: [{ from: [{ namespaceSelector }] }] });
    await reached(foreign, true);
    await reached(far, false);
    const block = { ipBlock: { cidr: "0.0.0.0/0", except: [`${await addressOf(foreign)}/32`] } };
    await policy("from", { ingress: [{ from: [block] }] });
    await reached(far, true);
    await reached(foreign, false);
  });

  test("what a pod may reach is held as well, by its service too", async () => {
    const only = (to: object) => ({ podSelector: { matchLabels: { client: "yes" } }, ...to });
    await policy("out", only({ policyTypes: ["Egress"] }));
    await reached(far, false);
    expect(await finds(far, dns)).toBe(false);
    await reached(near, true);
    const peer = { podSelector: { matchLabels: { name: "server" } } };
    await policy("out", only({ policyTypes: ["Egress"], egress: [{ to: [peer] }] }));
    await reached(far, true);
  });

  test("a node where they do not hold is named, and up repairs it", async () => {
    await policy("deny", { policyTypes: ["Ingress"] });
    await reached(far, false);
    await lab.on("kube-node01", "sudo nft delete table inet kube-network-policies");
    await reached(far, true);
    expect((await lab.ailments()).join("\n")).toContain("NetworkPolicies do not hold");
    await lab.up();
    await reached(far, false);
    await eventuallyHealthy();
  });

  /** Waits until a client has, or has not, an answer of the server. */
  async function reached(from: Peer, wanted: boolean): Promise<void> {
    const what = `${from.namespace}/${from.name} to be ${wanted ? "answered" : "cut off"}`;
    await eventually(what, 60_000, async () =>
      (await inside(from, ["curl", "--silent", "--max-time", "2", `http://${address}:8080/`])) === wanted
        ? true
        : undefined,
    );
  }
}

const finds = (from: Peer, name: string) => inside(from, ["timeout", "5", "getent", "hosts", name]);

/** Whether a command in a pod succeeds. */
function inside({ name, namespace }: Peer, command: string[]): Promise<boolean> {
  return lab.kubectl.run(["exec", name, "--namespace", namespace, "--", ...command]).then(
    () => true,
    () => false,
  );
}

async function addressOf({ name, namespace }: Peer): Promise<string> {
  const path = "--output=jsonpath={.status.podIP}";
  return (await lab.kubectl.run(["get", "pod", name, "--namespace", namespace, path])).trim();
}

const policy = (name: string, spec: object) =>
  apply([
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, namespace },
      spec: { podSelector: { matchLabels: { name: "server" } }, ...spec },
    },
  ]);

async function apply(items: object[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items };
  await lab.kubectl.run(["apply", "--filename=-"], { stdin: JSON.stringify(list) });
}

function pod({ name, namespace, node, labels }: Peer): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { policy: "test", name, ...labels } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          ...{ name: "toolbox", image: `${toolboxImage}:1`, imagePullPolicy: "Never" },
          ports: [{ name: "http", containerPort: 8080 }],
        },
      ],
    },
  };
}
