import { lstat, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../../lib/cache";
import { filesBelow } from "../../lib/checksum";
import { withBundle } from "./bundle";
import { readManifest } from "./manifest";
import { selectionsName } from "./selection";

/** A bundle in the cache, complete or not. */
export interface CachedBundle {
  folder: string;
  /** Folder's name: version and architecture. */
  name: string;
  /** On disk, all files together. */
  bytes: number;
  /** Parts that are complete. */
  components: string[];
  /** When a part was last completed; undefined when none is. */
  modified: Date | undefined;
}

/** All bundles below the cache folder, by name. */
export async function listBundles(cache: string = cacheFolder()): Promise<CachedBundle[]> {
  const parent = join(cache, "kubernetes");
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.endsWith(".lock"))
    .map(({ name }) => name);
  return Promise.all(names.sort().map((name) => describe(join(parent, name), name)));
}

/** Removes a bundle. @throws Error when another process is making it just now. */
export async function removeBundle(bundle: Pick<CachedBundle, "folder">): Promise<void> {
  await withBundle(bundle.folder, console.log, () => rm(bundle.folder, { recursive: true, force: true }), 0);
}

async function describe(folder: string, name: string): Promise<CachedBundle> {
  // Selections are links to the bundle's own files.
  const own = (await filesBelow(folder)).filter((path) => !path.startsWith(`${selectionsName}/`));
  const sizes = await Promise.all(own.map((path) => lstat(join(folder, path))));
  const manifest = await readManifest(folder);
  return {
    folder,
    name,
    bytes: sizes.reduce((total, { size }) => total + size, 0),
    components: Object.keys(manifest?.components ?? {}),
    modified: manifest && (await stat(join(folder, "manifest.json"))).mtime,
  };
}
