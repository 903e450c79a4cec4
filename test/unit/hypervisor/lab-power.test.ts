import {
  cutPower,
  type LabMachine,
  saveMachines,
  startMachines,
  stopMachines,
} from "../../../hypervisor/machine/lab-power";
import { scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const { folder, remove } = scratch();
afterAll(remove);

const machines: LabMachine[] = [
  { name: "gate", role: "gateway", hypervisorName: "lab-gate" },
  { name: "mast", role: "master", hypervisorName: "lab-mast" },
  { name: "node1", role: "worker", hypervisorName: "lab-node1" },
  { name: "node2", role: "worker", hypervisorName: "lab-node2" },
];

let simulated: SimulatedVBoxManage;
const states = () => machines.map(({ hypervisorName }) => simulated.machine(hypervisorName).state);
const set = (name: string, state: string) => {
  simulated.machine(name).state = state;
};

beforeEach(async () => {
  simulated = new SimulatedVBoxManage(`${folder}/${expect.getState().currentTestName?.replaceAll(" ", "-")}`);
  for (const { hypervisorName } of machines) {
    await simulated.run("", ["createvm", "--name", hypervisorName, "--groups", "/lab"], {
      timeoutSeconds: 1,
    });
    set(hypervisorName, "running");
  }
  jest.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

test("stopping goes role after role, and leaves alone what is off", async () => {
  set("lab-node2", "aborted");
  const stopped: string[] = [];
  simulated.onPowerButton = (machine) => {
    expect(machine.state).toBe("running");
    stopped.push([...simulated.machines].find(([, other]) => other === machine)?.[0] ?? "");
    machine.state = "poweroff";
  };
  await stopMachines(simulated.open(), machines);
  expect(stopped).toEqual(["lab-node1", "lab-mast", "lab-gate"]);
  expect(states()).toEqual(["poweroff", "poweroff", "poweroff", "aborted"]);
});

test("a paused machine goes on to hear its power button, a saved one keeps its state", async () => {
  set("lab-mast", "paused");
  set("lab-node1", "saved");
  await stopMachines(simulated.open(), machines);
  expect(states()).toEqual(["poweroff", "poweroff", "saved", "poweroff"]);
  expect(simulated.calls).not.toContainEqual(["controlvm", "lab-mast", "poweroff"]);
});

test("a role stays up while one before it could not be stopped", async () => {
  simulated.interrupt = ([verb, name]) =>
    verb === "controlvm" && name === "lab-node1" ? { status: 1, stderr: "VBoxManage: error: no" } : undefined;
  await expect(stopMachines(simulated.open(), machines)).rejects.toThrow(/^node1: /);
  expect(states()).toEqual(["running", "running", "running", "poweroff"]);
});

test("starting starts what is off, and tells whose clock stood still", async () => {
  set("lab-gate", "poweroff");
  set("lab-mast", "saved");
  set("lab-node1", "paused");
  const slept = await startMachines(simulated.open(), machines);
  expect(slept.map(({ name }) => name)).toEqual(["mast", "node1"]);
  expect(states()).toEqual(["running", "running", "running", "running"]);
});

test("every machine that is gone is named, with what to do", async () => {
  simulated.machines.delete("lab-mast");
  simulated.machines.delete("lab-node2");
  const failure = startMachines(simulated.open(), machines);
  await expect(failure).rejects.toThrow("mast: the machine is not there any more.\nnode2: ");
  await expect(failure).rejects.toMatchObject({ remedy: "Recreate it: npm run up." });
});

test("a power cut asks nobody", async () => {
  await cutPower(simulated.open(), machines);
  expect(states()).toEqual(["poweroff", "poweroff", "poweroff", "poweroff"]);
  expect(simulated.calls.some((call) => call.includes("acpipowerbutton"))).toBe(false);
});

test("suspending saves what runs, and is refused where memory cannot be saved", async () => {
  set("lab-node2", "poweroff");
  await saveMachines(simulated.open(), machines);
  expect(states()).toEqual(["saved", "saved", "saved", "poweroff"]);
  const embedded = Object.assign(simulated.open(), { hypervisor: "embedded" });
  simulated.calls.length = 0;
  const refusal = saveMachines(embedded, machines);
  await expect(refusal).rejects.toThrow("The stand-in cannot suspend");
  await expect(refusal).rejects.toMatchObject({ remedy: expect.stringContaining("npm run stop") });
  expect(simulated.calls).toEqual([]);
});
