import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { buildSync } from "esbuild";
import { localFolder } from "../../lib/local-folder";

/** Our own executables, by the name of their bundle below `.kube-lab/programs`. */
const entryPoints = {
  hypervisor: "hypervisor/main.ts",
  VBoxManage: "embedded/main.ts",
  "stand-in": "embedded/perform.ts",
};

/**
 * Bundles our executables into one JavaScript file each: a lab's commands start some fifty of them, and a start out of
 * TypeScript sources costs ten times as much.
 */
export function buildPrograms(project: string): void {
  const programs = join(project, localFolder, "programs");
  mkdirSync(programs, { recursive: true });
  const fresh = mkdtempSync(join(programs, ".new-"));
  buildSync({
    absWorkingDir: project,
    entryPoints,
    outdir: fresh,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "warning",
  });
  for (const name of Object.keys(entryPoints)) {
    const file = `${name}.js`;
    chmodSync(join(fresh, file), 0o755);
    // In one step: another command of ours may be starting it just now.
    renameSync(join(fresh, file), join(programs, file));
  }
  rmSync(fresh, { recursive: true });
  if (process.platform !== "win32") linkLauncher(project, join(programs, "VBoxManage.js"));
}

/** The stand-in under the name that VirtualBox's program has. */
function linkLauncher(project: string, program: string): void {
  const launcher = join(project, localFolder, "bin", "embedded", "VBoxManage");
  const target = relative(dirname(launcher), program);
  if (existsSync(launcher) && readlinkSync(launcher) === target) return;
  mkdirSync(dirname(launcher), { recursive: true });
  rmSync(launcher, { force: true });
  symlinkSync(target, launcher);
}
