import { mkdir } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { build } from "esbuild";
import { writeAtomically } from "../../lib/atomic-file";
import { localFolder } from "../../lib/local-folder";

/** A plugin that a stand-in exists for. */
export interface StandIn {
  name: "command" | "tls" | "random";
  /** The plugin's version that the program asks for: the one of npm's package `@pulumi/NAME`. */
  version: string;
}

/** The versions belong to those in package.json; a unit test holds them together. */
export const standIns: readonly StandIn[] = [
  { name: "command", version: "1.2.1" },
  { name: "tls", version: "5.6.1" },
  { name: "random", version: "4.21.2" },
];

/** Another process may start it just now; what is lost in a power cut is made again. */
const file = { mode: 0o644, isLasting: false };

/**
 * Bundles the stand-ins into `<project>/.kube-lab/programs/` and puts each where the engine looks for an installed plugin of
 * that version: `<pulumi home>/plugins/resource-NAME-vVERSION/`. Takes half a second; safe to run beside itself.
 */
export async function installStandIns(projectFolder: string, pulumiHome: string): Promise<void> {
  const programs = join(projectFolder, localFolder, "programs");
  await mkdir(programs, { recursive: true });
  // In one go: they share most of their code, which is then read once.
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(
      standIns.map(({ name }) => [
        programOf(name),
        join(projectFolder, "supply", "engine", "plugins", name, "main.ts"),
      ]),
    ),
    outdir: programs,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Optional native parts of the SSH library, which does without them.
    external: ["cpu-features", "*.node"],
    logLevel: "silent",
    write: false,
  });
  for (const { path, text } of outputFiles) writeAtomically(path, text, file);
  await Promise.all(
    standIns.map(({ name, version }) =>
      writeLauncher(
        join(pulumiHome, "plugins", `resource-${name}-v${version}`),
        join(programs, `${programOf(name)}.js`),
      ),
    ),
  );
}

/** What the engine looks for in a plugin's folder. */
function programOf(name: StandIn["name"]): string {
  return `pulumi-resource-${name}`;
}

/** The executable that the engine starts: a script for Node, on Windows a batch file. */
async function writeLauncher(folder: string, program: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = relative(folder, program);
  const launcher = join(folder, basename(program, ".js"));
  if (process.platform === "win32") {
    writeAtomically(`${launcher}.cmd`, `@node "%~dp0${path}" %*\r\n`, file);
    return;
  }
  const script = `#!/usr/bin/env node\nrequire(${JSON.stringify(path.split(sep).join("/"))});\n`;
  writeAtomically(launcher, script, { ...file, mode: 0o755 });
}
