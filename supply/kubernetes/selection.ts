import { copyFile, link, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256Of } from "../../lib/checksum";
import { pathInSelection } from "./component";
import { type ComponentRecord, damagedFiles, type Manifest, readManifest, writeManifest } from "./manifest";

/** Where a bundle's folder keeps the selections that were made of it. */
export const selectionsName = "selections";

/** What a selection always has, be it empty. */
const folders = ["bin", "cni", "images", "manifests"];

/**
 * A folder with just these components of a bundle, by the names of their records: what a lab with some add-ons takes, whatever others
 * have. Links to the bundle's own files, so that it costs no room. Made where it is not there or not whole.
 */
export async function ensureSelection(bundle: string, manifest: Manifest, names: string[]): Promise<string> {
  const components = Object.fromEntries(
    names.map((name): [string, ComponentRecord] => [name, selected(manifest.components[name], name)]),
  );
  const files = Object.values(components).flatMap((record) => Object.entries(record.files));
  const hash = sha256Of(JSON.stringify(files.map(([path, { sha256 }]) => [path, sha256]).sort()));
  const folder = join(bundle, selectionsName, hash.slice(0, 12));
  if (await isWhole(folder, components)) return folder;
  await mkdir(join(bundle, selectionsName), { recursive: true });
  const partial = await mkdtemp(join(bundle, selectionsName, ".partial-"));
  try {
    for (const name of folders) await mkdir(join(partial, name));
    for (const path of names.flatMap((name) => Object.keys(manifest.components[name]?.files ?? {})))
      await place(join(bundle, path), join(partial, pathInSelection(path)));
    writeManifest(partial, { ...manifest, components });
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder).catch(async (error: unknown) => {
      // Another process may have made the same at this moment.
      if (!(await isWhole(folder, components))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

function selected(record: ComponentRecord | undefined, name: string): ComponentRecord {
  if (record === undefined) throw new Error(`${name} is not in the bundle's manifest`);
  const files = Object.entries(record.files).filter(([path]) => !path.startsWith("layers/"));
  return { ...record, files: Object.fromEntries(files.map(([path, file]) => [pathInSelection(path), file])) };
}

async function isWhole(folder: string, components: Manifest["components"]): Promise<boolean> {
  if ((await readManifest(folder)) === undefined) return false;
  const looks = Object.values(components).map((record) => damagedFiles(folder, record, "quick"));
  return (await Promise.all(looks)).flat().length === 0;
}

/** A copy where the file system has no links. */
async function place(from: string, to: string): Promise<void> {
  if (dirname(to).endsWith("/layers")) return;
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyFile(from, to));
}
