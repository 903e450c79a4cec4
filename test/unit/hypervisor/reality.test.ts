import { rmSync } from "node:fs";
import path from "node:path";
import { machineEnvironment } from "../../../hypervisor/environment";
import { ensureMachine } from "../../../hypervisor/machine";
import { observeStates, observeWith } from "../../../hypervisor/reality";
import { RECORD_FILE, writeToken } from "../../../hypervisor/record";
import { readMachineSpecification } from "../../../hypervisor/specification";
import { IMAGE, referencePlan, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const NOW = new Date("2026-11-21T04:33:10.987Z");
const TOKEN = "2026-11-01T00:00:00Z missing";
const plan = referencePlan();
const { folder, remove } = scratch();
const simulated = new SimulatedVBoxManage(folder);
afterAll(remove);

const look = () => observeWith(simulated.open(), plan, IMAGE, NOW);

beforeAll(async () => {
  await simulated.run("", ["createvm", "--name", IMAGE, "--groups", "/kube-lab"], { timeoutSeconds: 1 });
  await simulated.run("", ["snapshot", IMAGE, "take", "base"], { timeoutSeconds: 1 });
});

it("gives new tokens to machines and template that are missing, in one call", async () => {
  simulated.calls.length = 0;
  const observed = await observeWith(simulated.open(), plan, "kube-lab-image-2", NOW);
  expect(observed.size).toBe(plan.machines.length + 1);
  for (const observation of observed.values())
    expect(observation).toEqual({
      state: "missing",
      changed: [],
      incarnation: "2026-11-21T04:33:10Z missing",
    });
  expect(simulated.calls).toHaveLength(1);
});

it("gives the template's token, once its making came to an end", async () => {
  expect((await look()).get(IMAGE)?.incarnation).toBe("2026-11-21T04:33:10Z unfinished");
  await writeToken(simulated.open(), IMAGE, TOKEN);
  expect((await look()).get(IMAGE)?.incarnation).toBe(TOKEN);
});

describe("with the lab up", () => {
  beforeAll(async () => {
    for (const machine of plan.machines) {
      const specification = readMachineSpecification({
        ...machineEnvironment(plan, machine, IMAGE, TOKEN),
        HOST_KEY: `SHA256:${machine.name}`,
      });
      await ensureMachine(simulated.open(), specification, () => undefined);
    }
  });

  it("keeps the stored tokens, and changes nothing", async () => {
    simulated.calls.length = 0;
    const observed = await look();
    const running = plan.machines.map(({ name }) => observed.get(name));
    expect(running.map((one) => one?.state)).toEqual(plan.machines.map(() => "running"));
    expect(running.map((one) => one?.incarnation)).toEqual(plan.machines.map(() => TOKEN));
    expect(simulated.verbs()).toEqual([]);
    // The list, one a machine, one for the template.
    expect(simulated.calls).toHaveLength(1 + plan.machines.length + 1);
  });

  it("counts another image as a change", async () => {
    const observed = await observeWith(simulated.open(), plan, "kube-lab-image-2", NOW);
    expect(new Set(plan.machines.map(({ name }) => observed.get(name)?.incarnation))).toEqual(
      new Set(["2026-11-21T04:33:10Z changed: image"]),
    );
  });

  it("tells what was changed by hand, what is off, paused, gone or unfinished, each only of its machine", async () => {
    const [first, second, third, fourth, fifth] = plan.machines;
    if (!first || !second || !third || !fourth || !fifth)
      throw new Error("the reference lab has twelve machines");
    simulated.machine(first.hypervisorName).values.set("cpus", "4");
    simulated.machine(second.hypervisorName).state = "poweroff";
    simulated.machine(third.hypervisorName).state = "paused";
    simulated.machines.delete(fourth.hypervisorName);
    const settings = simulated.machine(fifth.hypervisorName).values.get("CfgFile") ?? "";
    rmSync(path.join(path.dirname(settings), RECORD_FILE));
    const observed = await look();
    const tokens = [first, second, third, fourth, fifth].map(({ name }) => observed.get(name)?.incarnation);
    expect(tokens).toEqual(
      ["changed: cpus", "stopped", "stopped", "missing", "unfinished"].map(
        (reason) => `2026-11-21T04:33:10Z ${reason}`,
      ),
    );
    const states = await observeStates(simulated.open(), plan.machines);
    expect([...states.values()]).toEqual([
      ...["running", "stopped", "stopped", "missing", "unfinished"],
      ...plan.machines.slice(5).map(() => "running"),
    ]);
    expect([...observed.values()].filter(({ incarnation }) => incarnation === TOKEN)).toHaveLength(
      plan.machines.length + 1 - 5,
    );
  });
});
