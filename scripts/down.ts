import { removeAbandoned } from "../hypervisor/abandoned";
import { thisHost } from "../hypervisor/host";
import { logFor } from "../hypervisor/progress";
import { openVBoxManage } from "../hypervisor/vboxmanage";
import type { LabPlan } from "../plan/lab-plan";
import { removeAccessFiles } from "./access-files";
import { fail, parseStackArguments } from "./command-line";
import { removeDns } from "./host/dns-side";
import { removeHosts, removeRoutes } from "./host/host-side";
import { removeKubeconfig, removeSshInclude } from "./host/personal-files";
import { setUpEngine } from "./set-up";
import { Stack } from "./stack";

/** `npm run down [-- --stack NAME] [-- OPTIONS FOR PULUMI]`: takes the lab down; only caches stay (`npm run prune`). */
async function main(): Promise<void> {
  const { stack: name, rest } = parseStackArguments(process.argv.slice(2));
  const ready = await setUpEngine(name);
  const stack = new Stack(name, ready);
  await stack.select();
  process.exitCode = await stack.run(["destroy", "--yes", "--skip-preview", ...rest]);
  if (process.exitCode !== 0) return;
  await sweep(ready.plan);
  removeFromHost(name);
}

/** What reached the lab from this computer: what cannot be removed for want of rights does not keep the rest. */
function removeFromHost(stack: string): void {
  const steps = [
    ...[removeAccessFiles, removeKubeconfig, removeSshInclude],
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

main().catch(fail(1));
