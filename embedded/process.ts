import { run } from "../lib/run";
import { callEnd } from "./call-end";
import { programPackage } from "./host-packages";

/** Runs a host program and gives its standard output. @throws Error with its arguments and last words */
export async function runOnHost(program: string, args: readonly string[], input?: string): Promise<string> {
  const end = callEnd();
  end?.throwIfAborted();
  return run({
    program,
    arguments: args,
    // Messages are looked into, whatever language the caller has.
    environment: { ...process.env, LC_ALL: "C.UTF-8" },
    remedy: `To install it: apt install ${programPackage(program)}`,
    ...(input === undefined ? {} : { input }),
    ...(end === undefined ? {} : { end }),
  });
}

/** Like runOnHost, but a failure is no concern: what it was to remove may be gone already. */
export async function runQuietly(program: string, args: readonly string[], input?: string): Promise<void> {
  await runOnHost(program, args, input).catch(() => callEnd()?.throwIfAborted());
}
