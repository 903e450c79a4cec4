import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeLoaded } from "../hypervisor/containers/loaded-images";
import { openVBoxManage } from "../hypervisor/driver/vboxmanage";
import { removeAbandoned } from "../hypervisor/machine/abandoned";
import { forgetAddedForwards } from "../hypervisor/reality/added-forwards";
import { readLivingLab } from "../hypervisor/reality/living-lab";
import { removeAccessFiles } from "../lab/access-files";
import { forPulumi, pulumiOptions } from "../lab/stack/pulumi-options";
import { Stack } from "../lab/stack/stack";
import { readableConfigurationIn } from "../lab/stack/stack-plan";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { thisHost } from "../lib/host";
import { localFolder } from "../lib/local-folder";
import { logFor } from "../lib/progress";
import type { LabPlan } from "../plan/lab-plan";
import { removeDns } from "./host/dns-side";
import { removeHosts, removeRoutes } from "./host/host-side";
import { removeKubeconfig, removeSshInclude } from "./host/personal-files";
import { setUpEngine } from "./set-up/set-up";

const usage = {
  name: "down",
  does: "takes the lab down, and what `npm run host` added; only caches stay (npm run prune)",
  options: {
    ...pulumiOptions.destroy,
    yes: { type: "boolean", short: "y", does: "asks nothing, as without" },
  },
} as const;

async function main({ stack: name, values }: CommandLine<Options>): Promise<void> {
  const { yes: _, ...options } = values;
  refuseLabOfAnotherProgram(name);
  const ready = await setUpEngine(name);
  const stack = new Stack(name, ready, configFileFor(name));
  // Machines of a state that is lost are taken away below.
  stack.repair({ begin: true });
  await stack.select();
  const how = options["preview-only"] ? [] : ["--yes", "--skip-preview"];
  process.exitCode = await stack.run(["destroy", ...how, ...forPulumi(options)]);
  // What is left of a lab is still somebody's: only where the state knows nothing any more, the rest is what no state knows.
  if (process.exitCode !== 0 || !(await stack.isEmpty())) return;
  await sweep(ready.plan);
  removeFromHost(name);
}

/** Its machines are in no state of ours, and look like those of a state that is lost. */
function refuseLabOfAnotherProgram(stack: string): void {
  const { PROGRAM } = readLivingLab(stack);
  if (PROGRAM === undefined) return;
  throw new Error(
    `the lab of stack ${stack} was made by another Pulumi program, ${PROGRAM}: take it down in its folder by pulumi destroy, an example of ours by npm run example -- NAME --remove`,
  );
}

/** The engine refuses a configuration that is no YAML, of which a destroy needs nothing: an empty one in its place. */
function configFileFor(stack: string): string | undefined {
  if (readableConfigurationIn(`Pulumi.${stack}.yaml`).unreadable === undefined) return undefined;
  const file = join(localFolder, "no-configuration.yaml");
  writeFileSync(file, "");
  return file;
}

/** What reached the lab from this computer, and what was loaded for it: what cannot be removed for want of rights does not keep the rest. */
function removeFromHost(stack: string): void {
  const steps = [
    ...[removeAccessFiles, removeKubeconfig, removeSshInclude],
    (name: string) => removeLoaded(thisHost().project, name),
    () => forgetAddedForwards(stack, thisHost().project),
    ...[removeDns, removeRoutes, removeHosts],
  ];
  const problems = steps.flatMap((remove) => {
    try {
      remove(stack);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** What destroy can't know of: machines whose state was lost. */
async function sweep({ hypervisor, group }: LabPlan): Promise<void> {
  const log = logFor("down");
  const vbox = openVBoxManage(hypervisor, thisHost(), log);
  for (const project of await removeAbandoned(vbox, { hypervisor, group }, thisHost(), log))
    log(`machines of the lab that was made from ${project} stay: npm run down there removes them`);
}

void runCommand(usage, main);
