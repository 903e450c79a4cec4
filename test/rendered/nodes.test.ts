import { loadAll } from "js-yaml";
import { machinesOf } from "../../plan/lab-plan";
import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";
import { writeMachine } from "./written-machine";

const own = { labels: { "example.com/disk": "ssd" }, taints: ["example.com/for=db:NoExecute"] };
const plan = exampleLab({ workers: { machines: { "kube-node02": own } } });
const master = writeMachine(plan, firstOf(plan, "master"));
afterAll(() => master.remove());

interface Node {
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: { taints?: { key: string; value?: string; effect: string; timeAdded?: string }[] };
}

const node = (
  name: string,
  changes: Partial<Node["metadata"]> = {},
  taints: Node["spec"]["taints"] = [],
): Node => ({
  metadata: { name, labels: { "kubernetes.io/os": "linux" }, ...changes },
  spec: taints.length > 0 ? { taints } : {},
});

/** What kubectl is called with, where the cluster has these nodes. */
function patches(nodes: Node[]): unknown[] {
  const items = nodes.map((each) => ({ ...each, metadata: { ...each.metadata, resourceVersion: "7" } }));
  const { status, words } = master.run(
    "settle_nodes",
    `as_admin() { cat <<'TEXT'\n${JSON.stringify({ items })}\nTEXT\n}\nkubectl_here() { echo "$@"; }`,
  );
  expect(status).toBe(0);
  const lines = words.split("\n").filter((line) => line.startsWith("patch "));
  return lines.map((line) => {
    const [, name, patch = ""] = /^patch node (\S+) --type merge --patch (.*)$/.exec(line) ?? [];
    return [name, JSON.parse(patch)];
  });
}

const given = { "kube-lab/given": '{"labels":["example.com/disk"],"taints":["example.com/for:NoExecute"]}' };
const taint = { key: "example.com/for", value: "db", effect: "NoExecute" };
const byController = {
  key: "node.kubernetes.io/unreachable",
  effect: "NoExecute",
  timeAdded: "2026-01-01T00:00:00Z",
};

describe("masters give a worker's node what the configuration gives it", () => {
  testWith("jq")("on a node that has nothing of it, and leave what others have put there", () => {
    expect(patches([node("kube-node01"), node("kube-node02", {}, [byController])])).toEqual([
      [
        "kube-node02",
        {
          metadata: { labels: { "example.com/disk": "ssd" }, annotations: given, resourceVersion: "7" },
          spec: { taints: [byController, taint] },
        },
      ],
    ]);
  });

  testWith("jq")("and nothing where it is there", () => {
    const labels = { "example.com/disk": "ssd", by: "hand" };
    const settled = node("kube-node02", { labels, annotations: given }, [
      { ...taint, timeAdded: "2026-01-01T00:00:00Z" },
      byController,
    ]);
    expect(patches([node("kube-node01"), settled])).toEqual([]);
  });

  testWith("jq")("take away what it gives no longer, and nothing else", () => {
    const labels = { "example.com/disk": "ssd", by: "hand" };
    expect(patches([node("kube-node03", { labels, annotations: given }, [taint, byController])])).toEqual([
      [
        "kube-node03",
        {
          metadata: {
            labels: { "example.com/disk": null },
            annotations: { "kube-lab/given": null },
            resourceVersion: "7",
          },
          spec: { taints: [byController] },
        },
      ],
    ]);
  });

  testWith("python3")("and name a node where something of it is gone or was changed", () => {
    const missing = (changed: Node) => {
      const script = `
import json, sys
sys.path.insert(0, ${JSON.stringify(master.at("/usr/local/lib/kube-lab"))})
import objects
cluster = json.loads(sys.argv[1])
print(*objects.unsettled(cluster.get, json.load(open(${JSON.stringify(master.at("/etc/kube-lab/nodes.json"))}))))
`;
      const cluster = JSON.stringify({ "/api/v1/nodes/kube-node02": changed });
      return expectAccepted("python3", ["-B", "-c", script, cluster]).trim();
    };
    const labels = { "example.com/disk": "ssd", by: "hand" };
    expect(missing(node("kube-node02", { labels }, [byController, taint]))).toBe("");
    expect(missing(node("kube-node02", { labels: { "example.com/disk": "hdd" } }, [taint]))).toBe(
      "kube-node02",
    );
    expect(missing(node("kube-node02", { labels }, [byController]))).toBe("kube-node02");
    expect(missing(node("kube-node02", { labels }, [{ ...taint, value: "other" }]))).toBe("kube-node02");
    const { words } = master.run("node_faults", `CLUSTER='{"unsettled": ["kube-node02"]}'`);
    expect(words).toBe("node kube-node02 has other labels or taints than the configuration gives it\n");
  });
});

test("a worker joins with its taints: no pod comes before them", () => {
  const joinTaints = machinesOf(plan, "worker").map((machine) => {
    const written = writeMachine(plan, machine);
    const [join] = loadAll(written.read("/etc/kube-lab/kubeadm-join.yaml"));
    written.remove();
    return (join as { nodeRegistration: { taints: unknown[] } }).nodeRegistration.taints;
  });
  expect(joinTaints).toEqual([[], [taint], []]);
});
