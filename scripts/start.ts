import { writeAccessFiles } from "../lab/access-files";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { renewPersonalFiles } from "./host/personal-files";
import { openLab } from "./set-up/open-lab";
import { startLab } from "./start/start-lab";

/** `npm run resume`, too. */
const usage = {
  name: "start",
  does: "starts a lab that was stopped, suspended or lost its power, and waits until all of it is healthy",
};

async function main({ stack }: CommandLine<Options>): Promise<void> {
  const lab = await openLab(stack);
  writeAccessFiles(stack, lab.outputs);
  renewPersonalFiles(stack);
  await startLab(lab);
}

void runCommand(usage, main);
