import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { localFolder } from "../../lib/local-folder";
import { userHome } from "./engine";

/** Where the state is, and what encrypts its secrets. */
export interface Backend {
  /** Environment variables to set for the CLI. */
  environment: Record<string, string>;
  /** One line for people. */
  summary: string;
}

/**
 * Respects a backend, login or passphrase of the user's own. Without a login the state goes to `.kube-lab/state`, and without
 * a passphrase one is generated into `.kube-lab/passphrase`, for this user's eyes only.
 */
export async function ensureBackend(projectFolder: string, environment: NodeJS.ProcessEnv): Promise<Backend> {
  const own = await ownBackend(environment);
  if (own !== undefined) {
    return { environment: {}, summary: `Pulumi's state: ${own}` };
  }
  const folder = resolve(projectFolder, localFolder);
  const state = join(folder, "state");
  await mkdir(state, { recursive: true });
  const settings: Record<string, string> = {
    // No checksum in a second file beside each of the some 300 states that one update writes.
    PULUMI_BACKEND_URL: `${fileUrl(state)}?metadata=skip`,
    // The history has every update's state already.
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    // The salt of the passphrase is in the state too: a checkout whose Pulumi.<stack>.yaml has none goes on working.
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
  };
  if (hasPassphrase(environment)) {
    return {
      environment: settings,
      summary: `Pulumi's state: ${state}, secrets encrypted with your passphrase`,
    };
  }
  const file = join(folder, "passphrase");
  if (await ensurePassphrase(file)) {
    // A salt that came with the files belongs to a passphrase that isn't here.
    await removeSalts(projectFolder);
  }
  return {
    environment: { ...settings, PULUMI_CONFIG_PASSPHRASE_FILE: file },
    summary: `No Pulumi login: state in ${state}, secrets encrypted with a generated passphrase in ${file}; keep both together`,
  };
}

/**
 * Takes the line `encryptionsalt` out of `Pulumi.<stack>.yaml`, which the CLI puts there at each use: the state has it as
 * well, so a checkout stays as it was. A file with encrypted values keeps it: they need it.
 * @returns Whether the file was changed.
 */
export async function removeSalt(projectFolder: string, stack: string): Promise<boolean> {
  const file = join(projectFolder, `Pulumi.${stack}.yaml`);
  const content = await readFile(file, "utf8").catch(() => "");
  const without = content.replace(/^encryptionsalt: .*(\r?\n|$)/m, "");
  if (without === content || /^\s*-?\s*secure: /m.test(content)) {
    return false;
  }
  await writeFile(file, without);
  return true;
}

/** The passphrase that ensureBackend sets, or the user's own; undefined where there is none yet, or it can't be read. */
export function knownPassphrase(projectFolder: string, environment: NodeJS.ProcessEnv): string | undefined {
  const { PULUMI_CONFIG_PASSPHRASE: own, PULUMI_CONFIG_PASSPHRASE_FILE: file } = environment;
  if (own !== undefined) return own;
  try {
    return readFileSync(file || join(resolve(projectFolder, localFolder), "passphrase"), "utf8").trim();
  } catch {
    return undefined;
  }
}

async function removeSalts(projectFolder: string): Promise<void> {
  for (const name of await readdir(projectFolder)) {
    const stack = /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1];
    if (stack !== undefined) {
      await removeSalt(projectFolder, stack);
    }
  }
}

/** The URL of a file backend, as Pulumi reads it: on Windows `file://C:/…`. */
export function fileUrl(folder: string): string {
  return `file://${encodeURI(folder.replace(/\\/g, "/")).replace(/[#?]/g, encodeURIComponent)}`;
}

async function ownBackend(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (environment.PULUMI_BACKEND_URL) {
    return `${environment.PULUMI_BACKEND_URL} (PULUMI_BACKEND_URL)`;
  }
  if (environment.PULUMI_ACCESS_TOKEN) {
    return "Pulumi Cloud (PULUMI_ACCESS_TOKEN)";
  }
  const file = join(environment.PULUMI_CREDENTIALS_PATH || userHome(environment), "credentials.json");
  const content = await readFile(file, "utf8").catch(() => "{}");
  const current = (JSON.parse(content) as { current?: unknown }).current;
  return typeof current === "string" && current !== "" ? `${current} (your login)` : undefined;
}

function hasPassphrase({
  PULUMI_CONFIG_PASSPHRASE,
  PULUMI_CONFIG_PASSPHRASE_FILE,
}: NodeJS.ProcessEnv): boolean {
  return PULUMI_CONFIG_PASSPHRASE !== undefined || Boolean(PULUMI_CONFIG_PASSPHRASE_FILE);
}

/** Returns whether the passphrase was made just now. */
async function ensurePassphrase(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return false;
    }
    throw error;
  }
}
