import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { inspect } from "../../../hypervisor/driver/inspect";
import { machineEnvironment } from "../../../hypervisor/environment";
import { ensureMachine } from "../../../hypervisor/machine/machine";
import {
  machineFolder,
  RECORD_FILE,
  readRecord,
  writeRecord,
  writeToken,
} from "../../../hypervisor/machine/record";
import { observeStates, observeWith } from "../../../hypervisor/reality/reality";
import { readMachineSpecification } from "../../../hypervisor/specification/machine";
import { begunMachines } from "../../../lab/begun-machines";
import { IMAGE, referencePlan, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const NOW = new Date("2026-11-21T04:33:10.987Z");
const TOKEN = "2026-11-01T00:00:00Z missing";
const plan = referencePlan();
const { folder, remove } = scratch();
const simulated = new SimulatedVBoxManage(folder);
let labFolder: string | undefined;
afterAll(remove);

const look = (template = IMAGE, keeps = true) =>
  observeWith(simulated.open(), plan, { template, keeps: () => keeps }, labFolder, NOW);

beforeAll(async () => {
  await simulated.makeTemplate(IMAGE);
});

it("gives new tokens to machines and template that are missing, in one call", async () => {
  simulated.calls.length = 0;
  const observed = await look("kube-lab-image-2");
  expect(observed.size).toBe(plan.machines.length + 1);
  for (const observation of observed.values())
    expect(observation).toEqual({
      state: "missing",
      changed: [],
      incarnation: "2026-11-21T04:33:10Z missing",
    });
  expect(simulated.calls).toHaveLength(1);
});

it("looks at no template for new machines while there is none", async () => {
  const choice = { keeps: () => true };
  const observed = await observeWith(simulated.open(), plan, choice, labFolder, NOW);
  expect([...observed.keys()]).toEqual(plan.machines.map(({ name }) => name));
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

  it("keeps the token of a machine that was made and not started, off as it is", async () => {
    const { name, hypervisorName } = plan.machines.at(-1) ?? { name: "", hypervisorName: "" };
    const machine = simulated.machine(hypervisorName);
    const info = await inspect(simulated.open(), hypervisorName);
    const record = info && (await readRecord(info));
    if (info === undefined || record === undefined) throw new Error(`no record of ${hypervisorName}`);
    await writeRecord(machineFolder(info), { ...record, started: "" });
    machine.state = "poweroff";
    expect((await look()).get(name)).toMatchObject({ state: "made", incarnation: TOKEN });
    const states = await observeStates(simulated.open(), plan.machines);
    expect(states.get(name)).toBe("made");
    expect(await begunMachines(simulated.open(), plan.machines)).toEqual(plan.machines.slice(0, -1));
    machine.state = "running";
    expect((await look()).get(name)).toMatchObject({ state: "running", incarnation: TOKEN });
    await writeRecord(machineFolder(info), record);
  });

  it("tells what a machine was given to run and whether it has it on a volume still, of one that is off too", async () => {
    const { hypervisorName = "", name = "" } = plan.machines.find(({ role }) => role === "master") ?? {};
    const machine = simulated.machine(hypervisorName);
    const releases = "Kubernetes 1.36.3, flannel 0.28.4, storage 0.0.30, networkPolicy 0.8.0";
    expect((await look()).get(name)).toMatchObject({ releases });
    expect((await look()).get(name)).not.toHaveProperty("volume");
    const drive = machine.values.get("SATA-2-0");
    machine.values.set("SATA-2-0", "/labs/kube-lab/dev/seeds/bundle-0a1b2c3d4e5f.iso");
    expect((await look()).get(name)).toMatchObject({ volume: true, changed: [], incarnation: TOKEN });
    machine.values.set("SATA-2-0", drive ?? "emptydrive");
    machine.state = "poweroff";
    expect((await look()).get(name)).toMatchObject({ state: "stopped", releases });
    machine.state = "running";
  });

  it("lets machines keep their image, whatever new ones are made from, and knows its template too", async () => {
    const observed = await look("kube-lab-image-2");
    for (const { name } of plan.machines)
      expect(observed.get(name)).toMatchObject({ image: IMAGE, changed: [], incarnation: TOKEN });
    expect(observed.get(IMAGE)).toMatchObject({ incarnation: TOKEN });
  });

  it("counts an image that may not be kept as a change, of machines that are off too", async () => {
    const [off] = plan.machines;
    const power = simulated.machine(off?.hypervisorName ?? "");
    power.state = "poweroff";
    const observed = await look("kube-lab-image-2", false);
    power.state = "running";
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

  it("knows the image of a machine whose files alone are there, and machines that the plan has no more", async () => {
    const [gone] = plan.machines;
    if (!gone) throw new Error("the reference lab has twelve machines");
    labFolder = path.dirname(
      path.dirname(simulated.machine(plan.machines[1]?.hypervisorName ?? "").values.get("CfgFile") ?? ""),
    );
    mkdirSync(path.join(labFolder, "kube-lab-dev-kube-node09"), { recursive: true });
    await simulated.run("", ["createvm", "--name", "kube-lab-dev-kube-node09"], { timeoutSeconds: 1 });
    simulated.machines.delete(gone.hypervisorName);
    const observed = await look("kube-lab-image-2");
    expect(observed.get(gone.name)).toMatchObject({ state: "missing", image: IMAGE, changed: [] });
    expect(observed.get("kube-node09")).toMatchObject({ state: "surplus" });
    expect((await look("kube-lab-image-2", false)).get(gone.name)).toMatchObject({
      state: "missing",
      changed: ["image"],
    });
    // A removal leaves the record alone: then it is made, like any new one.
    rmSync(path.join(labFolder, gone.hypervisorName, `${gone.hypervisorName}.vbox`));
    expect((await look("kube-lab-image-2")).get(gone.name)?.image).toBeUndefined();
  });
});
