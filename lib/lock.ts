import { mkdir } from "node:fs/promises";
import path from "node:path";
import { lock } from "proper-lockfile";
import { type Log, waitFor } from "./progress";
import { RemedyError } from "./remedy-error";

/** A lock whose holder died is free after so long, seconds; a living holder renews it in half the time. */
const STALE_SECONDS = 20;

/** Between two looks at a lock that another holds, ms: what takes a moment is not to take longer, nor what takes an hour to be asked for all the time. */
const PAUSE = { first: 10, longest: 50 };
const PATIENT_PAUSE = { first: 10, longest: 1_000 };
const PATIENT_SECONDS = 600;

interface LockOptions {
  log: Log;
  /** What the lock is for, as a person says it. */
  what: string;
  /** How long to wait for another holder; 0 asks once. */
  boundSeconds: number;
  /** For work that leaves its process no time for anything else for longer than the usual. */
  staleSeconds?: number;
}

/**
 * Runs work while holding a lock among all processes of this computer.
 * @param file full path; its folder is made, the lock is the folder `<file>.lock` while held.
 */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  let lost: Error | undefined;
  const release = await waitFor(
    {
      log: options.log,
      what: `for ${options.what}, which another process holds`,
      boundSeconds: options.boundSeconds,
      remedy: `If no other process is at work, remove the folder ${file}.lock.`,
      pause: options.boundSeconds > PATIENT_SECONDS ? PATIENT_PAUSE : PAUSE,
    },
    () => acquire(file, options.staleSeconds ?? STALE_SECONDS, (error) => (lost = error)),
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

async function acquire(file: string, staleSeconds: number, onLost: (error: Error) => void) {
  try {
    return await lock(file, {
      realpath: false,
      stale: staleSeconds * 1000,
      retries: 0,
      onCompromised: onLost,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return undefined;
    throw error;
  }
}
