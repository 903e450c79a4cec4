import { parseConfiguration } from "../../plan/config/configuration";
import type { LabPlan, MachinePlan, Role } from "../../plan/lab-plan";
import { machinesOf } from "../../plan/lab-plan";
import { planLab } from "../../plan/plan";

/** The reference lab, or a change of it. */
export function exampleLab(raw: Record<string, unknown> = {}): LabPlan {
  return planLab(parseConfiguration({ hypervisor: "virtualbox", ...raw }), "dev");
}

export const allRoles: Role[] = ["gateway", "loadBalancer", "master", "worker", "gluster"];

/** The first machine of a role; the reference lab has one of each. */
export function firstOf(plan: LabPlan, role: Role): MachinePlan {
  const [machine] = machinesOf(plan, role);
  if (machine === undefined) throw new Error(`the plan has no ${role}`);
  return machine;
}
