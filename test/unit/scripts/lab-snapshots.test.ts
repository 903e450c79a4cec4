import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { ExistingLab } from "../../../lab/existing-lab";
import { changedSince, restoreLabSnapshot } from "../../../scripts/snapshot/lab-snapshots";
import { scratch } from "../hypervisor/fixtures";
import { SimulatedVBoxManage } from "../hypervisor/simulated-vboxmanage";

const prefix = "urn:pulumi:dev::kube-lab::lab:index:Lab$command:local:Command::lab";
const machines = [{ name: "kube-mast01" }, { name: "kube-node01" }, { name: "kube-node02" }];

test("a machine has changed when an update came to its hardware or its files after the snapshot", () => {
  const resources = [
    { urn: `${prefix}-masters-kube-mast01-hardware`, modified: "2026-11-21T04:33:09.9Z" },
    { urn: `${prefix}-workers-kube-node01-node-apply`, modified: "2026-11-21T04:33:11Z" },
    { urn: `${prefix}-seal`, modified: "2026-11-21T05:00:00Z" },
    { urn: `${prefix}-image` },
  ];
  expect(changedSince(resources, machines, "2026-11-21T04:33:10Z")).toEqual(["kube-node01"]);
  expect(changedSince(resources, machines, "2026-11-21T04:00:00Z")).toEqual(["kube-mast01", "kube-node01"]);
});

const { folder, remove } = scratch();
const server = createServer();
afterAll(() => {
  server.close();
  remove();
});

test("a snapshot is not restored where another program has a port of the lab's: nothing loses its power before", async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const simulated = new SimulatedVBoxManage(folder);
  const names = ["gate-node01", "kube-mast01"];
  for (const name of names) {
    for (const call of [
      ["createvm", "--name", name, "--groups", "/l"],
      ["snapshot", name, "take", "a", "--description", "kube-lab: all 2 machines, 2026-11-21T04:33:10Z"],
    ])
      await simulated.run("", call, { timeoutSeconds: 1 });
    simulated.machine(name).state = "running";
  }
  const gateway = simulated.machine("gate-node01");
  gateway.state = "aborted";
  gateway.values.set("nic1", "nat");
  gateway.forwards.push(`api,tcp,127.0.0.1,${port},10.0.2.15,6443`);
  simulated.calls.length = 0;
  const lab = {
    vbox: simulated.open(),
    outputs: { machines: names.map((name) => ({ name, hypervisorName: name })) },
    stack: { exportState: async () => ({ deployment: {} }) },
  } as unknown as ExistingLab;
  const refusal = restoreLabSnapshot(lab, "a");
  await expect(refusal).rejects.toThrow(
    new RegExp(`port ${port} of 127.0.0.1, the lab's for api, is taken.*Nothing was touched`),
  );
  expect(simulated.verbs().filter((verb) => verb !== "snapshot")).toEqual([]);
  expect(simulated.calls.filter(([, , action]) => action === "restore")).toEqual([]);
  expect(simulated.machine("kube-mast01").state).toBe("running");
});
