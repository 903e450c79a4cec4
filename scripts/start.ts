import { fail, parseStackArguments, refuseArguments } from "./command-line";
import { openLab } from "./existing-lab";
import { startLab } from "./start-lab";

/**
 * `npm run start [-- --stack NAME]`, and `npm run resume`: starts a lab that was stopped, suspended or lost its power, and
 * waits until all of it is healthy.
 */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  refuseArguments(rest);
  await startLab(await openLab(stack));
}

main().catch(fail(1));
