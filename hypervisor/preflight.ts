import type { LabPlan } from "../plan/lab-plan";
import { checkEmbedded } from "./preflight-embedded";
import { checkCapacity, checkIsoTool, checkNames, checkPorts } from "./preflight-lab";
import { checkHostNetworks } from "./preflight-networks";
import { checkVirtualBox } from "./preflight-virtualbox";
import { type Probes, realProbes } from "./probes";

/** One reason why `up` would fail (`error`) or go badly (`warning`), and what to do about it. */
export interface Finding {
  severity: "error" | "warning";
  /** What is wrong, with the value found. */
  problem: string;
  /** What a person can do, as exact as it is known. */
  fix: string;
}

/** Every reason why `up` would fail on this computer, found before anything is made. Changes nothing. */
export async function preflight(plan: LabPlan, probes: Probes = realProbes()): Promise<Finding[]> {
  const hypervisor = plan.hypervisor === "embedded" ? checkEmbedded(probes) : checkVirtualBox(probes);
  const findings = await Promise.all([
    hypervisor,
    checkIsoTool(probes),
    checkPorts(plan, probes),
    checkCapacity(plan, probes),
    checkNames(plan, probes),
    checkHostNetworks(plan, probes),
  ]);
  return findings.flat();
}

/** One line that says why VirtualBox cannot run machines here; undefined when nothing speaks against it. */
export async function whyVirtualBoxCannotRun(probes: Probes = realProbes()): Promise<string | undefined> {
  return (await checkVirtualBox(probes)).find((finding) => finding.severity === "error")?.problem;
}

/** Findings as a person reads them, errors first. */
export function formatFindings(findings: readonly Finding[]): string {
  return [...findings]
    .sort((a, b) => a.severity.localeCompare(b.severity))
    .map(({ severity, problem, fix }) => `${severity}: ${problem}\n  fix: ${fix}`)
    .join("\n");
}
