import type { ImageDelivery } from "../../../hypervisor/containers/delivery";
import type { OwnArchive } from "../../../hypervisor/containers/own-archives";
import type { LabPlan } from "../../../plan/lab-plan";
import { allRunning, labOf, planOf } from "./lab-in-test";

const archive = (letter: string, names: string[], on: OwnArchive["on"]): OwnArchive => ({
  ...{ sha256: letter.repeat(64), file: `${letter}.tar`, on, bytes: 1, neededBytes: 2 },
  images: names.map((name) => ({ name })),
});
const forWorkers = archive("a", ["docker.io/library/shop:1"], "workers");
const forAll = archive("b", ["docker.io/library/shop:1", "docker.io/library/store:1"], "nodes");

async function commandOf(plan: LabPlan, archives: OwnArchive[], observations = allRunning(plan)) {
  const { resources } = await labOf(plan, { observations, archives });
  const found = resources.find(({ name }) => name === "lab-own-images");
  const inputs = found?.inputs as
    | { environment: Record<string, string>; stdin: { secret: string } }
    | undefined;
  const delivery = inputs && (JSON.parse(inputs.stdin.secret) as ImageDelivery);
  return { found, environment: inputs?.environment, delivery };
}

test("a lab without images of one's own has no command for them", async () => {
  expect((await commandOf(planOf(), [])).found).toBeUndefined();
});

test("says each image where it is to be, and follows every machine that is to have one", async () => {
  const plan = planOf({ workers: { count: 2 } });
  const { environment, found, delivery } = await commandOf(plan, [forAll, forWorkers]);
  expect(environment).toMatchObject({
    ARCHIVE_BBBBBBBBBBBB: "docker.io/library/store:1 on nodes",
    ARCHIVE_AAAAAAAAAAAA: "docker.io/library/shop:1 on workers",
  });
  const nodes = ["kube-mast01", "kube-mast02", "kube-mast03", "kube-node01", "kube-node02"];
  expect(Object.keys(environment ?? {}).filter((name) => name.startsWith("MACHINE_"))).toEqual(
    nodes.map((name) => `MACHINE_${name.toUpperCase().replaceAll("-", "_")}`),
  );
  expect(delivery?.peers.map(({ name }) => name)).toEqual(nodes);
  expect(delivery?.wanted).toMatchObject({
    "kube-mast01": [forAll.sha256],
    "kube-node01": [forAll.sha256, forWorkers.sha256],
  });
  // Their containerd runs when they have converged.
  expect(found?.dependencies).toEqual(
    expect.arrayContaining(["lab-workers-kube-node02-node-apply", "lab-masters-kube-mast03-node-apply"]),
  );
  expect(found?.deletedWith).toBe("lab-network-host");
});

test("a machine that is recreated makes it run again, and no other command of a machine", async () => {
  const plan = planOf();
  const seen = allRunning(plan);
  const before = await commandOf(plan, [forWorkers], seen);
  seen.set("kube-node02", { state: "missing", changed: [], incarnation: "2026-11-21T00:00:00Z missing" });
  const after = await commandOf(plan, [forWorkers], seen);
  const changed = Object.entries(after.environment ?? {}).filter(
    ([name, value]) => before.environment?.[name] !== value,
  );
  expect(changed.map(([name]) => name)).toEqual(["MACHINE_KUBE_NODE02"]);
});

test("where there is no worker, pods run on masters, and they have what is for workers", async () => {
  const plan = planOf({ workers: { count: 0 }, masters: { count: 1 } });
  expect((await commandOf(plan, [forWorkers])).delivery?.wanted).toEqual({
    "kube-mast01": [forWorkers.sha256],
  });
});
