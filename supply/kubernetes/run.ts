import { spawn } from "node:child_process";

const keptCharacters = 6000;

/** What to run, where, and with which additions to the environment. */
export interface Command {
  program: string;
  arguments: string[];
  folder?: string;
  environment?: NodeJS.ProcessEnv;
  /** Called with each line that the program writes to stderr. */
  onLine?: (line: string) => void;
  /** The program is ended after this long. */
  timeoutMs: number;
  /** Added to the error when the program is not there. */
  remedy: string;
}

/**
 * Runs a program by its argument list to its end and returns what it wrote to stdout.
 * @throws Error with the arguments, the status and the end of stderr.
 */
export function run(command: Command): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.program, command.arguments, {
      cwd: command.folder,
      env: { ...process.env, ...command.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const shown = `${command.program} ${command.arguments.join(" ")}`.slice(0, 500);
    let output = "";
    let errors = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, command.timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-keptCharacters);
      const line = text.trim().split("\n").at(-1);
      if (line) command.onLine?.(line.slice(0, 120));
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const why = error.code === "ENOENT" ? `not found. ${command.remedy}` : error.message;
      reject(new Error(`${shown}: ${why}`));
    });
    child.once("close", (status, signal) => {
      clearTimeout(timer);
      if (status === 0) return resolve(output);
      const end = late ? `no end within ${command.timeoutMs / 1000} s` : `status ${status ?? signal}`;
      reject(new Error(`${shown}: ${end}\n${errors.trim()}`));
    });
  });
}
