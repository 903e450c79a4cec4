import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { tryLock, withPlaceLock } from "../locks";
import type { Place } from "../place";
import { programFile } from "../rerun";

/**
 * The service's socket and lock are named by what tells this build of the program from others, and by the sum of the
 * origin's bytes: calls of different origins have services of their own as a rule. client.pl makes the same name.
 */
export function serviceName(origin: string): string {
  const { mtimeMs, size, ino } = statSync(programFile());
  const sum = Buffer.from(origin).reduce((total, byte) => total + byte, 0);
  return [Math.floor(mtimeMs / 1000), size, ino, sum].join("-");
}

export function serviceSocket(place: Place, name: string): string {
  return join(place.services, name);
}

/** A service has it from before its start until it has ended, however it ends. */
export function serviceLock(name: string): string {
  return `service-${name}`;
}

/** Ends every service of this place and waits until they are gone; calls that they have begun are done first. */
export async function endServices(place: Place): Promise<void> {
  for (const name of socketsOf(place)) {
    // A service without its socket ends.
    rmSync(serviceSocket(place, name), { force: true });
    await withPlaceLock(place, serviceLock(name), () => undefined);
  }
}

/** Removes sockets whose service was killed, and what it looks like after a power cut. */
export async function removeDeadSockets(place: Place): Promise<void> {
  for (const name of socketsOf(place)) {
    const lock = tryLock(place, serviceLock(name));
    if (!lock) continue;
    rmSync(serviceSocket(place, name), { force: true });
    lock.release();
  }
}

function socketsOf(place: Place): string[] {
  return readdirSync(place.services, { withFileTypes: true })
    .filter((entry) => entry.isSocket())
    .map((entry) => entry.name);
}
