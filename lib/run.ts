import { type ProcessOptions, runProcess } from "./process";

/** What to run, and how. */
export interface Command extends ProcessOptions {
  program: string;
  arguments: readonly string[];
  /** What to do where the program is not there. */
  remedy?: string;
}

/** Characters that an error repeats: of the command, and of the program's last words. */
const SHOWN = { command: 500, words: 6000 };

/**
 * Runs a program to its end.
 * @returns what it wrote to standard output
 * @throws Error with its arguments, how it ended and its last words
 */
export async function run({ program, arguments: words, remedy = "", ...options }: Command): Promise<string> {
  const result = await runProcess(program, words, options);
  if (result.status === 0) return result.stdout;
  const command = [program, ...words].join(" ").slice(0, SHOWN.command);
  if (result.startError === "ENOENT") throw new Error(`${program} is not installed. ${remedy}`.trimEnd());
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-SHOWN.words);
  const end = result.timedOut
    ? `no end within ${options.timeoutSeconds} s`
    : (result.startError ?? (result.status === null ? "ended by a signal" : `exit status ${result.status}`));
  throw new Error(`${command}: ${end}${said && `\n${said}`}`);
}
