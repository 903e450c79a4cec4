import { join, relative, sep } from "node:path";
import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { thisHost } from "../lib/host";
import { localFolder } from "../lib/local-folder";

/** What a command on the host is told: one entry a property, so that `preview --diff` reads `CPUS: "2" => "4"`. */
export type Environment = Record<string, pulumi.Input<string>>;

export interface LocalCommandArgs {
  /** Makes the thing be as the environment says; runs again whenever that changes. Idempotent. Left out: nothing to do. */
  ensure?: string;
  /** Makes it be gone, content when it already is; runs with the environment of the last ensure. Left out: nothing to do. */
  absent?: string;
  environment: Environment;
  /** Secret input; never part of the environment. */
  stdin?: pulumi.Input<string>;
  /** A change of one of these recreates the thing instead of changing it. */
  triggers?: pulumi.Input<string>[];
}

/**
 * A verb of our own program `hypervisor` (hypervisor/main.ts) as a resource. Its standard error is the progress that a
 * person sees, its standard output the result as one line of JSON.
 */
export function localCommand(
  name: string,
  args: LocalCommandArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const { ensure, absent, environment, stdin, triggers } = args;
  return new command.local.Command(
    name,
    {
      ...(ensure === undefined ? {} : { create: ensure, update: ensure }),
      ...(absent === undefined ? {} : { delete: absent }),
      environment,
      ...(stdin === undefined ? {} : { stdin }),
      ...(triggers === undefined ? {} : { triggers }),
      interpreter: ["node", hypervisorProgram()],
      logging: "stderr",
      // The last run's output is no input of the next.
      addPreviousOutputInEnv: false,
    },
    opts,
  );
}

/**
 * Our program hypervisor, which is where this library is, as seen from the folder of the Pulumi program, where the engine starts its
 * plugins too: the state names no place of this computer. With slashes on every system.
 */
function hypervisorProgram(): string {
  const program = join(thisHost().project, localFolder, "programs", "hypervisor.js");
  return relative(process.cwd(), program).replaceAll(sep, "/");
}
