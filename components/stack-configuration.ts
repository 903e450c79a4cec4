import { cpus, totalmem } from "node:os";
import * as pulumi from "@pulumi/pulumi";
import { readChoice } from "../hypervisor/driver/choice";
import { findLab, type KnownLab } from "../hypervisor/reality/living-lab";
import { thisHost } from "../lib/host";
import { RemedyError } from "../lib/remedy-error";
import { type Configuration, ConfigurationError, parseConfiguration } from "../plan/config/configuration";
import { rawConfiguration } from "../plan/config/stack-configuration";
import { refuseLabOfAnotherProgram } from "./own-program";

/** What the lab is compared with. `npm run up` looks at the disk, too, before anything is made. */
const host = {
  cpus: cpus().length,
  memoryMiB: Math.floor(totalmem() / 2 ** 20),
  diskGiB: Number.POSITIVE_INFINITY,
};

/**
 * The stack's complete configuration, on this computer, and what is known of the lab that it is for.
 * @param own top-level keys that come before the stack's
 * @throws pulumi.RunError with every problem, which the engine shows without a stack trace; also where another program made the lab
 */
export async function stackConfiguration(
  own: Readonly<Record<string, unknown>>,
): Promise<{ configuration: Configuration; lab: KnownLab }> {
  const raw = { ...rawConfiguration(pulumi.runtime.allConfig()), ...own };
  const stack = pulumi.getStack();
  const fitting = readChoice(thisHost().project);
  try {
    const lab = await findLab(stack, { configured: raw.hypervisor, fitting });
    refuseLabOfAnotherProgram(stack, lab.living);
    return { configuration: parseConfiguration(raw, host, stack, fitting, lab.living), lab };
  } catch (error) {
    if (error instanceof RemedyError) throw new pulumi.RunError(`${error.message} ${error.remedy}`);
    throw error instanceof ConfigurationError ? new pulumi.RunError(error.message) : error;
  }
}
