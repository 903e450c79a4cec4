import type { Check } from "./check";
import { didNotAnswer, type Probe, type Reports } from "./machine-reports";

interface WorkloadFact {
  name: string;
  ready: number;
  wanted: number;
}

/** Whether the lab serves: what machines have just tried of it, and the workloads that it lives on. */
export function serviceChecks(reports: Reports): Check[] {
  const tried = [...reports.probes()].map(([kind, probes]) => probeCheck(kind, probes));
  return [...tried, ...workloadChecks(reports)];
}

/** One line for all machines; those where it failed are named. */
function probeCheck(kind: string, probes: readonly (Probe & { by: string })[]): Check {
  const failed = probes.filter(({ well }) => !well);
  const count = `${probes.length - failed.length} of ${probes.length}`;
  return {
    kind: "service",
    name: kind,
    healthy: failed.length === 0,
    detail: [count, ...failed.map(({ by, detail }) => `${by}: ${detail}`)].join("; "),
  };
}

/** The lab's own alone: a person's workloads are theirs. */
function workloadChecks(reports: Reports): Check[] {
  const kind = "service";
  const name = "system workloads";
  if (areOfEarlierRelease(reports)) return [];
  const seen = reports.known("master", ({ workloads }) => (workloads as WorkloadFact[] | null) ?? undefined);
  if (seen === undefined) {
    const silent = reports.silent("master");
    if (silent.length === 0)
      return [{ kind, name, healthy: false, detail: "no API server could be asked for them" }];
    return [{ kind, name, healthy: false, unknown: true, detail: `not known: ${didNotAnswer(silent)}` }];
  }
  const short = seen.value.filter(({ ready, wanted }) => ready < wanted);
  const count = `${seen.value.length - short.length} of ${seen.value.length} have all their pods`;
  const words = short.map((workload) => `${workload.name} ${workload.ready} of ${workload.wanted}`);
  return [{ kind, name, healthy: short.length === 0, detail: [count, ...words].join("; ") }];
}

/** Masters that answer, and report no workloads at all. */
function areOfEarlierRelease(reports: Reports): boolean {
  const told = reports.namesOf("master").map((master) => reports.facts(master));
  const answers = told.filter((facts) => facts !== undefined);
  return answers.length > 0 && answers.every((facts) => "api" in facts && !("workloads" in facts));
}
