import { fail, parseStackArguments } from "./command-line";
import { setUp } from "./set-up";
import { readEnvironment } from "./what-now";

/** `npm run set-up [-- --stack NAME]`: all that `pulumi up` by hand needs, and nothing of the lab itself. */
async function main(): Promise<void> {
  const { stack } = parseStackArguments(process.argv.slice(2));
  const { plan } = await setUp(stack);
  console.log(
    `Ready for a lab on ${plan.hypervisor}: npm run up, or ${readEnvironment(process.platform)} and pulumi up`,
  );
}

main().catch(fail(1));
