import { setTimeout as sleep } from "node:timers/promises";
import { RemedyError } from "./remedy-error";

/** Prints one line for a person: `kube-mast01: cloning from kube-lab-image-0a1b2c3d4e5f`. */
export type Log = (line: string) => void;

/** A log whose every line begins with the subject, on standard error (standard output is for the result). */
export function logFor(
  subject: string,
  write: (text: string) => void = (text) => process.stderr.write(text),
): Log {
  return (line) => write(`${subject}: ${line}\n`);
}

/** Seconds between two lines while something takes long. */
const PROGRESS_SECONDS = 10;

/** Runs work and, as long as it takes, says every ten seconds what is waited for and how long already. */
export async function withProgress<T>(log: Log, what: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const timer = setInterval(
    () => log(`${what}, ${Math.round((Date.now() - started) / 1000)} s`),
    PROGRESS_SECONDS * 1000,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

export interface Wait {
  log: Log;
  /** What is waited for, as a person says it: `for the clean stop`. */
  what: string;
  boundSeconds: number;
  /** Where to look when it does not come. */
  remedy: string;
  /** First and longest pause between two looks, in milliseconds. */
  pause?: { first: number; longest: number };
}

/** Looks again and again, with growing pauses, until `look` returns a value; throws when the bound is over. */
export async function waitFor<T>(wait: Wait, look: () => Promise<T | undefined>): Promise<T> {
  const started = Date.now();
  const { first, longest } = wait.pause ?? { first: 100, longest: 1000 };
  return withProgress(wait.log, `waiting ${wait.what}`, async () => {
    for (let pause = first; ; pause = Math.min(pause * 1.5, longest)) {
      const found = await look();
      if (found !== undefined) return found;
      const elapsed = (Date.now() - started) / 1000;
      if (elapsed >= wait.boundSeconds)
        throw new RemedyError(`Waited ${Math.round(elapsed)} s ${wait.what}, in vain.`, wait.remedy);
      await sleep(Math.min(pause, wait.boundSeconds * 1000));
    }
  });
}
