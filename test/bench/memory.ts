import { existsSync, readFileSync } from "node:fs";
import { freemem } from "node:os";

/** Memory that programs could still have, MiB; file caches do not count as used. */
export function availableMemoryMiB(): number {
  const file = "/proc/meminfo";
  const available = existsSync(file)
    ? /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync(file, "utf8"))?.[1]
    : undefined;
  return Math.floor(available === undefined ? freemem() / 2 ** 20 : Number(available) / 1024);
}
