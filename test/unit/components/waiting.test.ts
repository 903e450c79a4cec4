import { machineChanges } from "../../../components/machine-changes";
import type { Observation } from "../../../hypervisor/reality/observation";
import { allRunning, labOf, nothingThere, planOf } from "./lab-in-test";

const plan = planOf({ workers: { notStarted: ["kube-node03"] } });

function seen(some: Partial<Observation>): Map<string, Observation> {
  const all = allRunning(plan);
  const before = all.get("kube-node03");
  if (before !== undefined) all.set("kube-node03", { ...before, ...some });
  return all;
}

const made = seen({ state: "made", image: "kube-lab-image-0a1b2c3d4e5f" });

test.each([
  ["a new lab", nothingThere(plan)],
  ["a lab whose worker was made", made],
])("of %s the worker is made, keeps its seed, and nobody waits for it", async (_, observations) => {
  const { resource, resources } = await labOf(plan, { observations });
  const names = resources.map(({ name }) => name);
  expect(resource("lab-workers-kube-node03-hardware").inputs.environment).toMatchObject({
    AUTO_START: "false",
  });
  expect(resource("lab-workers-kube-node02-hardware").inputs.environment).not.toHaveProperty("AUTO_START");
  expect(names).toContain("lab-workers-kube-node03-seed");
  expect(names.filter((name) => name.startsWith("lab-workers-kube-node03-node"))).toEqual([]);
  expect(names).toContain("lab-workers-kube-node02-node-apply");
  expect(resource("lab-seal").inputs.environment).not.toHaveProperty("SEED_KUBE_NODE03");
  expect(resource("lab-seal").inputs.environment).toHaveProperty("SEED_KUBE_NODE02");
});

test.each<[string, Partial<Observation>]>([
  ["runs", {}],
  ["ran, and is off", { state: "stopped", image: "kube-lab-image-0a1b2c3d4e5f" }],
])("one that %s is as any other", async (_, some) => {
  const { resource } = await labOf(plan, { observations: seen(some) });
  expect(resource("lab-workers-kube-node03-hardware").inputs.environment).not.toHaveProperty("AUTO_START");
  expect(resource("lab-workers-kube-node03-node-apply")).toBeDefined();
  expect(resource("lab-seal").inputs.environment).toHaveProperty("SEED_KUBE_NODE03");
});

test("what is taken out of the list is started, and that is said", async () => {
  expect(machineChanges(plan, made)).toEqual([]);
  const wished = planOf();
  expect(machineChanges(wished, made).map(({ words }) => words)).toEqual(["starts kube-node03"]);
  const { resource } = await labOf(wished, { observations: made });
  expect(resource("lab-workers-kube-node03-hardware").inputs.environment).not.toHaveProperty("AUTO_START");
  expect(resource("lab-workers-kube-node03-node-apply")).toBeDefined();
});
