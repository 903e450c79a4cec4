import { realpathSync } from "node:fs";

/** The command line that runs this program again in one of its own roles: a supervisor, a connector. */
export function rerun(...args: string[]): string[] {
  // A machine's supervisor keeps small: it waits, it computes nothing.
  const options =
    process.execArgv.length > 0 ? process.execArgv : ["--max-semi-space-size=1", "--max-old-space-size=48"];
  return [process.execPath, ...options, realpathSync(process.argv[1] ?? __filename), ...args];
}
