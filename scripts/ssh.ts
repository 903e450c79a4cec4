import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { accessFiles } from "./access-files";
import { fail, parseStackArguments } from "./command-line";

/** `npm run ssh -- MACHINE [COMMAND…]`: a shell on a machine of the lab, or one command there. Ends with its status. */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  const { sshConfig } = accessFiles(stack);
  if (!existsSync(sshConfig)) throw new Error(`stack ${stack} has no lab that is up. Run: npm run up`);
  const machines = machinesOf(readFileSync(sshConfig, "utf8"));
  const [machine = "", ...command] = rest;
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

main().catch(fail(255));
