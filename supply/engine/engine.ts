import { rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { onPath, thisHost } from "../../lib/host";
import { localFolder } from "../../lib/local-folder";
import { type Log, step } from "../../lib/progress";
import { run } from "../../lib/run";
import { compareVersions } from "../../lib/version";
import { buildEngine } from "./build";
import { downloadEngine, siteReachable } from "./download";
import { installStandIns, standIns } from "./stand-ins";
import { engineFolder, exists, fillOnce } from "./store";
import { cliVersion, nodeHostVersion, oldestOwnCli } from "./versions";

/** What drives the program: a CLI with its language host, and plugins. */
export interface Engine {
  /** Full path of the CLI. */
  pulumi: string;
  /** Folders to put in front of PATH. */
  path: string[];
  /** Environment variables to set. */
  environment: Record<string, string>;
  /** Whether our stand-ins take the place of the plugins command, tls and random. */
  standIns: boolean;
  /** One line for people: what is used, and why. */
  summary: string;
}

export interface EngineOptions {
  /** The project's folder; by default the current one. */
  project: string;
  environment: NodeJS.ProcessEnv;
  /** Takes the lines of progress. */
  report: (line: string) => void;
  /** Whether Pulumi's download site is there; by default it's asked, for two seconds at most. */
  reachable: () => Promise<boolean>;
}

/**
 * Finds or makes the engine: the user's own CLI if it's recent enough, else the official download, else one built from Go
 * modules; the real plugins if they are installed or can be, else the stand-ins with a PULUMI_HOME of their own.
 * @throws Error if none of the ways is open, with what to install.
 */
export async function ensureEngine(options: Partial<EngineOptions> = {}): Promise<Engine> {
  const full: EngineOptions = {
    project: process.cwd(),
    environment: process.env,
    report: (line) => console.log(line),
    reachable: once(() => siteReachable()),
    ...options,
  };
  const log: Log = (line) => full.report(`engine: ${line}`);
  const cli = (await ownCli(full)) ?? (await cachedCli(full)) ?? (await makeCli(full, log));
  const plugins = await ensurePlugins(cli, full, log);
  return {
    pulumi: cli.pulumi,
    path: [dirname(cli.pulumi)],
    environment: {
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // Types are checked by `npm run check`, not at each start of the program, where it would take seconds.
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      ...plugins.environment,
    },
    standIns: plugins.standIns,
    summary: `Pulumi ${cli.description}; plugins command, tls and random: ${plugins.description}`,
  };
}

interface Cli {
  pulumi: string;
  description: string;
}

async function ownCli({ environment }: EngineOptions): Promise<Cli | undefined> {
  const ours = engineFolder(environment);
  const isOurs = (folder: string) => folder === ours;
  const pulumi = onPath(thisHost(environment), "pulumi", isOurs);
  if (pulumi === undefined) {
    return undefined;
  }
  const asked = run({
    program: pulumi,
    arguments: ["version"],
    environment: { ...environment, PULUMI_SKIP_UPDATE_CHECK: "1" },
    timeoutSeconds: 30,
  });
  const version = (await asked.catch(() => "0")).trim();
  const beside = thisHost({ ...environment, PATH: dirname(pulumi) });
  const anyHost =
    onPath(beside, "pulumi-language-nodejs") ??
    onPath(thisHost(environment), "pulumi-language-nodejs", isOurs);
  if (compareVersions(version, oldestOwnCli) < 0 || anyHost === undefined) {
    return undefined;
  }
  return { pulumi, description: `${version.replace(/^v/, "")}, the one on PATH (${pulumi})` };
}

async function cachedCli({ environment }: EngineOptions): Promise<Cli | undefined> {
  const folder = engineFolder(environment);
  return (await exists(folder)) ? describeMade(folder) : undefined;
}

async function makeCli({ project, environment, reachable }: EngineOptions, log: Log): Promise<Cli> {
  const folder = engineFolder(environment);
  await fillOnce(folder, log, async (fresh) => {
    if (await reachable()) {
      try {
        return await downloadEngine(fresh, log);
      } catch (error) {
        log(`${error instanceof Error ? error.message : error}; building it instead`);
      }
    }
    await buildEngine(fresh, project, environment, log);
  });
  return describeMade(folder);
}

/** The official archive has more hosts than ours. */
async function describeMade(folder: string): Promise<Cli> {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const official =
    (await exists(join(folder, `pulumi-language-python${suffix}`))) ||
    (await exists(join(folder, "pulumi-language-python")));
  return {
    pulumi: join(folder, `pulumi${suffix}`),
    description: official
      ? `${cliVersion}, downloaded`
      : `${cliVersion}, built from Go modules with the Node.js host ${nodeHostVersion} (none on PATH, no download site)`,
  };
}

interface Plugins {
  environment: Record<string, string>;
  standIns: boolean;
  description: string;
}

async function ensurePlugins({ pulumi }: Cli, options: EngineOptions, log: Log): Promise<Plugins> {
  const { project, environment, reachable } = options;
  const home = userHome(environment);
  const missing: string[] = [];
  for (const { name, version } of standIns) {
    if (!(await exists(join(home, "plugins", `resource-${name}-v${version}`)))) {
      missing.push(name);
    }
  }
  if (missing.length === 0) {
    return { environment: {}, standIns: false, description: "the real ones" };
  }
  if (await reachable()) {
    try {
      await installPlugins(pulumi, missing, environment, log);
      return { environment: {}, standIns: false, description: "the real ones, downloaded" };
    } catch (error) {
      log(`${error instanceof Error ? error.message : error}; using the stand-ins instead`);
    }
  }
  const ownHome = join(project, localFolder, "pulumi-home");
  await installStandIns(project, ownHome);
  await leaveOutDebugLog(ownHome);
  const credentials = environment.PULUMI_CREDENTIALS_PATH ?? home;
  return {
    environment: {
      PULUMI_HOME: ownHome,
      // Logins stay the user's.
      PULUMI_CREDENTIALS_PATH: credentials,
      // Nothing can be downloaded; without this the engine would try.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
    standIns: true,
    description: `stand-ins in TypeScript, since ${missing.join(", ")} can't be downloaded`,
  };
}

/**
 * The CLI writes a debug log of every run, hundreds of megabytes that are not encrypted at first; nothing switches it off
 * but a `logs` that is no folder. Source: pulumi pkg/v3 cmd/pulumi/pulumi.go, "automatic logging unavailable".
 */
async function leaveOutDebugLog(pulumiHome: string): Promise<void> {
  const logs = join(pulumiHome, "logs");
  if ((await stat(logs).catch(() => undefined))?.isFile()) {
    return;
  }
  await rm(logs, { recursive: true, force: true });
  await writeFile(logs, "In place of a folder, so that no debug log is written: it would hold secrets.\n");
}

async function installPlugins(
  pulumi: string,
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
  log: Log,
): Promise<void> {
  for (const { name, version } of standIns.filter((plugin) => names.includes(plugin.name))) {
    await step(log, `downloading the plugin ${name} ${version}`, () =>
      run({
        program: pulumi,
        arguments: ["plugin", "install", "resource", name, `v${version}`, "--non-interactive"],
        environment: { ...environment, PULUMI_SKIP_UPDATE_CHECK: "1" },
        timeoutSeconds: 300,
      }),
    );
  }
}

/** The user's own Pulumi folder. */
export function userHome(environment: NodeJS.ProcessEnv): string {
  return environment.PULUMI_HOME || join(homedir(), ".pulumi");
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
