import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { tarOf } from "../../lib/tar";
import type { DiagnosisFile } from "./sections";

/** Writes a gzipped tar for its owner's eyes; everything in it is below one folder. @returns its bytes */
export function writeArchive(path: string, folder: string, files: readonly DiagnosisFile[]): number {
  const members = [...files]
    .sort((a, b) => a.path.localeCompare(b.path))
    .map(({ path: name, content }) => ({ path: `${folder}/${name}`, mode: 0o600, content }));
  const bytes = gzipSync(tarOf(members));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes, { mode: 0o600 });
  return bytes.length;
}
