import { canGoOn, type Finding, failure, fine, formatFindings } from "../hypervisor/finding";
import { fittingHypervisor, preflight } from "../hypervisor/preflight";
import { ConfigurationError } from "../plan/config";
import { fail, parseStackArguments } from "./command-line";
import { planOfStack } from "./stack-plan";

/**
 * `npm run preflight [-- --stack NAME] [--json]`: whether this computer can bring the lab up, and what to do where not. Makes
 * and installs nothing. Ends with 0 when nothing stands in the way, else with 1.
 */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  const findings = await look(stack);
  const good = canGoOn(findings);
  if (rest.includes("--json")) console.log(JSON.stringify({ stack, good, findings }, null, 2));
  else {
    const errors = findings.filter(({ severity }) => severity === "error").length;
    const verdict = good
      ? "Nothing stands in the way: npm run up"
      : `${errors} of ${findings.length} stand in the way.`;
    console.log(`${formatFindings(findings)}\n\n${verdict}`);
  }
  process.exitCode = good ? 0 : 1;
}

/** A configuration that is wrong is a finding like the others, one for each of its problems. */
async function look(stack: string): Promise<Finding[]> {
  const { hypervisor, reason } = await fittingHypervisor();
  try {
    const plan = planOfStack(stack, `Pulumi.${stack}.yaml`, hypervisor);
    const why =
      plan.hypervisor === "embedded" && reason !== undefined ? `, since VirtualBox can't run: ${reason}` : "";
    return [fine("hypervisor", `${plan.hypervisor}${why}`), ...(await preflight(plan))];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ key, value, reason: wrong, allowed, fix }) =>
      failure(
        "configuration",
        `kube-lab:${key} = ${JSON.stringify(value)}: ${wrong}; allowed: ${allowed}`,
        fix,
      ),
    );
  }
}

main().catch(fail(1));
