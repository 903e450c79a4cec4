import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAtomically } from "./atomic-file";
import { cacheFolder } from "./cache";
import { sha256OfFile } from "./checksum";

/** A file as it was when its content was last read. */
interface Known {
  size: number;
  mtimeMs: number;
  sha256: string;
}

/**
 * Hex SHA-256 of a large file's content, whatever its name and times. A disk image takes seconds to read: it is read again only when
 * its size or time of change is another.
 */
export async function fileDigest(path: string, cache = cacheFolder()): Promise<string> {
  const file = join(cache, "file-digests.json");
  const known = await readKnown(file);
  const { size, mtimeMs } = await stat(path);
  const before = known[path];
  if (before?.size === size && before.mtimeMs === mtimeMs) return before.sha256;
  const sha256 = await sha256OfFile(path);
  await mkdir(dirname(file), { recursive: true });
  writeAtomically(file, JSON.stringify({ ...known, [path]: { size, mtimeMs, sha256 } }), {
    isLasting: false,
  });
  return sha256;
}

/** A cache that can't be read is as good as none. */
async function readKnown(file: string): Promise<Record<string, Known>> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Record<string, Known>;
  } catch {
    return {};
  }
}
