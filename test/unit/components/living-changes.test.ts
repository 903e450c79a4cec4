import { machineEnvironment } from "../../../hypervisor/environment";
import { differences, type Hardware, wantedHardware } from "../../../hypervisor/machine/hardware";
import { readMachineSpecification } from "../../../hypervisor/specification/machine";
import { birthOf } from "../../../plan/birth";
import { allSettings } from "../../../plan/config/schema-paths";
import type { LabPlan, MachinePlan } from "../../../plan/lab-plan";
import { type ChangedKey, changesOf, withChange } from "../plan/changes";
import { selfSigned } from "../plan/self-signed";
import { planOf } from "./lab-in-test";

const taken = [...allSettings()].filter(([, { change }]) => change.means !== "for a new lab only");

let changes: Record<string, ChangedKey>;
beforeAll(async () => {
  changes = changesOf(await selfSigned(true));
});

/** What needs a machine of the living lab to be stopped, recreated, or drained for another Kubernetes, or a program of it to be restarted. */
function interruptions(living: LabPlan, plan: LabPlan): string[] {
  const births = [
    birthOf,
    ({ kubernetes }: LabPlan) => kubernetes.version,
    ({ kubernetes }: LabPlan) => JSON.stringify(kubernetes.settings),
  ];
  const made = births.flatMap((of) => (of(plan) === of(living) ? [] : [of(plan)]));
  const stops = plan.machines.flatMap((machine) => {
    const before = living.machines.find(({ name }) => name === machine.name);
    if (before === undefined) return [];
    return differences(hardwareOf(living, before), hardwareOf(plan, machine)).filter(
      (what) => !what.startsWith("forward "),
    );
  });
  return [...made, ...stops];
}

function hardwareOf(plan: LabPlan, machine: MachinePlan): Hardware {
  const environment = { ...machineEnvironment(plan, machine, "image", "token"), HOST_KEY: "SHA256:key" };
  const specification = readMachineSpecification(environment);
  const size = specification.dataDiskGiB;
  return { ...wantedHardware(specification), ...(size === undefined ? {} : { dataDisk: `${size} GiB` }) };
}

test.each(taken.map(([key, { change }]) => [key, change.means]))("%s: %s", (key, means) => {
  const change = changes[key] ?? { value: undefined };
  const found = interruptions(planOf(change.with), planOf(withChange(key, change)));
  if (means === "in place") expect(found).toEqual([]);
  else expect(found).not.toEqual([]);
});
