import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lock } from "proper-lockfile";
import { cacheFolder } from "../../lib/cache";
import type { Progress } from "./progress";
import { cliVersion } from "./versions";

/** `<cache>/engine/<version>-<os>-<arch>/bin`: where a downloaded or built CLI is. */
export function engineFolder(environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), "engine", `${cliVersion}-${process.platform}-${process.arch}`, "bin");
}

/**
 * Fills `folder` by `fill`, once: several processes wait for the one that does it, and the folder appears whole or not at
 * all. A lock whose holder died is taken over after half a minute.
 */
export async function fillOnce(
  folder: string,
  progress: Progress,
  fill: (fresh: string) => Promise<void>,
): Promise<void> {
  if (await exists(folder)) {
    return;
  }
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const release = await progress.wait(`waiting for ${parent} to be free`, () =>
    lock(parent, { stale: 30_000, update: 5_000, retries: { retries: 1200, factor: 1, minTimeout: 1000 } }),
  );
  try {
    if (!(await exists(folder))) {
      const fresh = `${folder}.unfinished`;
      await rm(fresh, { recursive: true, force: true });
      await mkdir(fresh, { recursive: true });
      await fill(fresh);
      await rename(fresh, folder);
    }
  } finally {
    await release();
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
