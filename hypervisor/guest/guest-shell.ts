import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { type Host, onPath } from "../../lib/host";
import { localFolder } from "../../lib/local-folder";
import { type RunProcess, runProcess } from "../../lib/process";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { withTemporaryFolder } from "../../lib/temporary-folder";
import type { Guest, GuestAccess } from "./guest-access";

/** How a guest's command ended, with what it said and the end of that, or why nobody could be asked. */
export type GuestAnswer =
  /** The status is undefined where the command did not come to its end in time. */
  | { reached: true; status: number | undefined; output: string; lastWords: string }
  | { reached: false; reason: string };

interface Question {
  /** For the command's standard input. */
  input?: Readable;
  /** What it says is for us, not for a person. */
  isQuiet?: boolean;
}

/** Runs one command line on a machine, and shows what it says as it comes. */
export type AskGuest = (
  guest: Guest,
  command: string,
  timeoutSeconds: number,
  question?: Question,
) => Promise<GuestAnswer>;

/** ssh's own status: no connection, or one that broke. */
const NO_CONNECTION = 255;

/**
 * Gives work a way into the machines by the `ssh` program: the key and the known hosts are files of a private folder for as
 * long as the work takes.
 * @throws RemedyError where there is no `ssh`.
 */
export async function withGuests<T>(
  access: GuestAccess,
  host: Host,
  log: Log,
  work: (ask: AskGuest) => Promise<T>,
  run: RunProcess = runProcess,
): Promise<T> {
  const ssh = onPath(host, "ssh");
  if (ssh === undefined)
    throw new RemedyError(
      "The program ssh is not there: machines are asked by it before they go.",
      sshRemedy(host.platform),
    );
  // What of it is to be kept private, the project's own folder is private for already.
  const parent = path.join(host.project, localFolder, "tmp");
  return withTemporaryFolder(parent, "ssh-", async (folder) => {
    await writeFiles(folder, access);
    return work(async (guest, command, timeoutSeconds, { input, isQuiet = false } = {}) => {
      // By names alone: ssh starts the way through the gateway by a shell line of its own, which breaks at a blank in a path.
      const words = ["-F", CONFIG, "-T", guest.name, command];
      const result = await run(ssh, words, {
        ...{ timeoutSeconds, folder },
        ...(isQuiet ? {} : { onOutput: log }),
        ...(input === undefined ? {} : { input }),
      });
      const said = `${result.stdout}\n${result.stderr}`.trim().split("\n");
      const lastWords = said.slice(-LAST_LINES).join("\n");
      if (result.startError !== undefined) return { reached: false, reason: result.startError };
      if (result.timedOut)
        return {
          reached: true,
          status: undefined,
          output: result.stdout,
          lastWords: `${lastWords}\nno end within ${timeoutSeconds} s`,
        };
      if (result.status === NO_CONNECTION || result.status === null)
        return { reached: false, reason: lastWords || "no connection" };
      return { reached: true, status: result.status, output: result.stdout, lastWords };
    });
  });
}

/** How a computer gets the program `ssh`. */
export function sshRemedy(platform: NodeJS.Platform): string {
  if (platform === "win32")
    return "Add Windows' optional feature OpenSSH Client (Settings, Optional features).";
  if (platform === "darwin") return "It comes with macOS and belongs in /usr/bin: put that on PATH.";
  return "Install OpenSSH's client: `sudo apt install openssh-client`, `sudo dnf install openssh-clients`, or the like.";
}

/** What of a refusal is worth repeating. */
const LAST_LINES = 5;

const KEY = "key";
const KNOWN_HOSTS = "known_hosts";
const CONFIG = "config";

async function writeFiles(folder: string, access: GuestAccess): Promise<void> {
  const texts = {
    [KEY]: ended(access.privateKey),
    [KNOWN_HOSTS]: guestsOf(access)
      .map(({ name, hostKey }) => ended(`${name} ${hostKey.trim()}`))
      .join(""),
    [CONFIG]: configuration(access),
  };
  for (const [name, text] of Object.entries(texts))
    await writeFile(path.join(folder, name), text, { mode: 0o600 });
}

function guestsOf({ gateway, machine, peers }: GuestAccess): Guest[] {
  const all = [gateway, machine, ...peers];
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}

/** Of ssh_config(5): hosts are known by their names, whatever way leads to them. */
function configuration(access: GuestAccess): string {
  const { gateway, user } = access;
  const blocks = guestsOf(access).map(({ name, address }) => [
    `Host ${name}`,
    `  HostName ${address}`,
    `  HostKeyAlias ${name}`,
    ...(name === gateway.name ? [`  Port ${gateway.port}`] : [`  ProxyJump ${gateway.name}`]),
  ]);
  const all = [
    "Host *",
    `  User ${user}`,
    `  IdentityFile ${KEY}`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    `  UserKnownHostsFile ${KNOWN_HOSTS}`,
    "  GlobalKnownHostsFile none",
    "  StrictHostKeyChecking yes",
    "  UpdateHostKeys no",
    "  BatchMode yes",
    "  ConnectTimeout 10",
    // A machine that loses its power meanwhile leaves a connection that never ends.
    "  ServerAliveInterval 10",
    "  ServerAliveCountMax 3",
    "  LogLevel ERROR",
  ];
  return ended([...blocks.flat(), ...all].join("\n"));
}

function ended(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
