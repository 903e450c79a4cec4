import { existsSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import { parseConfiguration } from "../plan/config";
import type { LabPlan } from "../plan/lab-plan";
import { planLab } from "../plan/topology";

/**
 * The plan of a stack as its configuration file has it, without asking the engine; a file that is not there is the
 * reference lab.
 * @throws ConfigurationError with every problem.
 */
export function planOfStack(
  stack: string,
  configFile: string,
  hypervisor: "virtualbox" | "embedded",
): LabPlan {
  const text = existsSync(configFile) ? readFileSync(configFile, "utf8") : "";
  // Empty is what stays of a file that had only the engine's own line.
  const file = text.trim() === "" ? null : (load(text) as StackFile | null);
  const prefix = "kube-lab:";
  const raw = Object.entries(file?.config ?? {})
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
  return planLab(parseConfiguration(Object.fromEntries(raw), undefined, stack, hypervisor), stack);
}

interface StackFile {
  config?: Record<string, unknown>;
}
