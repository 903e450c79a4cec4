import { RemedyError } from "../../lib/remedy-error";
import type { LabPlan } from "../../plan/lab-plan";
import { readOwnSources } from "../guest/own-sources";
import { type Finding, failure, fine } from "./finding";
import type { Probes } from "./probes";

/** The files that the configuration gives to machines can be read. */
export function checkOwnSources({ ownSources }: LabPlan, { host }: Probes): Finding[] {
  if (ownSources.length === 0) return [];
  try {
    const contents = readOwnSources(host.project, ownSources);
    return [fine("own files", [...contents.keys()].join(", "))];
  } catch (error) {
    if (error instanceof RemedyError) return [failure("own files", error.message, error.remedy)];
    throw error;
  }
}
