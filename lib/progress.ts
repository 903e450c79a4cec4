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

/** Characters of what a step is at that a line shows: it may be a program's own. */
const SHOWN_DETAIL = 120;

/**
 * Runs work and, as long as it takes, says every ten seconds what is waited for and how long already.
 * @param detail what the work is at just now
 */
export async function withProgress<T>(
  log: Log,
  what: string,
  work: () => Promise<T>,
  detail: () => string = () => "",
): Promise<T> {
  const started = Date.now();
  const tell = () => {
    const at = detail().trim().slice(0, SHOWN_DETAIL);
    log(`${what}, ${Math.round((Date.now() - started) / 1000)} s${at && `, ${at}`}`);
  };
  const timer = setInterval(tell, PROGRESS_SECONDS * 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Runs one step of something long: says its begin, every ten seconds that it goes on, and its end with the seconds it took. */
export async function step<T>(
  log: Log,
  name: string,
  work: () => Promise<T>,
  detail?: () => string,
): Promise<T> {
  const began = Date.now();
  const seconds = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
  log(`${name} …`);
  try {
    const result = await withProgress(log, name, work, detail);
    log(`${name}: done in ${seconds()}`);
    return result;
  } catch (error) {
    log(`${name}: failed after ${seconds()}`);
    throw error;
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
      const begun = Date.now();
      const found = await look();
      const took = Date.now() - begun;
      if (found !== undefined) return found;
      const elapsed = (Date.now() - started) / 1000;
      if (elapsed >= wait.boundSeconds)
        throw new RemedyError(`Waited ${Math.round(elapsed)} s ${wait.what}: timed out.`, wait.remedy);
      // Of a computer that is busy, looks without a pause would take what they wait for.
      await sleep(Math.min(Math.max(pause, took), wait.boundSeconds * 1000));
    }
  });
}
