import { join } from "node:path";
import { fail, parseStackArguments } from "./command-line";
import { openLab } from "./existing-lab";
import { diagnose } from "./lab-diagnosis";
import { localFolder } from "./programs";

/**
 * `npm run diagnose [-- --stack NAME] [ARCHIVE.tar.gz]`: logs, units, pods, events, cluster states and versions of all
 * machines in one archive without secrets, to look at or to pass on.
 */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  const [given, ...more] = rest;
  if (more.length > 0 || given?.startsWith("-"))
    throw new Error(`unknown: ${rest.join(" ")}. Give a file's name for the archive, or nothing.`);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const folder = `kube-lab-${stack}-${time}`;
  await diagnose(await openLab(stack), given ?? join(localFolder, "diagnoses", `${folder}.tar.gz`), folder);
}

main().catch(fail(1));
