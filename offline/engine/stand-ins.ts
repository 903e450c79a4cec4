import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { build } from "esbuild";

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

/**
 * Bundles the stand-ins into `<project>/.kube-lab/programs/` and puts each where the engine looks for an installed plugin of
 * that version: `<pulumi home>/plugins/resource-NAME-vVERSION/`. Takes about a second; safe to run beside itself.
 */
export async function installStandIns(projectFolder: string, pulumiHome: string): Promise<void> {
  const programs = join(projectFolder, ".kube-lab", "programs");
  await mkdir(programs, { recursive: true });
  await Promise.all(
    standIns.map(async ({ name, version }) => {
      const program = join(programs, `pulumi-resource-${name}.js`);
      await bundle(join(projectFolder, "offline", "engine", "plugins", name, "main.ts"), program);
      await writeLauncher(join(pulumiHome, "plugins", `resource-${name}-v${version}`), name, program);
    }),
  );
}

async function bundle(source: string, program: string): Promise<void> {
  const result = await build({
    entryPoints: [source],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Optional native parts of the SSH library, which does without them.
    external: ["cpu-features", "*.node"],
    logLevel: "silent",
    write: false,
  });
  await replaceFile(program, result.outputFiles[0]?.text ?? "");
}

/** The executable that the engine starts: a script for Node, on Windows a batch file. */
async function writeLauncher(folder: string, name: string, program: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = relative(folder, program);
  if (process.platform === "win32") {
    await replaceFile(join(folder, `pulumi-resource-${name}.cmd`), `@node "%~dp0${path}" %*\r\n`);
    return;
  }
  const launcher = join(folder, `pulumi-resource-${name}`);
  const script = `#!/usr/bin/env node\nrequire(${JSON.stringify(path.split(sep).join("/"))});\n`;
  await replaceFile(launcher, script, 0o755);
}

/** Writes a file so that a process that starts it meanwhile sees the old or the new one, whole. */
async function replaceFile(path: string, content: string, mode = 0o644): Promise<void> {
  const fresh = join(dirname(path), `.${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`);
  await writeFile(fresh, content, { mode });
  await chmod(fresh, mode);
  await rename(fresh, path);
}
