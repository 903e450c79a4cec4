import { RemedyError } from "../../lib/remedy-error";
import type { LabPlan } from "../../plan/lab-plan";
import { readOutside } from "../guest/outside";
import { type Finding, failure, fine } from "./finding";
import type { Probes } from "./probes";

/** The certificate authorities that the configuration names can be read. */
export function checkAuthorityFiles(plan: LabPlan, { host }: Probes): Finding[] {
  const named = [
    ...plan.certificateAuthorities,
    ...plan.registries.flatMap(({ authority }) => authority ?? []),
  ];
  if (named.length === 0) return [];
  try {
    readOutside(host.project, plan, new Map());
    return [fine("authorities", named.join(", "))];
  } catch (error) {
    if (error instanceof RemedyError) return [failure("authorities", error.message, error.remedy)];
    throw error;
  }
}
