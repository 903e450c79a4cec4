import { exampleLab, firstOf } from "./example-lab";
import { testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab();

interface Pod {
  name: string;
  owner?: string;
  deleted?: boolean;
}

interface Endpoint {
  pod: string;
  ready?: boolean;
  terminating?: boolean;
}

/** What `movable_pods` makes of these. */
function podList(pods: Pod[]): string {
  return JSON.stringify(
    pods.map(({ name, owner = name, deleted = false }) => ({ namespace: "default", name, deleted, owner })),
  );
}

/** One service's endpoints. */
function slices(endpoints: Endpoint[]): string {
  const metadata = { namespace: "default", labels: { "kubernetes.io/service-name": "web" } };
  const items = endpoints.map(({ pod, ready = true, terminating = false }) => ({
    conditions: { ready, terminating },
    targetRef: { kind: "Pod", name: pod },
  }));
  return JSON.stringify({ items: [{ metadata, endpoints: items }] });
}

describe("pods that have to go", () => {
  let worker: WrittenMachine;
  beforeAll(() => {
    worker = writeMachine(plan, firstOf(plan, "worker"));
  });
  afterAll(() => worker.remove());

  const a1 = { name: "a1", owner: "a" };
  const a2 = { name: "a2", owner: "a" };
  testWith("jq").each<[string, number, Pod[], Endpoint[], string[]]>([
    ["go when they serve nothing", 0, [a1, { name: "b1" }], [], ["a1", "b1"]],
    ["go one of an owner at a time", 0, [a1, a2], [], ["a1"]],
    ["wait for their owner's last that went", 0, [{ ...a1, deleted: true }, a2], [], []],
    ["go while another machine's serves", 0, [a1], [{ pod: "a1" }, { pod: "x" }], ["a1"]],
    ["wait while the other is not ready yet", 20, [a1], [{ pod: "a1" }, { pod: "x", ready: false }], []],
    [
      "wait while only one that ends serves beside",
      0,
      [a2],
      [{ pod: "a2" }, { pod: "a1", terminating: true }],
      [],
    ],
    ["go, the first of two that serve here", 0, [a1, a2], [{ pod: "a1" }, { pod: "a2" }], ["a1"]],
    ["wait a moment when nobody else is in sight", 5, [a1], [{ pod: "a1" }], []],
    ["go after it: one that is alone has no other", 10, [a1], [{ pod: "a1" }], ["a1"]],
    ["go in the end, whatever the other does", 60, [a1], [{ pod: "a1" }, { pod: "x", ready: false }], ["a1"]],
    [
      "are not both a service's last",
      10,
      [{ name: "a1" }, { name: "b1" }],
      [{ pod: "a1" }, { pod: "b1" }],
      ["a1"],
    ],
  ])("%s (after %s s)", (_, seconds, pods, endpoints, going) => {
    const { words, status } = worker.run(
      `may_go ${seconds} '${podList(pods)}'`,
      `as_node() { echo '${slices(endpoints)}'; }`,
    );
    expect({ status, going: words.trim().split("\n").filter(Boolean) }).toEqual({
      status: 0,
      going: going.map((name) => `default ${name}`),
    });
  });

  testWith("jq")("are let go where nobody may look at endpoints", () => {
    const { words } = worker.run(`may_go 0 '${podList([a1])}'`, "as_node() { return 22; }");
    expect(words).toBe("default a1\n");
  });

  /** An API that has these pods here, and evicts them unless a budget forbids it. */
  const api = (kept: string) => `
DRAIN_SECONDS=2
PODS="a1 b1"
pause() { SECONDS=$((SECONDS + 1)); }
cordon() { :; }
movable_pods() { jq -nc --arg pods "$PODS" '[$pods | split(" ")[] | select(. != "")
  | {namespace: "default", name: ., deleted: false, owner: .}]'; }
may_go() { jq -r '.[] | "default \\(.name)"' <<<"$2"; }
evict() { local name; while read -r _ name; do [ "$name" = "${kept}" ] || PODS=\${PODS/$name/}; done; PODS=$(xargs <<<"$PODS"); }
systemctl() { echo "systemctl $*"; }`;

  testWith("jq")("have gone when a machine steps aside, which keeps those that nobody would recreate", () => {
    expect(worker.run("make_way", api("nobody"))).toMatchObject({ status: 0 });
    const pods = (references: string) =>
      `as_node() { echo '{"items": [{"metadata": {"name": "p", "namespace": "n", "uid": "u"${references}}}]}'; }`;
    const controlled = "any(.metadata.ownerReferences[]?; .controller)";
    const moved = (references: string) =>
      worker.run(`movable_pods '${controlled}'`, pods(references)).words.trim();
    expect(moved("")).toBe("[]");
    expect(moved(', "ownerReferences": [{"kind": "DaemonSet", "controller": true, "uid": "d"}]')).toBe("[]");
    expect(moved(', "ownerReferences": [{"kind": "ReplicaSet", "controller": true, "uid": "r"}]')).toContain(
      '"p"',
    );
  });

  testWith("jq")("stop the change, which says so, when a budget keeps them; and the machine goes on", () => {
    const { status, words } = worker.run("make_way", api("b1"));
    expect(status).toBe(1);
    expect(words).toMatch(/still on kube-node01: default\/b1\. A PodDisruptionBudget keeps them/);
    expect(words).not.toContain("a1.");
    expect(words).toContain("systemctl start --no-block kube-lab.service");
  });

  testWith("jq").each([
    [
      "the lab has cordoned",
      '{"metadata": {"annotations": {"kube-lab/cordoned": ""}}, "spec": {"unschedulable": true}}',
      true,
    ],
    ["a person has cordoned", '{"metadata": {"annotations": {}}, "spec": {"unschedulable": true}}', false],
    ["nobody has cordoned", '{"metadata": {}, "spec": {}}', false],
  ])("come back to a node that %s: %s", (_, node, uncordoned) => {
    const asked = `as_node() { case $* in *PATCH*) echo "PATCH $*" ;; *) echo '${node}' ;; esac; }`;
    const { words } = worker.run("uncordon", asked);
    expect(words.includes('"unschedulable": null')).toBe(uncordoned);
    const cordon = worker.run("cordon", asked).words;
    expect(cordon.includes('"unschedulable": true')).toBe(!node.includes("unschedulable"));
  });
});
