import { stopMachines } from "../hypervisor/lab-power";
import { fail, parseStackArguments, refuseArguments } from "./command-line";
import { openLab } from "./existing-lab";

/** `npm run stop [-- --stack NAME]`: shuts the lab's machines down in good order; nothing is lost. */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  refuseArguments(rest);
  const { vbox, outputs } = await openLab(stack);
  await stopMachines(vbox, outputs.machines);
  console.log("The lab is stopped. Start it again: npm run start");
}

main().catch(fail(1));
