import { saveMachines } from "../hypervisor/machine/lab-power";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { openLab } from "./set-up/open-lab";

const usage = {
  name: "suspend",
  does: "saves the memory of every machine, to go on with by `npm run resume`",
};

async function main({ stack }: CommandLine<Options>): Promise<void> {
  const { vbox, outputs } = await openLab(stack);
  await saveMachines(vbox, outputs.machines);
  console.log("The lab is suspended. Go on with it: npm run resume");
}

void runCommand(usage, main);
