import { createServer, type Server } from "node:net";
import type { Place } from "./place";

/** Locks of different identities are different ones. */
type LockSpace = Pick<Place, "identity" | "folder">;

const LONGEST_WAIT = 60_000;
const PAUSE = 10;

/**
 * Runs `work` while holding the named lock of this place. A lock is an abstract unix socket: the kernel gives it to one
 * process and takes it back when that process ends, however it ends, so none is ever stale.
 * @throws Error when another process holds it for more than a minute
 */
export async function withLock<T>(place: LockSpace, name: string, work: () => Promise<T> | T): Promise<T> {
  const started = Date.now();
  let held = await tryLock(place, name);
  while (!held) {
    if (Date.now() - started > LONGEST_WAIT)
      throw new Error(
        `waited ${LONGEST_WAIT / 1000} s for the lock "${name}" of ${place.folder}; another VBoxManage holds it (see \`ps\`)`,
      );
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    held = await tryLock(place, name);
  }
  try {
    return await work();
  } finally {
    await new Promise((resolve) => held?.close(resolve));
  }
}

/** The lock, to be closed by its owner, or undefined when another process has it. */
export function tryLock(place: LockSpace, name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(`\0kube-lab/${place.identity}/${name}`, () => resolve(server));
  });
}
