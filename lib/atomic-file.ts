import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

export interface AtomicWrite {
  /** Permissions, whatever the process's own mask; its owner's alone where they are left out. */
  mode?: number;
  /** On the disk when it is done: the old or the new content is whole after a power cut. */
  isLasting?: boolean;
}

/** Replaces a file at once: whoever reads it sees the old or the new content whole. Nothing is left of it where that fails. */
export function writeAtomically(
  file: string,
  content: string | Uint8Array,
  { mode, isLasting = true }: AtomicWrite = {},
): void {
  // Another process may be writing the same file.
  const fresh = `${file}.${process.pid}.new`;
  try {
    const handle = openSync(fresh, "w", mode ?? 0o600);
    try {
      if (mode !== undefined) fchmodSync(handle, mode);
      writeFileSync(handle, content);
      // Else the new name may reach the disk before the content does.
      if (isLasting) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  if (isLasting) syncFolder(path.dirname(file));
}

/** Whether a file's name is of an atomic write of `name` that was cut off. */
export function isUnfinished(entry: string, name: string): boolean {
  return entry.startsWith(`${name}.`) && /^(?:\d+\.)?new$/.test(entry.slice(name.length + 1));
}

/** Removes a file that is written atomically, and what a write of it that was cut off has left. */
export function removeAtomically(file: string): void {
  const [folder, name] = [path.dirname(file), path.basename(file)];
  rmSync(file, { force: true });
  let entries: string[] = [];
  try {
    entries = readdirSync(folder);
  } catch {
    // Gone with its folder.
  }
  for (const entry of entries)
    if (isUnfinished(entry, name)) rmSync(path.join(folder, entry), { force: true });
}

/** Windows opens no folders; its journal keeps renames in order. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
