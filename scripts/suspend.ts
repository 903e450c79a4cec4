import { saveMachines } from "../hypervisor/machine/lab-power";
import { openLab } from "../lab/existing-lab";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";

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
