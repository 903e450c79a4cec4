import { stopMachines } from "../hypervisor/machine/lab-power";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { openLab } from "./set-up/open-lab";

const usage = { name: "stop", does: "shuts the lab's machines down in good order; nothing is lost" };

async function main({ stack }: CommandLine<Options>): Promise<void> {
  const { vbox, outputs } = await openLab(stack);
  await stopMachines(vbox, outputs.machines);
  console.log("The lab is stopped. Start it again: npm run start");
}

void runCommand(usage, main);
