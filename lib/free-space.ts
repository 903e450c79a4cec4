import { existsSync, statfsSync } from "node:fs";
import path from "node:path";

/** Free space where a folder is or would be, whole GiB; undefined where the system does not tell. */
export function freeGiB(folder: string): number | undefined {
  for (let place = path.resolve(folder); ; place = path.dirname(place)) {
    if (existsSync(place)) {
      try {
        const { bavail, bsize } = statfsSync(place);
        return Math.floor((bavail * bsize) / 2 ** 30);
      } catch {
        return undefined;
      }
    }
    if (path.dirname(place) === place) return undefined;
  }
}
