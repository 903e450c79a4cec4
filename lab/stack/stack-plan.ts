import { existsSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import { readAddedForwards } from "../../hypervisor/reality/added-forwards";
import { readLivingLab } from "../../hypervisor/reality/living-lab";
import { type LivingLab, parseConfiguration, usableConfiguration } from "../../plan/config/configuration";
import { parsedValue } from "../../plan/config/stack-configuration";
import type { LabPlan } from "../../plan/lab-plan";
import { planLab } from "../../plan/plan";
import { knownPassphrase } from "../../supply/engine/backend";
import { withSecretsOpen } from "./secret-values";

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
  const configuration = parseConfiguration(raw, undefined, stack, fitting, living);
  return planLab(configuration, stack, readAddedForwards(stack));
}

/** A plan that can be worked with whatever the configuration says. */
export interface UsablePlan {
  plan: LabPlan;
  /** In one line for a person, what keeps `preview` and `up` from working, and where to read on. */
  warning?: string;
}

/**
 * The same for commands that make and change nothing of a lab: whatever is wrong with the configuration, the plan has the living
 * lab's hypervisor, names, addresses and login. How many machines there are, ask the stack's outputs: a count that is wrong is the
 * default's here.
 */
export function usablePlanOfStack(
  stack: string,
  configFile: string,
  fitting: LabPlan["hypervisor"],
  living: LivingLab = readLivingLab(stack),
): UsablePlan {
  const { raw, unreadable } = readableConfigurationIn(configFile);
  const { configuration, problems } = usableConfiguration(raw, stack, fitting, living);
  const wrong = problems.map(({ key }) => `kube-lab:${key}`).join(", ");
  const problem = unreadable ?? (wrong === "" ? undefined : `${configFile} is wrong in ${wrong}`);
  const warning = problem && `kube-lab: ${problem}; npm run preview says what to do`;
  const plan = planLab(configuration, stack, readAddedForwards(stack));
  return { plan, ...(warning !== undefined && { warning }) };
}

/** The namespace `kube-lab` of a stack's file; of one that is no YAML nothing, and why in one line. */
export function readableConfigurationIn(configFile: string): {
  raw: Record<string, unknown>;
  unreadable?: string;
} {
  try {
    return { raw: rawConfigurationIn(configFile) };
  } catch (error) {
    return { raw: {}, unreadable: (error as Error).message };
  }
}

/**
 * The namespace `kube-lab` of a stack's file, with encrypted values in clear.
 * @throws Error in one line where the file is no YAML.
 */
export function rawConfigurationIn(configFile: string): Record<string, unknown> {
  const text = existsSync(configFile) ? readFileSync(configFile, "utf8") : "";
  // Empty is what stays of a file that had only the engine's own line.
  const file = text.trim() === "" ? null : parsed(text, configFile);
  const prefix = "kube-lab:";
  const passphrase = () => knownPassphrase(process.cwd(), process.env);
  return Object.fromEntries(
    Object.entries(file?.config ?? {})
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => {
        const open = withSecretsOpen(value, file?.encryptionsalt, passphrase);
        // A group that is encrypted as a whole is JSON, as the engine hands it to the program.
        return [
          key.slice(prefix.length),
          open !== value && typeof open === "string" ? parsedValue(open) : open,
        ];
      }),
  );
}

function parsed(text: string, configFile: string): StackFile | null {
  try {
    return load(text) as StackFile | null;
  } catch (error) {
    throw new Error(`${configFile} is no YAML: ${(error as Error).message.split("\n")[0]}`);
  }
}

interface StackFile {
  encryptionsalt?: string;
  config?: Record<string, unknown>;
}
