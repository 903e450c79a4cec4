import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { setUp } from "./set-up/set-up";
import { readEnvironment } from "./up/what-now";

const usage = {
  name: "set-up",
  does: "makes all that `pulumi up` by hand needs, and nothing of the lab itself",
};

async function main({ stack }: CommandLine<Options>): Promise<void> {
  const { plan } = await setUp(stack);
  console.log(
    `Ready for a lab on ${plan.hypervisor}: npm run up, or ${readEnvironment(process.platform)} and pulumi up`,
  );
}

void runCommand(usage, main);
