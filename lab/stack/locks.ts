import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { isLivingPulumi } from "./process-of-lock";

/** Who holds a stack, as Pulumi writes it into the lock's file. */
interface Lock {
  file: string;
  pid: number;
  username: string;
  hostname: string;
  /** ISO 8601 */
  timestamp: string;
}

/** What of this computer tells whether a lock's holder is alive; replaced in tests. */
export interface LockHost {
  hostname: string;
  bootedAt: Date;
  isLivingPulumi: (pid: number, since: Date) => boolean;
}

const thisComputer = (): LockHost => ({
  hostname: hostname(),
  bootedAt: new Date(Date.now() - uptime() * 1000),
  isLivingPulumi,
});

/**
 * Takes away the locks of processes of this computer that have ended without doing so.
 * @throws Error that names whoever holds the stack still, and what to do.
 */
export function releaseDeadLocks(
  folder: string,
  stack: string,
  say: (line: string) => void,
  host: LockHost = thisComputer(),
): void {
  const held: string[] = [];
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, file);
    const lock = readLock(path);
    if (isDead(lock, path, host)) {
      rmSync(path, { force: true });
      say(
        `an update of ${stack} was cut off${lock ? ` (process ${lock.pid}, ${lock.timestamp})` : ""}: its lock is taken away`,
      );
    } else held.push(lock === undefined ? `  by nobody known: ${path}` : holder(lock, host));
  }
  if (held.length > 0)
    throw new Error(
      `stack ${stack} is being changed:\n${held.join("\n")}\nWait for its end. Where you know that it has ended: pulumi cancel --stack ${stack}`,
    );
}

function holder({ pid, username, timestamp, ...lock }: Lock, host: LockHost): string {
  const where = lock.hostname === host.hostname ? "on this computer" : `on ${lock.hostname}`;
  return `  by process ${pid} of ${username} ${where}, since ${timestamp}`;
}

function isDead(lock: Lock | undefined, path: string, host: LockHost): boolean {
  // What a power cut leaves of a file that was never written to the disk.
  if (lock === undefined) return statSync(path).mtime < host.bootedAt;
  return lock.hostname === host.hostname && !host.isLivingPulumi(lock.pid, new Date(lock.timestamp));
}

function readLock(file: string): Lock | undefined {
  try {
    const lock = JSON.parse(readFileSync(file, "utf8")) as Omit<Lock, "file">;
    return typeof lock.pid === "number" && typeof lock.hostname === "string" ? { ...lock, file } : undefined;
  } catch {
    return undefined;
  }
}
