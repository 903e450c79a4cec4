import { imageNames, provisionalVersions } from "../../plan/versions";
import { machine, nodeDoes, wanted, writeNode } from "./release-node";

beforeEach(() => writeNode("worker", wanted));
afterEach(() => machine.remove());

const image = imageNames(provisionalVersions(wanted))["kube-network-policies"];
const none = "IMAGES='registry.k8s.io/kube-proxy:v1.36.3'; ";

/** What the node has: the table in its packet filter, a program that takes what it queues, containers that run. */
function node({ loaded = false, taken = false, containers = "" }): string {
  return `
    nft() { said nft "$1"; case "$1" in --terse) ${loaded} ;; esac; }
    awk() { ${taken}; }
    crictl() { case "$1" in ps) printf '%s' '${containers}' ;; esac; }
    xargs() { said "$@"; }
  `;
}
const faults = (has: Parameters<typeof node>[0], before = "") =>
  nodeDoes(`${node(has)}${before}verify_policies`).output.trim();

test("a node of the default lab is to hold its pods to policies", () => {
  expect(nodeDoes('echo "$IMAGES"').output).toContain(image);
});

describe("a node where policies are to hold", () => {
  test("waits for nothing where they do", () => {
    expect(nodeDoes(`${node({ loaded: true, taken: true })}node_policies`)).toMatchObject({ status: 0 });
    expect(faults({ loaded: true, taken: true })).toBe("");
  });

  test.each([
    ["its table is gone", { taken: true }],
    ["nobody takes what it queues", { loaded: true }],
  ])("says so where %s, and starts the container again", (_, has) => {
    expect(faults(has)).toContain("NetworkPolicies do not hold");
    const { status, calls, output } = nodeDoes(`${node({ ...has, containers: "c1" })}node_policies`);
    expect(status).toBe(0);
    expect(calls).toContain("crictl --timeout 60s stop");
    // Nor is a start that changed nothing passed over.
    expect(output).toContain("kube-lab: NetworkPolicies do not hold");
  });

  test("goes on where there is no container yet that could be started again", () => {
    const { status, calls } = nodeDoes(`${node({})}node_policies`);
    expect(status).toBe(0);
    expect(calls).not.toContain("crictl --timeout 60s stop");
  });
});

describe("a node where they are switched off", () => {
  test("has nothing to do where they never were on", () => {
    expect(nodeDoes(`${node({})}${none}node_policies`).calls).not.toContain("nft delete");
    expect(faults({}, none)).toBe("");
  });

  test("removes the table, without which its packets are dropped, once nobody would write it again", () => {
    const has = { loaded: true };
    expect(faults(has, none)).toContain("switched off");
    expect(nodeDoes(`${node(has)}${none}node_policies`).calls).toContain("nft delete");
    const still = nodeDoes(`${node({ ...has, containers: "c1" })}${none}node_policies`);
    expect(still.status).not.toBe(0);
    expect(still.calls).not.toContain("nft delete");
  });
});
