import { existsSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import type { StackFiles } from "./backend-folder";

/** While an update runs: what a power cut may cost of its knowledge. */
const KEEP_EVERY_MS = 10_000;

/** Beside the state: its last whole text, on the disk for sure. */
function keptFile(state: string): string {
  return `${state}.kept`;
}

/** Keeps a copy of the state where it is whole and newer than the kept one. */
export function keepState({ state }: Pick<StackFiles, "state">): void {
  const kept = keptFile(state);
  if (!existsSync(state)) return;
  if (existsSync(kept) && statSync(kept).mtimeMs > statSync(state).mtimeMs) return;
  const text = readFileSync(state, "utf8");
  if (isWhole(text)) writeAtomically(kept, text);
}

/** Keeps it again and again while work goes on, and at its end. */
export async function keepingState<T>(
  files: Pick<StackFiles, "state"> | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (files === undefined) return work();
  const keep = () => {
    try {
      keepState(files);
    } catch {
      // A full disk must not end the update; the copy of before stays.
    }
  };
  keep();
  const timer = setInterval(keep, KEEP_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    keep();
  }
}

/**
 * Puts the kept copy, or the state at the end of the last update, in the place of a state that is broken, as a power cut
 * leaves it; the broken file stays beside it.
 * @returns whether the state can be read now; true where none has been written yet
 */
export function mendState(
  { state, history }: Pick<StackFiles, "state" | "history">,
  say: (line: string) => void,
): boolean {
  if (!existsSync(state) || isWhole(readFileSync(state, "utf8"))) return true;
  const found = [keptFile(state), ...checkpoints(history)].find(
    (file) => existsSync(file) && isWhole(readFileSync(file, "utf8")),
  );
  if (found === undefined) return false;
  const since = statSync(found).mtime.toISOString();
  setAside(state);
  writeAtomically(state, readFileSync(found, "utf8"));
  say(`Pulumi's state was cut off (${state}): going on with the one of ${since}`);
  return true;
}

/** Moves a broken state out of the way, so that the stack starts over. */
export function setAside(state: string): void {
  renameSync(state, `${state}.broken`);
}

/** The latest first; the names' numbers are nanoseconds. */
function checkpoints(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".checkpoint.json"));
  return files
    .sort()
    .reverse()
    .map((file) => join(folder, file));
}

/** A whole state is an object with a version and a checkpoint; less is what a cut left of it. */
function isWhole(text: string): boolean {
  try {
    const state: unknown = JSON.parse(text);
    return typeof state === "object" && state !== null && "version" in state && "checkpoint" in state;
  } catch {
    return false;
  }
}
