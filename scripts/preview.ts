import { forPulumi, pulumiOptions } from "../lab/stack/pulumi-options";
import { Stack } from "../lab/stack/stack";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { completeForUpdate, prepare } from "./set-up/set-up";

const usage = {
  name: "preview",
  does: "shows what the next `npm run up` would do",
  options: pulumiOptions.preview,
};

async function main({ stack: name, values }: CommandLine<Options>): Promise<void> {
  const stack = new Stack(name, await completeForUpdate(await prepare(name)));
  await stack.select();
  process.exitCode = await stack.run(["preview", "--suppress-outputs", ...forPulumi(values)]);
}

void runCommand(usage, main);
