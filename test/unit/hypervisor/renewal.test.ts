import { machineEnvironment } from "../../../hypervisor/environment";
import { absentMachine, ensureMachine } from "../../../hypervisor/machine/machine";
import { wishRenewal } from "../../../hypervisor/machine/renewal";
import { observeWith } from "../../../hypervisor/reality/reality";
import { readMachineSpecification } from "../../../hypervisor/specification/machine";
import { IMAGE, referencePlan, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const plan = referencePlan();
const { folder, remove } = scratch();
const simulated = new SimulatedVBoxManage(folder);
afterAll(remove);

const [first, second] = plan.machines;
if (!first || !second) throw new Error("the reference lab has twelve machines");

const ensure = (renewal?: string) =>
  ensureMachine(
    simulated.open(),
    readMachineSpecification({
      ...machineEnvironment(plan, first, IMAGE, "token"),
      HOST_KEY: "SHA256:key",
      RENEWAL: renewal,
    }),
    () => undefined,
  );
const observed = async () => {
  const choice = { template: IMAGE, keeps: () => true };
  return (await observeWith(simulated.open(), plan, choice, undefined, new Date())).get(first.name);
};

beforeAll(async () => {
  await simulated.makeTemplate(IMAGE);
  await ensure();
});

it("is asked for until the machine was recreated for it, and then known not to be asked for again", async () => {
  await wishRenewal(simulated.open(), [first.hypervisorName], "2026-11-26T10:00:00Z");
  expect(await observed()).toMatchObject({ changed: ["renewal"], renewal: "2026-11-26T10:00:00Z" });
  const reference = { hypervisor: plan.hypervisor, group: plan.group, machine: first.hypervisorName };
  await absentMachine(simulated.open(), reference, () => undefined);
  await ensure("2026-11-26T10:00:00Z");
  expect(await observed()).toMatchObject({ changed: [], renewal: "2026-11-26T10:00:00Z" });
});

it("is taken back where it waits, and leaves the one that was done", async () => {
  await wishRenewal(simulated.open(), [first.hypervisorName], "2026-11-27T10:00:00Z");
  await wishRenewal(simulated.open(), [first.hypervisorName, second.hypervisorName], undefined);
  expect(await observed()).toMatchObject({ changed: [], renewal: "2026-11-26T10:00:00Z" });
});

it("is asked of no machine where one of them never came up", async () => {
  const both = [first.hypervisorName, second.hypervisorName];
  await expect(wishRenewal(simulated.open(), both, "2026-11-28T10:00:00Z")).rejects.toThrow(
    `${second.hypervisorName} cannot be recreated`,
  );
  expect(await observed()).toMatchObject({ changed: [] });
});
