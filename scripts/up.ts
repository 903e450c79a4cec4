import { forPulumi, pulumiOptions } from "../lab/stack/pulumi-options";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { prepare } from "./set-up/set-up";
import { bringUp } from "./up/bring-up";

const options = {
  ...pulumiOptions.up,
  yes: { type: "boolean", short: "y", does: "asks nothing" },
} as const satisfies Options;

const usage = {
  name: "up",
  does: "brings the lab up, or to its changed configuration; asks before machines that have run go",
  options,
};

async function main({ stack, values }: CommandLine<typeof options>): Promise<void> {
  const { yes, ...forEngine } = values;
  process.exitCode = await bringUp(stack, await prepare(stack), forPulumi(forEngine), yes === true);
}

void runCommand(usage, main);
