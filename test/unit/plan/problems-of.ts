import {
  ConfigurationError,
  type HostFacts,
  type LivingLab,
  parseConfiguration,
} from "../../../plan/config/configuration";
import type { Problem } from "../../../plan/config/problems";

/** What parseConfiguration finds; empty where it finds nothing. */
export function problemsOf(
  raw: Record<string, unknown>,
  host?: HostFacts,
  stack?: string,
  living?: LivingLab,
): readonly Problem[] {
  return refusal(raw, host, stack, living)?.problems ?? [];
}

export function refusal(
  raw: Record<string, unknown>,
  host?: HostFacts,
  stack?: string,
  living?: LivingLab,
): ConfigurationError | undefined {
  try {
    parseConfiguration(raw, host, stack, undefined, living);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error;
    }
    throw error;
  }
}
