import { readFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import { sha256OfFile } from "../../lib/checksum";
import type { Architecture, ComponentVersions } from "../../plan/versions";

/** Where a bundle's content comes from. */
export type Source = "go-modules" | "official";

/** What is known of one file of the bundle. */
export interface FileRecord {
  sha256: string;
  size: number;
  /** Milliseconds since 1970: a quick look takes a file of the same size and time for the same. */
  modified: number;
}

/** One part that was built or downloaded as a whole. */
export interface ComponentRecord {
  /** Hash of what it was made from; another one means that it must be made again. */
  recipe: string;
  source: Source;
  seconds: number;
  /** By path relative to the bundle's folder, with `/`. */
  files: Record<string, FileRecord>;
  /** Names of the container images among the files. */
  images: string[];
}

/** manifest.json of a bundle: the list of what is complete. A file that it does not name does not count. */
export interface Manifest {
  format: 1;
  version: string;
  architecture: Architecture;
  /** Source of the bundle's Kubernetes programs. */
  source: Source;
  versions?: ComponentVersions;
  components: Record<string, ComponentRecord>;
}

const fileName = "manifest.json";

/** The manifest in a bundle's folder; undefined when there is none or it cannot be read (then all is made again). */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, fileName), "utf8")) as Manifest;
    return manifest.format === 1 && typeof manifest.components === "object" ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the manifest in one step: a reader sees the old one or the new one. */
export function writeManifest(folder: string, manifest: Manifest): void {
  writeAtomically(join(folder, fileName), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
}

/** Looks at a file once it is complete. */
export async function fileRecord(path: string): Promise<FileRecord> {
  const { size, mtimeMs } = await stat(path);
  return { sha256: await sha256OfFile(path), size, modified: Math.round(mtimeMs) };
}

/**
 * Paths of a component's files that are missing or not what the manifest says.
 * @param depth "quick" compares size and time (milliseconds); "full" also reads every file.
 */
export async function damagedFiles(
  folder: string,
  record: ComponentRecord,
  depth: "quick" | "full",
): Promise<string[]> {
  const damaged: string[] = [];
  for (const [path, expected] of Object.entries(record.files)) {
    if (!(await isIntact(join(folder, path), expected, depth))) damaged.push(path);
  }
  return damaged;
}

async function isIntact(path: string, expected: FileRecord, depth: "quick" | "full"): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== expected.size) return false;
  if (depth === "quick" && Math.round(found.mtimeMs) === expected.modified) return true;
  if ((await sha256OfFile(path)) !== expected.sha256) return false;
  // A copied cache may have lost its times: once read is enough.
  await utimes(path, found.atime, expected.modified / 1000).catch(() => undefined);
  return true;
}
