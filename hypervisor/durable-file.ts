import { open, rename } from "node:fs/promises";
import path from "node:path";

/** Replaces a file so that a power cut at any moment leaves the old or the new text whole. Mode 0600. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  const written = await open(fresh, "w", 0o600);
  try {
    await written.writeFile(text);
    await written.sync();
  } finally {
    await written.close();
  }
  await rename(fresh, file);
  await syncFolder(path.dirname(file));
}

/** Windows opens no folders, and writes their entries with the files. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const opened = await open(folder, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
