import { cpus, totalmem } from "node:os";
import * as pulumi from "@pulumi/pulumi";
import { readChoice } from "../hypervisor/choice";
import { type Configuration, ConfigurationError, parseConfiguration } from "../plan/config";
import { rawConfiguration } from "../plan/stack-configuration";

/** What the lab is compared with. `npm run up` looks at the disk, too, before anything is made. */
const host = {
  cpus: cpus().length,
  memoryMiB: Math.floor(totalmem() / 2 ** 20),
  diskGiB: Number.POSITIVE_INFINITY,
};

/**
 * The stack's complete configuration, on this computer.
 * @throws pulumi.RunError with every problem, which the engine shows without a stack trace.
 */
export function stackConfiguration(): Configuration {
  const raw = rawConfiguration(pulumi.runtime.allConfig());
  try {
    return parseConfiguration(raw, host, pulumi.getStack(), readChoice(process.cwd()));
  } catch (error) {
    throw error instanceof ConfigurationError ? new pulumi.RunError(error.message) : error;
  }
}
