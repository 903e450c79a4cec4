import type { LabPlan, MachinePlan } from "../plan/lab-plan";
import { yaml } from "./yaml";

/**
 * NoCloud's meta-data. A machine is a fresh clone of an image without identity, so its name is enough: the same seed never meets
 * an instance that has seen another.
 */
export function metaData(plan: LabPlan, machine: MachinePlan): string {
  return yaml({
    "instance-id": `${plan.project}-${plan.stack}-${machine.name}`,
    "local-hostname": machine.name,
  });
}
