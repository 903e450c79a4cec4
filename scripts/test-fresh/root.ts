import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../../lib/run";
import { aptSettings, debianSources, indexTargets, reachSettings } from "../../supply/base/mirror";
import { type HostSettings, hostSettings } from "./host-settings";

/** Debian 12: the oldest release that README's Node.js 20 and Go run on. */
const suite = "bookworm";
/** A clone, and who may be believed on the way to registries. Node.js and Go are this computer's: no Debian has these releases. */
const packages = ["git", "ca-certificates"];

/** Programs of this computer that make a fresh one and enter it, with their Debian packages. */
export const freshPrograms: Readonly<Record<string, string>> = {
  hostname: "hostname",
  ip: "iproute2",
  mmdebstrap: "mmdebstrap",
  mount: "mount",
  slirp4netns: "slirp4netns",
  unshare: "util-linux",
};

/** A fresh computer's file system, and what its first login has in its environment. */
export interface FreshRoot {
  folder: string;
  environment: Record<string, string>;
}

/**
 * The smallest Debian that a computer has, with git, Node.js and Go alone, which reaches the registries that this computer reaches.
 * @param folder where it goes; not there yet
 */
export async function makeFreshRoot(folder: string): Promise<FreshRoot> {
  const sources = debianSources(await run(indexTargets), suite);
  const reach = reachSettings(await run(aptSettings));
  await run({
    program: "mmdebstrap",
    arguments: [
      ...["--quiet", "--mode=root", "--variant=minbase", "--format=directory"],
      `--include=${packages.join(",")}`,
      ...['Apt::Install-Recommends "false"', ...reach].map((option) => `--aptopt=${option}`),
      ...[suite, folder, ...sources],
    ],
    timeoutSeconds: 900,
    remedy: "apt-get install mmdebstrap",
  });
  writeFileSync(join(folder, "etc/apt/apt.conf.d/90reach"), `${reach.join("\n")}\n`);
  const settings = thisComputersSettings();
  carryFiles(settings, folder);
  const node = carryNode(folder);
  const go = goEnvironment("GOROOT").GOROOT ?? "";
  copy(go, folder);
  const system = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const path = [...new Set([join(node, "bin"), join(go, "bin"), ...system])].join(":");
  return { folder, environment: { ...settings.environment, PATH: path, HOME: "/root", TERM: "dumb" } };
}

function thisComputersSettings(): HostSettings {
  const npm = ["userconfig", "globalconfig"].map((name) => output("npm", "config", "get", name));
  return hostSettings(process.env, goEnvironment(), npm);
}

function carryFiles({ files }: HostSettings, root: string): void {
  for (const path of files) copy(path, root);
  execFileSync("chroot", [root, "update-ca-certificates"], { stdio: "ignore" });
  // What update-ca-certificates would not make of it, say from another place's settings.
  for (const path of files.filter((file) => file.endsWith("/ca-certificates.crt"))) copy(path, root);
}

/** Node.js with its npm, at the place where it is here. @returns its prefix */
function carryNode(root: string): string {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  for (const part of ["bin/node", "lib/node_modules/npm", "include/node"]) {
    const from = join(prefix, part);
    if (existsSync(from)) copy(from, root);
  }
  for (const name of ["npm", "npx"])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, prefix, "bin", name));
  return prefix;
}

/** To the same place in another file system; a link at the top becomes what it leads to. */
function copy(path: string, root: string): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  execFileSync("cp", ["--archive", "--no-target-directory", realpathSync(path), target]);
}

function goEnvironment(...names: string[]): Record<string, string> {
  return JSON.parse(output("go", "env", "-json", ...names)) as Record<string, string>;
}

function output(program: string, ...programArguments: string[]): string {
  return execFileSync(program, programArguments, { encoding: "utf8" }).trim();
}
