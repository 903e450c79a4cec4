import { machineChanges } from "../../../components/machine-changes";
import type { Observation } from "../../../hypervisor/reality/observation";
import { labOf, nothingThere, planOf, runningAs } from "./lab-in-test";

const plan = planOf();

function living(facts: Record<string, Partial<Observation>>): Map<string, Observation> {
  const seen = runningAs(plan);
  for (const [name, some] of Object.entries(facts)) {
    const before = seen.get(name) ?? { state: "missing", changed: [], incarnation: "" };
    seen.set(name, { ...before, ...some });
  }
  return seen;
}

const words = (observations: Map<string, Observation>, wished = plan) =>
  machineChanges(wished, observations).map((change) => `${change.takes ? "! " : ""}${change.words}`);

test("a lab that stays as it is has none", () => {
  expect(words(living({}))).toEqual([]);
});

test("nor has a new lab", () => {
  expect(words(nothingThere(plan))).toEqual([]);
});

test("each machine is in the line of what becomes of it, and what goes is said to go", () => {
  const observations = living({
    "kube-node09": { state: "surplus" },
    "kube-mast01": { changed: ["image"] },
    "kube-node01": { changed: ["cpus", "renewal"] },
    "glus-node02": { changed: ["image"] },
    "kube-node02": { changed: ["cpus"] },
    "kube-node03": { state: "stopped", image: "old" },
    "hapx-node01": { state: "missing", image: "old" },
    "hapx-node02": { state: "missing" },
    "kube-mast02": { state: "stopped", changed: ["image"] },
  });
  expect(words(observations)).toEqual([
    "! removes kube-node09 and all that is on their disks",
    "! recreates kube-mast01, kube-mast02, kube-node01",
    "! recreates glus-node02 (data disks kept)",
    "changes kube-node02",
    "starts hapx-node01, kube-node03",
    "makes hapx-node02",
  ]);
});

test("what a wish changes in place is no loss", () => {
  expect(words(living({}), planOf({ masters: { memoryMiB: 3072 } }))).toEqual([
    "changes kube-mast01, kube-mast02, kube-mast03",
  ]);
});

test("policies that did nothing until now are said to hold", () => {
  const before = "Kubernetes 1.36.3, flannel 0.28.4";
  const observations = living({ "kube-mast02": { releases: before }, "kube-node01": { releases: before } });
  const line =
    "holds pods to NetworkPolicies on kube-mast02, kube-node01, to those that are there already as well";
  expect(words(observations)).toContain(line);
  const off = planOf({ addons: { networkPolicy: { enabled: false } } });
  expect(words(observations, off).join()).not.toContain("NetworkPolicies");
});

test("another release of Kubernetes is said with it, of machines that are off when they are started", () => {
  const releases = "Kubernetes 1.36.1, flannel 0.28.4, networkPolicy 0.8.0";
  const observations = living({
    "kube-mast01": { releases },
    "kube-node02": { releases },
    "kube-node03": { state: "stopped", image: "old", releases },
  });
  expect(words(observations)).toEqual([
    "brings kube-mast01, kube-node02 to Kubernetes 1.36.3",
    "starts kube-node03",
  ]);
});

test("a machine recreated is a clone of the new template, one that stays of its own", async () => {
  const observations = living({ "kube-node01": { changed: ["renewal"], image: "old", renewal: "T" } });
  for (const { name } of plan.machines)
    if (name !== "kube-node01") Object.assign(observations.get(name) ?? {}, { image: "old" });
  const { resource, resources } = await labOf(plan, { observations });
  const hardware = resources.filter(({ name }) => name.endsWith("-hardware"));
  const imageOf = ({ inputs }: (typeof hardware)[number]) =>
    (inputs.environment as Record<string, string>).IMAGE;
  const own = resource("lab-workers-kube-node01-hardware");
  expect(imageOf(own)).toBe("kube-lab-image-0a1b2c3d4e5f");
  expect(own.inputs.triggers).toContain("T");
  expect(new Set(hardware.filter((other) => other !== own).map(imageOf))).toEqual(new Set(["old"]));
});
