import { mkdir } from "node:fs/promises";
import path from "node:path";
import { lock } from "proper-lockfile";
import { type Log, waitFor } from "./progress";
import { RemedyError } from "./remedy-error";

/** A lock whose holder died is free after so long; a living holder renews it. */
const STALE_MILLISECONDS = 20_000;

/**
 * Runs work while holding a lock among all processes of this computer.
 * @param file full path; its folder is made, the lock is the folder `<file>.lock` while held.
 * @param boundSeconds how long to wait for another holder.
 */
export async function withLock<T>(
  file: string,
  options: { log: Log; what: string; boundSeconds: number },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  let lost: Error | undefined;
  const release = await waitFor(
    {
      log: options.log,
      what: `for ${options.what}, which another process holds`,
      boundSeconds: options.boundSeconds,
      remedy: `If no other process is at work, remove the folder ${file}.lock.`,
      pause: { first: 10, longest: 50 },
    },
    () => acquire(file, (error) => (lost = error)),
  );
  try {
    const result = await work();
    if (lost)
      throw new RemedyError(`Lost the lock ${file}.lock while at work: ${lost.message}`, "Run again.");
    return result;
  } finally {
    // Releasing a lost lock fails; what matters is told above.
    await release().catch(() => undefined);
  }
}

async function acquire(file: string, onLost: (error: Error) => void) {
  try {
    return await lock(file, {
      realpath: false,
      stale: STALE_MILLISECONDS,
      retries: 0,
      onCompromised: onLost,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return undefined;
    throw error;
  }
}
