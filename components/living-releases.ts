import * as pulumi from "@pulumi/pulumi";
import type { Observation } from "../hypervisor/reality";
import { type LabPlan, machinesOf } from "../plan/lab-plan";
import { ConfigurationError, type Problem, setCommand } from "../plan/problems";
import { parseReleases } from "../plan/releases";
import { upgradeProblems } from "../plan/upgrade";
import { versionsOfTemplate } from "./base-disk";

/**
 * Releases of Kubernetes on the masters and workers that run; fewer than these where nobody knows any more.
 * @param bornWith what a template's machines were born with, for those whose record is of an earlier version of this program
 */
export function livingReleases(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  bornWith: (template: string) => string | undefined = versionsOfTemplate,
): string[] {
  const nodes = [...machinesOf(plan, "master"), ...machinesOf(plan, "worker")];
  return nodes.flatMap(({ name }) => {
    const { releases, image } = observations.get(name) ?? {};
    const text = releases ?? (image === undefined ? undefined : bornWith(image));
    return parseReleases(text ?? "").Kubernetes ?? [];
  });
}

/** @throws pulumi.RunError where the living lab can't be brought to the plan's release of Kubernetes; nothing is touched then. */
export function refuseUpgrade(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  bornWith?: (template: string) => string | undefined,
): void {
  const living = livingReleases(plan, observations, bornWith);
  const wanted = plan.kubernetes.version;
  const problems = [...upgradeProblems(living, wanted), ...stays(living, wanted)].slice(0, 1);
  if (problems.length > 0) throw new pulumi.RunError(new ConfigurationError(problems).message);
}

/** Masters made anew would wait for a control plane whose programs they do not have. */
function stays(living: readonly string[], wanted: string): Problem[] {
  const other = living.find((release) => release !== wanted);
  if (other === undefined) return [];
  return [
    {
      key: "kubernetes.version",
      value: wanted,
      reason: `the living lab has ${other}, and a lab keeps the release that it was made with`,
      allowed: `${other}; another for a new lab only`,
      fix: setCommand("kubernetes.version", other),
    },
  ];
}
