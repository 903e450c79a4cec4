import type { Observation } from "../hypervisor/reality/observation";
import type { LabPlan, MachinePlan } from "../plan/lab-plan";
import { latestBaseDisk } from "./base-disk";
import type { BaseDisk } from "./image";
import { observationOf, templateOf } from "./observation";

/**
 * The base disk of the template that the lab's machines are clones of, where every one of them stays what it is: another template is
 * not made before a machine needs it. Undefined where one does, or where it is unknown what theirs was made from.
 */
export function baseDiskInUse(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  latest: (templates: ReadonlySet<string>) => BaseDisk | undefined = latestBaseDisk,
): BaseDisk | undefined {
  const templates = plan.machines.map(({ name }) => templateOf(observationOf(observations, name)));
  if (templates.includes(undefined)) return undefined;
  return latest(new Set(templates.flatMap((template) => template ?? [])));
}

/**
 * Whether the next update needs no base disk but what is there: every machine is, and stays what it is, and so are the templates that
 * they are clones of. In doubt it needs one.
 */
export function needsNoBaseDisk(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  latest?: (templates: ReadonlySet<string>) => BaseDisk | undefined,
): boolean {
  const isThere = ({ name }: MachinePlan) => {
    const { state, image } = observationOf(observations, name);
    // A template never runs.
    const template = image === undefined ? undefined : observations.get(image)?.state;
    return ["running", "stopped", "made"].includes(state) && template === "stopped";
  };
  return plan.machines.every(isThere) && baseDiskInUse(plan, observations, latest) !== undefined;
}
