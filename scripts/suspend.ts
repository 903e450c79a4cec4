import { saveMachines } from "../hypervisor/lab-power";
import { fail, parseStackArguments, refuseArguments } from "./command-line";
import { openLab } from "./existing-lab";

/** `npm run suspend [-- --stack NAME]`: saves the memory of every machine, to go on with by `npm run resume`. */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  refuseArguments(rest);
  const { vbox, outputs } = await openLab(stack);
  await saveMachines(vbox, outputs.machines);
  console.log("The lab is suspended. Go on with it: npm run resume");
}

main().catch(fail(1));
