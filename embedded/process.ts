import { execFile } from "node:child_process";
import { programPackage } from "./host-packages";

/** A host program that failed or is not there; the message carries its arguments and last words. */
export class ProgramError extends Error {
  constructor(
    message: string,
    /** Exit status; undefined when it could not be started. */
    readonly status?: number,
  ) {
    super(message);
    this.name = "ProgramError";
  }
}

/** Runs a host program and gives its standard output. @throws ProgramError */
export function run(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if ((error as NodeJS.ErrnoException).code === "ENOENT")
        return reject(
          new ProgramError(`${program} is not installed: apt install ${programPackage(program)}`),
        );
      const status = typeof error.code === "number" ? error.code : undefined;
      const words = stderr.trim() || error.message;
      reject(new ProgramError(`${program} ${args.join(" ")}: ${words}`, status));
    });
    if (input !== undefined) child.stdin?.end(input);
  });
}

/** Like run, but a failure is no concern: what it was to remove may be gone already. */
export async function runQuietly(program: string, args: readonly string[], input?: string): Promise<void> {
  await run(program, args, input).catch(() => undefined);
}
