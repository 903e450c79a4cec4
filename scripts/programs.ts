import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { buildSync } from "esbuild";

/** Where a checkout keeps what set-up makes in it; ignored by git. */
export const localFolder = ".kube-lab";

/** Our own executables, by the name of their bundle below `.kube-lab/programs`. */
const entryPoints = {
  hypervisor: "hypervisor/main.ts",
  VBoxManage: "embedded/main.ts",
};

/**
 * Bundles our executables into one JavaScript file each: a lab's commands start some fifty of them, and a start out of
 * TypeScript sources costs ten times as much.
 */
export function buildPrograms(project: string): void {
  const programs = join(project, localFolder, "programs");
  buildSync({
    absWorkingDir: project,
    entryPoints,
    outdir: programs,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "warning",
  });
  const launcher = join(project, localFolder, "bin", "embedded", "VBoxManage");
  const program = join(programs, "VBoxManage.js");
  chmodSync(program, 0o755);
  if (process.platform === "win32") return;
  mkdirSync(dirname(launcher), { recursive: true });
  rmSync(launcher, { force: true });
  symlinkSync(relative(dirname(launcher), program), launcher);
}
