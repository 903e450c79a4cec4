import { type CommandLine, type Options, runCommand } from "./command-line";
import { openLab } from "./existing-lab";
import { startLab } from "./start-lab";

/** `npm run resume`, too. */
const usage = {
  name: "start",
  does: "starts a lab that was stopped, suspended or lost its power, and waits until all of it is healthy",
};

async function main({ stack }: CommandLine<Options>): Promise<void> {
  await startLab(await openLab(stack));
}

void runCommand(usage, main);
