import { canGoOn, type Finding, failure, fine, formatFindings } from "../hypervisor/preflight/finding";
import { fittingHypervisor, preflight } from "../hypervisor/preflight/preflight";
import { findLab } from "../hypervisor/reality/living-lab";
import { planOfStack, rawConfigurationIn } from "../lab/stack/stack-plan";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { useProxy } from "../lib/fetch-outside";
import { ConfigurationError } from "../plan/config/configuration";

const options = { json: { type: "boolean", does: "as JSON" } } as const satisfies Options;

const usage = {
  name: "preflight",
  does: "says whether this computer can bring the lab up, with the fix for what stands in the way",
  options,
  notes: "Makes and installs nothing. Ends with 0 when nothing stands in the way, else with 1.",
};

async function main({ stack, values }: CommandLine<typeof options>): Promise<void> {
  const findings = await look(stack);
  const good = canGoOn(findings);
  if (values.json) console.log(JSON.stringify({ stack, good, findings }, null, 2));
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
    const configFile = `Pulumi.${stack}.yaml`;
    const choice = { configured: rawConfigurationIn(configFile).hypervisor, fitting: hypervisor };
    const plan = planOfStack(stack, configFile, hypervisor, (await findLab(stack, choice)).living);
    useProxy(plan.proxy);
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

void runCommand(usage, main);
