import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces a file at once, so that a reader sees the old or the new content, and so does one after a power cut; only root may
 * read it. Nothing is left of it where there is no room.
 */
export function writeAtomically(file: string, content: string): void {
  replace(file, content, true);
  syncFolder(dirname(file));
}

/** The same for what means nothing after the next boot: it does not wait for the disk. */
export function writeForThisBoot(file: string, content: string): void {
  replace(file, content, false);
}

function replace(file: string, content: string, isLasting: boolean): void {
  const fresh = `${file}.${process.pid}.new`;
  try {
    const descriptor = openSync(fresh, "w", 0o600);
    try {
      writeFileSync(descriptor, content);
      // Else the new name may reach the disk before the content does.
      if (isLasting) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

function syncFolder(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
