import type { LivingLab } from "../changes";
import type { Configuration } from "../defaults";
import type { Problem } from "../problems";
import type { HostFacts } from "./host-limits";

/** What a rule may look at. */
export interface CheckInput {
  configuration: Configuration;
  /** The same stack with nothing set. */
  defaults: Configuration;
  host: HostFacts | undefined;
  stack: string;
  /** The namespace as the stack has it. */
  raw: Record<string, unknown>;
  /** Empty where no lab lives. */
  living: LivingLab;
}

/** A rule that needs more than one key. Pure; reports everything it finds. */
export type Check = (input: CheckInput) => Problem[];
