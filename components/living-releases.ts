import type { Observation } from "../hypervisor/reality/observation";
import type { Problem } from "../plan/config/problems";
import { type LabPlan, type MachinePlan, machinesOf } from "../plan/lab-plan";
import { parseReleases } from "../plan/releases";
import { upgradeProblems } from "../plan/upgrade";
import { versionsOfTemplate } from "./base-disk";

/** Masters and workers: what runs Kubernetes. */
export function nodesOf(plan: LabPlan): MachinePlan[] {
  return [...machinesOf(plan, "master"), ...machinesOf(plan, "worker")];
}

/**
 * What a machine was last given to run, by plan/releases.ts; empty where unknown.
 * @param bornWith what a template's machines were born with, for those whose record is of an earlier version of this program
 */
export function releasesOn(
  { releases, image }: Pick<Observation, "releases" | "image">,
  bornWith: (template: string) => string | undefined = versionsOfTemplate,
): string {
  return releases ?? (image === undefined ? undefined : bornWith(image)) ?? "";
}

/**
 * Releases of Kubernetes on the masters and workers that are there: what a machine says of itself, else what it was last given, which
 * an upgrade that was cut off has not brought it to; fewer than these where it is not known any more.
 */
export function livingReleases(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  bornWith?: (template: string) => string | undefined,
): string[] {
  return nodesOf(plan).flatMap(({ name }) => {
    const observation = observations.get(name);
    if (observation === undefined) return [];
    const { inside } = observation;
    const own = typeof inside === "object" ? inside.kubernetes : undefined;
    return own ?? parseReleases(releasesOn(observation, bornWith)).Kubernetes ?? [];
  });
}

/** What keeps the living lab from the plan's release of Kubernetes. */
export function problemsOfUpgrade(plan: LabPlan, observations: ReadonlyMap<string, Observation>): Problem[] {
  return upgradeProblems(livingReleases(plan, observations), plan.kubernetes.version);
}

/** Whether some master or worker is to be brought to another release of Kubernetes, or was on its way when an update was cut off. */
export function isUpgrade(plan: LabPlan, observations: ReadonlyMap<string, Observation>): boolean {
  return (
    livingReleases(plan, observations).some((release) => release !== plan.kubernetes.version) ||
    nodesOf(plan).some(({ name }) => observations.get(name)?.volume === true)
  );
}
