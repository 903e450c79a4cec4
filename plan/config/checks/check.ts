import type { LivingLab } from "../changes";
import type { Configuration } from "../defaults";
import type { HostCapacity } from "../host-capacity";
import type { Problem } from "../problems";

/** What a rule may look at. */
export interface CheckInput {
  configuration: Configuration;
  /** The same stack with nothing set. */
  defaults: Configuration;
  host: HostCapacity | undefined;
  stack: string;
  /** The namespace as the stack has it. */
  raw: Record<string, unknown>;
  /** Empty where no lab lives. */
  living: LivingLab;
}

/** A rule that needs more than one key. Pure; reports everything it finds. */
export type ConfigurationCheck = (input: CheckInput) => Problem[];
