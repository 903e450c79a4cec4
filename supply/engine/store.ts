import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../lib/cache";
import { withLock } from "../../lib/lock";
import type { Log } from "../../lib/progress";
import { cliVersion } from "./versions";

/** `<cache>/engine/<version>-<os>-<arch>/bin`: where a downloaded or built CLI is. */
export function engineFolder(environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), "engine", `${cliVersion}-${process.platform}-${process.arch}`, "bin");
}

/** How long to wait for a process that builds the engine. */
const LOCK_SECONDS = 1200;

/**
 * Fills `folder` by `fill`, once: several processes wait for the one that does it, and the folder appears whole or not at
 * all. A lock whose holder died is taken over after half a minute.
 */
export async function fillOnce(
  folder: string,
  log: Log,
  fill: (fresh: string) => Promise<void>,
): Promise<void> {
  if (await exists(folder)) {
    return;
  }
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  await withLock(parent, { log, what: parent, boundSeconds: LOCK_SECONDS, staleSeconds: 30 }, async () => {
    if (await exists(folder)) return;
    const fresh = `${folder}.unfinished`;
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true });
    await fill(fresh);
    await rename(fresh, folder);
  });
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
