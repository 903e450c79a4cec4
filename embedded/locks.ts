import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { callEnd } from "./call-end";
import { identify, isAlive, type ProcessIdentity } from "./machine/state";
import type { Place } from "./place";

/** Where a place's locks are: a folder that only root may write to. */
type LockSpace = Pick<Place, "locks">;

const LONGEST_WAIT = 60_000;
const PAUSE = 10;
/** Seconds that another process may take to look whether a lock's owner is alive. */
const BREAKING_LIMIT = 10;

/**
 * Runs `work` while holding the named lock of this place.
 * @throws Error when another process holds it for more than a minute, or the call that needs it is ended
 */
export async function withPlaceLock<T>(
  space: LockSpace,
  name: string,
  work: () => Promise<T> | T,
): Promise<T> {
  const started = Date.now();
  callEnd()?.throwIfAborted();
  let held = tryLock(space, name);
  while (!held) {
    if (Date.now() - started > LONGEST_WAIT)
      throw new Error(
        `waited ${LONGEST_WAIT / 1000} s for the lock ${join(space.locks, name)}; process ${ownerOf(space, name)?.pid} holds it (see \`ps\`)`,
      );
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    callEnd()?.throwIfAborted();
    held = tryLock(space, name);
  }
  try {
    return await work();
  } finally {
    held.release();
  }
}

/** A lock that is held. */
export interface Lock {
  release: () => void;
}

/**
 * The lock, to be released by its owner, or undefined when another process has it. It is a link that only root can make,
 * whose target says who made it: made at once or not at all, it takes no room, and a full disk keeps nobody from it. Where
 * its owner has ended, however that ended, it is nobody's.
 */
export function tryLock(space: LockSpace, name: string): Lock | undefined {
  const file = join(space.locks, name);
  if (!claim(file) && !(abandon(space, name) && claim(file))) return undefined;
  return { release: () => rmSync(file, { force: true }) };
}

/** This process, as its locks name it. */
let own: string | undefined;

function claim(file: string): boolean {
  try {
    own ??= ownerText(process.pid);
    symlinkSync(own, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "ENOENT") throw error;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return claim(file);
  }
}

function ownerText(pid: number): string {
  const { startTime, boot } = identify(pid) ?? { startTime: "", boot: "" };
  return `${pid}:${startTime}:${boot}`;
}

function ownerOf({ locks }: LockSpace, name: string): ProcessIdentity | undefined {
  try {
    const [pid, startTime = "", boot = ""] = readlinkSync(join(locks, name)).split(":");
    return { pid: Number(pid), startTime, boot };
  } catch {
    return undefined;
  }
}

/**
 * Takes a dead owner's lock away. Who does so holds the file of all breakers by flock(2): between a look and the removal nobody
 * else removes, and nobody can make what is still there. The flock is the open file's, so it outlives the program that asks
 * for it, and ends with this process.
 * @returns whether the lock is nobody's now
 */
function abandon(space: LockSpace, name: string): boolean {
  if (isHeld(space, name)) return false;
  const breakers = openSync(join(space.locks, ".breakers"), "a", 0o600);
  try {
    const { status, error } = spawnSync("flock", ["--wait", String(BREAKING_LIMIT), "3"], {
      stdio: ["ignore", "ignore", "ignore", breakers],
    });
    if (status !== 0)
      throw new Error(
        `cannot look after a lock that was left in ${space.locks}: flock ended with ${error?.message ?? status}`,
      );
    const owner = ownerOf(space, name);
    if (owner !== undefined && isAlive(owner)) return false;
    // What is not there any more was released, and may be somebody else's the next moment.
    if (owner !== undefined) rmSync(join(space.locks, name), { force: true });
    return true;
  } finally {
    closeSync(breakers);
  }
}

function isHeld(space: LockSpace, name: string): boolean {
  const owner = ownerOf(space, name);
  return owner !== undefined && isAlive(owner);
}
