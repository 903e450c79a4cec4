import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { cacheFolder } from "../../lib/cache";
import type { Log } from "../../lib/progress";
import { openSandbox, sandboxPrograms } from "../virtualbox/sandbox";
import { type Accelerator, accelerator } from "./accelerator";
import { removeNetworks } from "./networks";
import { cutPower } from "./running";

/** The real VirtualBox, whose machines run. */
export interface RealMachines {
  /** The executable. */
  vboxManage: string;
  /** How they run. */
  accelerator: Accelerator;
  remove: () => Promise<void>;
}

/** Programs that it needs, with their Debian packages. */
export const realMachinesPrograms = {
  ...sandboxPrograms,
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
};

/** @param project whose lab it is to be; VirtualBox sees it and the caches under their own paths */
export async function openRealMachines(project: string, log: Log): Promise<RealMachines> {
  const sandbox = await openSandbox(log, [project, cacheFolder()]);
  const outside = dirname(sandbox.vboxManage);
  const program = join(outside, "machines.js");
  const options = { bundle: true, platform: "node", target: "node20", format: "cjs" } as const;
  buildSync({ entryPoints: [join(__dirname, "vboxmanage.ts")], outfile: program, ...options });
  const folder = join(outside, "running");
  mkdirSync(folder);
  const vboxManage = join(outside, "bin", "VBoxManage");
  mkdirSync(dirname(vboxManage));
  const lines = [
    "#!/bin/sh",
    `export KUBE_LAB_REAL_VBOXMANAGE='${sandbox.vboxManage}' KUBE_LAB_RUNNING_MACHINES='${folder}'`,
    `exec '${process.execPath}' '${program}' "$@"`,
  ];
  writeFileSync(vboxManage, `${lines.join("\n")}\n`, { mode: 0o755 });
  // Its usual one is in a home that it sees nothing else of.
  execFileSync(sandbox.vboxManage, ["setproperty", "machinefolder", join(sandbox.folder, "machines")]);
  const remove = async () => {
    for (const machine of readdirSync(folder)) await cutPower(join(folder, machine));
    removeNetworks(folder);
    await sandbox.remove();
  };
  return { vboxManage, accelerator: accelerator(folder), remove };
}
