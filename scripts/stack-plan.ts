import { existsSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import { readLivingLab } from "../hypervisor/living-lab";
import { type LivingLab, parseConfiguration, usableConfiguration } from "../plan/config";
import type { LabPlan } from "../plan/lab-plan";
import type { Problem } from "../plan/problems";
import { planLab } from "../plan/topology";

/**
 * The plan of a stack as its configuration file has it, without asking the engine; a file that is not there is the
 * reference lab.
 * @param fitting the hypervisor that `auto` means for a new lab
 * @param living what the lab that lives was made with, as far as the project remembers where it is
 * @throws ConfigurationError with every problem.
 */
export function planOfStack(
  stack: string,
  configFile: string,
  fitting: LabPlan["hypervisor"],
  living: LivingLab = readLivingLab(stack),
): LabPlan {
  const raw = rawConfigurationIn(configFile);
  return planLab(parseConfiguration(raw, undefined, stack, fitting, living), stack);
}

/**
 * The same for commands that make and change nothing of a lab: whatever is wrong with the configuration, the plan has the living
 * lab's hypervisor, names, addresses and login, and `problems` says what keeps `up` from working. How many machines there are,
 * ask the stack's outputs: a count that is wrong is the default's here.
 */
export function usablePlanOfStack(
  stack: string,
  configFile: string,
  fitting: LabPlan["hypervisor"],
  living: LivingLab = readLivingLab(stack),
): { plan: LabPlan; problems: readonly Problem[] } {
  const raw = rawConfigurationIn(configFile);
  const { configuration, problems } = usableConfiguration(raw, stack, fitting, living);
  return { plan: planLab(configuration, stack), problems };
}

/** The namespace `kube-lab` of a stack's file. */
export function rawConfigurationIn(configFile: string): Record<string, unknown> {
  const text = existsSync(configFile) ? readFileSync(configFile, "utf8") : "";
  // Empty is what stays of a file that had only the engine's own line.
  const file = text.trim() === "" ? null : (load(text) as StackFile | null);
  const prefix = "kube-lab:";
  return Object.fromEntries(
    Object.entries(file?.config ?? {})
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

interface StackFile {
  config?: Record<string, unknown>;
}
