import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { absentSeed, sealSeed } from "../../../hypervisor/machine/seed";
import { GATEWAY, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const { folder, remove } = scratch();
afterAll(remove);
const seeds = path.join(folder, "kube-lab", "dev", "seeds");
const seed = path.join(seeds, `${GATEWAY.machine}.iso`);

let simulated: SimulatedVBoxManage;
beforeEach(async () => {
  simulated = new SimulatedVBoxManage(folder);
  mkdirSync(seeds, { recursive: true });
  writeFileSync(seed, "");
});

const seal = () => sealSeed(simulated.open(), GATEWAY, () => undefined);

async function machineWithSeed() {
  await simulated.run("", ["createvm", "--name", GATEWAY.machine, "--groups", GATEWAY.group], {
    timeoutSeconds: 1,
  });
  const machine = simulated.machine(GATEWAY.machine);
  machine.values.set("SATA-2-0", seed);
  machine.state = "running";
  return machine;
}

afterEach(async () => {
  if (simulated.machines.has(GATEWAY.machine)) {
    simulated.machine(GATEWAY.machine).state = "poweroff";
    await simulated.run("", ["unregistervm", GATEWAY.machine, "--delete"], { timeoutSeconds: 1 });
  }
});

it("sealing takes the seed out of the running machine and deletes it, and is content when done", async () => {
  const machine = await machineWithSeed();
  await seal();
  expect(machine.values.get("SATA-2-0")).toBe("emptydrive");
  expect(existsSync(seed)).toBe(false);
  simulated.calls.length = 0;
  await seal();
  expect(simulated.verbs()).toEqual([]);
});

it("sealing forces the drive open when the guest holds it", async () => {
  const machine = await machineWithSeed();
  simulated.interrupt = (args) =>
    args[0] === "storageattach" && !args.includes("--forceunmount")
      ? { status: 1, stderr: "VBoxManage: error: Could not unmount the currently mounted media/drive\n" }
      : undefined;
  await seal();
  expect(machine.values.get("SATA-2-0")).toBe("emptydrive");
});

it("deletes the seed of a machine that is gone", async () => {
  await absentSeed(simulated.open(), GATEWAY);
  expect(existsSync(seed)).toBe(false);
  await absentSeed(simulated.open(), GATEWAY);
});
