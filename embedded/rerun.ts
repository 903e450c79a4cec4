import { join } from "node:path";

/** The command line that runs the stand-in in one of its own roles: a supervisor, a connector. Bundles of it are in one folder. */
export function rerun(...args: string[]): string[] {
  // Each of them keeps small: it waits, it computes nothing.
  const options = ["--max-semi-space-size=1", "--max-old-space-size=48"];
  return [process.execPath, ...options, join(__dirname, "VBoxManage.js"), ...args];
}
