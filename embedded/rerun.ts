import { realpathSync } from "node:fs";

/** The command line that runs this program again in one of its own roles: a supervisor, a connector, the service. */
export function rerun(...args: string[]): string[] {
  // Each of them keeps small: it waits, it computes nothing.
  const options =
    process.execArgv.length > 0 ? process.execArgv : ["--max-semi-space-size=1", "--max-old-space-size=48"];
  return [process.execPath, ...options, programFile(), ...args];
}

/** This program's own file, links followed. */
export function programFile(): string {
  return realpathSync(process.argv[1] ?? __filename);
}
