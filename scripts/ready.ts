import { fail, parseStackArguments } from "./command-line";
import { setUp } from "./set-up";

/** `npm run set-up [-- --stack NAME]`: all that `pulumi up` by hand needs, and nothing of the lab itself. */
async function main(): Promise<void> {
  const { stack } = parseStackArguments(process.argv.slice(2));
  const { plan } = await setUp(stack);
  console.log(
    `Ready for a lab on ${plan.hypervisor}: npm run up, or . .kube-lab/environment.sh and pulumi up`,
  );
}

main().catch(fail(1));
