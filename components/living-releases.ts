import * as pulumi from "@pulumi/pulumi";
import type { Observation } from "../hypervisor/reality/observation";
import { ConfigurationError } from "../plan/config/problems";
import { type LabPlan, type MachinePlan, machinesOf } from "../plan/lab-plan";
import { parseReleases } from "../plan/releases";
import { upgradeProblems } from "../plan/upgrade";
import { versionsOfTemplate } from "./base-disk";

/** Masters and workers: what runs Kubernetes. */
export function nodesOf(plan: LabPlan): MachinePlan[] {
  return [...machinesOf(plan, "master"), ...machinesOf(plan, "worker")];
}

/**
 * What a machine was last given to run, by plan/releases.ts; empty where nobody knows.
 * @param bornWith what a template's machines were born with, for those whose record is of an earlier version of this program
 */
export function releasesOn(
  { releases, image }: Pick<Observation, "releases" | "image">,
  bornWith: (template: string) => string | undefined = versionsOfTemplate,
): string {
  return releases ?? (image === undefined ? undefined : bornWith(image)) ?? "";
}

/** Releases of Kubernetes on the masters and workers that are there; fewer than these where nobody knows any more. */
export function livingReleases(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  bornWith?: (template: string) => string | undefined,
): string[] {
  return nodesOf(plan).flatMap(({ name }) => {
    const observation = observations.get(name);
    if (observation === undefined) return [];
    return parseReleases(releasesOn(observation, bornWith)).Kubernetes ?? [];
  });
}

/** @throws pulumi.RunError where the living lab can't be brought to the plan's release of Kubernetes; nothing is touched then. */
export function refuseUpgrade(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  bornWith?: (template: string) => string | undefined,
): void {
  const problems = upgradeProblems(livingReleases(plan, observations, bornWith), plan.kubernetes.version);
  if (problems.length > 0) throw new pulumi.RunError(new ConfigurationError(problems).message);
}

/** Whether some master or worker is to be brought to another release of Kubernetes, or was on its way when an update was cut off. */
export function isUpgrade(plan: LabPlan, observations: ReadonlyMap<string, Observation>): boolean {
  return (
    livingReleases(plan, observations).some((release) => release !== plan.kubernetes.version) ||
    nodesOf(plan).some(({ name }) => observations.get(name)?.volume === true)
  );
}
