import { labOf, planOf } from "./lab-in-test";

const own = { labels: { "example.com/disk": "ssd" } };

test("the first master gives nodes what is theirs once they have joined", async () => {
  const workers = { machines: { "kube-node02": own, "kube-node03": own }, notStarted: ["kube-node03"] };
  const { resource } = await labOf(planOf({ workers }));
  const settings = resource("lab-node-settings");
  expect(settings.inputs).toMatchObject({
    create: "sudo kube-lab nodes",
    connection: resource("lab-masters-kube-mast01-node-apply").inputs.connection,
    triggers: [expect.stringContaining("kube-node02")],
  });
});

test("of workers that have nothing but another size it gives nothing", async () => {
  const { resources } = await labOf(planOf({ workers: { machines: { "kube-node02": { cpus: 1 } } } }));
  expect(resources.map(({ name }) => name)).not.toContain("lab-node-settings");
});
