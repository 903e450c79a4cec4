import { ConfigurationError, type HostFacts, parseConfiguration } from "../../../plan/config";
import type { Problem } from "../../../plan/problems";

/** What parseConfiguration finds; empty where it finds nothing. */
export function problemsOf(
  raw: Record<string, unknown>,
  host?: HostFacts,
  stack?: string,
): readonly Problem[] {
  return refusal(raw, host, stack)?.problems ?? [];
}

export function refusal(
  raw: Record<string, unknown>,
  host?: HostFacts,
  stack?: string,
): ConfigurationError | undefined {
  try {
    parseConfiguration(raw, host, stack);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error;
    }
    throw error;
  }
}
