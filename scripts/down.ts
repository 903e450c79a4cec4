import { removeAccessFiles } from "./access-files";
import { fail, parseStackArguments } from "./command-line";
import { removeHosts, removeRoutes } from "./host/host-side";
import { removeKubeconfig, removeSshInclude } from "./host/personal-files";
import { prepare, withEngine } from "./set-up";
import { Stack } from "./stack";

/** `npm run down [-- --stack NAME] [-- OPTIONS FOR PULUMI]`: takes the lab down; only caches stay (`npm run prune`). */
async function main(): Promise<void> {
  const { stack: name, rest } = parseStackArguments(process.argv.slice(2));
  const stack = new Stack(name, await withEngine(await prepare(name)));
  await stack.select();
  process.exitCode = await stack.run(["destroy", "--yes", "--skip-preview", ...rest]);
  if (process.exitCode !== 0) return;
  removeAccessFiles(name);
  removeRoutes(name);
  removeHosts(name);
  removeKubeconfig(name);
  removeSshInclude(name);
}

main().catch(fail(1));
