import { rmSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import path from "node:path";

/**
 * Runs work with a folder that only the owner can look into (0700) and that is gone afterwards: also after an error, and
 * after SIGINT, SIGTERM or SIGHUP.
 * @param parent folder to make it in, made with mode 0700 when missing
 */
export async function withTemporaryFolder<T>(
  parent: string,
  prefix: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(path.join(parent, prefix));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  const onSignal = (signal: NodeJS.Signals) => {
    remove();
    process.removeListener(signal, onSignal);
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work(folder);
  } finally {
    for (const signal of signals) process.removeListener(signal, onSignal);
    remove();
  }
}
