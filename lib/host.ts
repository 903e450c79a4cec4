import { existsSync } from "node:fs";
import path from "node:path";

/** What of this computer decides where things are and how they are called; replaced in tests of other systems. */
export interface Host {
  platform: NodeJS.Platform;
  architecture: NodeJS.Architecture;
  environment: NodeJS.ProcessEnv;
  /** Whether a file of this name exists. */
  exists: (file: string) => boolean;
  /** Folder of the project: `.kube-lab/` and Pulumi.yaml are in it. */
  project: string;
}

export function thisHost(environment: NodeJS.ProcessEnv = process.env): Host {
  const { platform, arch: architecture } = process;
  return { platform, architecture, environment, exists: existsSync, project: projectFolder() };
}

/** Path rules of the host's system, which in a test is not this one. */
export function pathsOf(platform: NodeJS.Platform): path.PlatformPath {
  return platform === "win32" ? path.win32 : path.posix;
}

/** The value of an environment variable; Windows does not distinguish `Path` from `PATH`. */
export function variable(host: Pick<Host, "platform" | "environment">, name: string): string | undefined {
  if (host.platform !== "win32") return host.environment[name] || undefined;
  const found = Object.keys(host.environment).find((key) => key.toUpperCase() === name.toUpperCase());
  return (found && host.environment[found]) || undefined;
}

/**
 * The first program of that name on PATH, as a full path; undefined when there is none. On Windows an .exe: nothing else starts
 * without a shell.
 * @param except folders of PATH that do not count
 */
export function onPath(
  host: Host,
  program: string,
  except: (folder: string) => boolean = () => false,
): string | undefined {
  const paths = pathsOf(host.platform);
  const file = host.platform === "win32" && !/\.exe$/i.test(program) ? `${program}.exe` : program;
  return (variable(host, "PATH") ?? "")
    .split(paths.delimiter)
    .filter((folder) => folder !== "" && !except(folder))
    .map((folder) => paths.join(folder.replace(/^"(.*)"$/, "$1"), file))
    .find(host.exists);
}

/** Where a file is that belongs to the project: beside Pulumi.yaml, whether run bundled or out of TypeScript. */
function projectFolder(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "Pulumi.yaml")) || existsSync(path.join(folder, "package.json")))
      return folder;
    if (path.dirname(folder) === folder) return process.cwd();
  }
}
