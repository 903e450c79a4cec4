import { existsSync } from "node:fs";
import path from "node:path";
import { inspect } from "../../../hypervisor/driver/inspect";
import { removeAbandoned } from "../../../hypervisor/machine/abandoned";
import { ensureMachine } from "../../../hypervisor/machine/machine";
import { machineFolder, readRecord, writeRecord } from "../../../hypervisor/machine/record";
import { ensureNetwork } from "../../../hypervisor/network/network";
import { GATEWAY, IMAGE, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const LAB = { hypervisor: GATEWAY.hypervisor, group: GATEWAY.group };
const OTHER_LAB = {
  ...GATEWAY,
  group: "/kube-lab/dev-two",
  machine: "kube-lab-dev-two-gate-node01",
  forwards: [],
};

let simulated: SimulatedVBoxManage;
let remove: () => void;

beforeEach(async () => {
  const place = scratch();
  remove = place.remove;
  simulated = new SimulatedVBoxManage(place.folder);
  await simulated.makeTemplate(IMAGE);
  const network = { ...LAB, incarnation: GATEWAY.incarnation, madeWith: {} };
  await ensureNetwork(simulated.open(), network, path.join(place.folder, "project"), () => undefined);
  for (const machine of [GATEWAY, OTHER_LAB]) await ensureMachine(simulated.open(), machine, () => undefined);
});
afterEach(() => remove());

const sweep = (project: string) =>
  removeAbandoned(simulated.open(), LAB, { project, exists: existsSync }, () => undefined);
const names = () => [...simulated.machines.keys()].sort();

async function madeFrom(project: string): Promise<void> {
  const info = (await inspect(simulated.open(), GATEWAY.machine)) ?? new Map<string, string>();
  const record = await readRecord(info);
  if (record === undefined) throw new Error("ensure left no record");
  await writeRecord(machineFolder(info), { ...record, project });
}

it.each(["/gone", "this project"])("removes machines made from %s, with the lab's folder", async (from) => {
  const project = path.join(simulated.folder, "project");
  await madeFrom(from === "/gone" ? from : project);
  expect(await sweep(project)).toEqual([]);
  expect(names()).toEqual([OTHER_LAB.machine, IMAGE].sort());
  expect(existsSync(path.join(simulated.folder, "kube-lab", "dev"))).toBe(false);
});

it("leaves the lab of another checkout that is there, and names it", async () => {
  await madeFrom(simulated.folder);
  expect(await sweep(path.join(simulated.folder, "here"))).toEqual([simulated.folder]);
  expect(simulated.machine(GATEWAY.machine).state).toBe("running");
});

it("leaves a machine without our record", async () => {
  await simulated.run("", ["createvm", "--name", "kube-lab-dev-mine", "--groups", LAB.group, "--register"], {
    timeoutSeconds: 1,
  });
  await madeFrom("/gone");
  await sweep(path.join(simulated.folder, "here"));
  expect(names()).toContain("kube-lab-dev-mine");
});
