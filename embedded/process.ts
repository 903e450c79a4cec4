import { run } from "../lib/run";
import { programPackage } from "./host-packages";

/** Runs a host program and gives its standard output. @throws Error with its arguments and last words */
export function runOnHost(program: string, args: readonly string[], input?: string): Promise<string> {
  return run({
    program,
    arguments: args,
    remedy: `To install it: apt install ${programPackage(program)}`,
    ...(input === undefined ? {} : { input }),
  });
}

/** Like runOnHost, but a failure is no concern: what it was to remove may be gone already. */
export async function runQuietly(program: string, args: readonly string[], input?: string): Promise<void> {
  await runOnHost(program, args, input).catch(() => undefined);
}
