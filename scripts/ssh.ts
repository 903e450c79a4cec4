import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { accessFiles } from "../lab/access-files";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";

const usage = {
  name: "ssh",
  does: "opens a shell on a machine of the lab, or runs one command there; ends with its status",
  words: "MACHINE [COMMAND…]",
  ownWords: 1,
};

async function main({ stack, words }: CommandLine<Options>): Promise<void> {
  const { sshConfig } = accessFiles(stack);
  if (!existsSync(sshConfig)) throw new Error(`stack ${stack} has no lab that is up. Run: npm run up`);
  const machines = machinesOf(readFileSync(sshConfig, "utf8"));
  const [machine = "", ...command] = words;
  if (!machines.includes(machine))
    throw new Error(`which machine? Of ${machines.join(", ")}: npm run ssh -- ${machines[0]}`);
  process.exitCode = await ssh(["-F", sshConfig, machine, ...command]);
}

/** The short names, each the first of its block. */
function machinesOf(sshConfig: string): string[] {
  return [...sshConfig.matchAll(/^Host (\S+) \S+$/gm)].map(([, name = ""]) => name);
}

function ssh(words: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", words, { stdio: "inherit" });
    child.on("error", (error) =>
      reject(new Error(`ssh could not be started: ${error.message}. It is OpenSSH's client.`)),
    );
    child.on("exit", (status) => resolve(status ?? 1));
  });
}

void runCommand(usage, main, 255);
