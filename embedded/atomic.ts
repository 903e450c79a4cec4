import { renameSync, writeFileSync } from "node:fs";

/** Replaces a file at once, so that a reader sees the old or the new content; only root may read it. */
export function writeAtomically(file: string, content: string): void {
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, content, { mode: 0o600 });
  renameSync(fresh, file);
}
