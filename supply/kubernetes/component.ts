import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { filesBelow } from "../../lib/checksum";
import { type Log, step } from "../../lib/progress";
import type { AddonVersions, Architecture, ComponentVersions } from "../../plan/versions";
import { type ComponentRecord, fileRecord, type Manifest, type Source, writeManifest } from "./manifest";

/** What a component's build gets. */
export interface BuildContext {
  versions: ComponentVersions;
  architecture: Architecture;
  /** Folder of the bundle with what earlier components put there. */
  bundle: string;
  /** Empty folder to fill, with the bundle's layout (bin/, cni/, images/, layers/, manifests/). */
  stage: string;
  /** Folder for whatever is needed meanwhile; removed afterwards. */
  scratch: string;
  /** Folder with the small Go modules, supply/kubernetes/modules. */
  modules: string;
  log: Log;
  /** Tells the progress line what is going on. */
  detail: (text: string) => void;
}

/** A part of the bundle that is made, checked and replaced as a whole. */
export interface Component {
  name: string;
  source: Source;
  /** The add-on that it is of: only for labs that have that on, and beside its other releases. */
  addon?: keyof AddonVersions;
  /** Hash or text of everything that it is made from. */
  recipe: (versions: ComponentVersions) => Promise<string>;
  build: (context: BuildContext) => Promise<{ images: string[] }>;
}

/** A component's name in the manifest: `traefik 3.6.12` where other releases may be beside it. */
export function componentRecordName({ name, addon }: Component, versions: ComponentVersions): string {
  return addon === undefined ? name : `${name} ${versions[addon]}`;
}

/** Where in the bundle's folder a component's files are: an add-on's in a folder of their own, with the bundle's layout. */
function placeOf(component: Component, versions: ComponentVersions): string {
  return component.addon === undefined
    ? ""
    : `addons/${componentRecordName(component, versions).replace(" ", "-")}/`;
}

/** The same file's path in a folder that holds one lab's selection. */
export function pathInSelection(path: string): string {
  return path.replace(/^addons\/[^/]+\//, "");
}

/** Builds a component in a folder beside its place, moves it there and records it in the manifest. */
export async function installComponent(
  component: Component,
  manifest: Manifest,
  context: Omit<BuildContext, "stage" | "scratch" | "detail">,
): Promise<void> {
  const work = join(context.bundle, `.work-${component.name}`);
  const stage = join(work, "stage");
  const scratch = join(work, "scratch");
  await rm(work, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  await mkdir(scratch, { recursive: true });
  const began = Date.now();
  let at = "";
  try {
    const record = await step(
      context.log,
      `${component.name} (${component.source})`,
      async (): Promise<ComponentRecord> => {
        const recipe = await component.recipe(context.versions);
        const setDetail = (text: string): void => {
          at = text;
        };
        const { images } = await component.build({ ...context, stage, scratch, detail: setDetail });
        const files = await publish(stage, context.bundle, placeOf(component, context.versions));
        const seconds = Math.round((Date.now() - began) / 100) / 10;
        return { recipe, source: component.source, seconds, files, images };
      },
      () => at,
    );
    const key = componentRecordName(component, context.versions);
    await removeLeftOvers(context.bundle, manifest.components[key], record);
    manifest.components[key] = record;
    writeManifest(context.bundle, manifest);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function publish(stage: string, bundle: string, place: string): Promise<ComponentRecord["files"]> {
  const files: ComponentRecord["files"] = {};
  for (const name of await filesBelow(stage)) {
    const path = `${place}${name}`;
    const from = join(stage, name);
    const to = join(bundle, path);
    await chmod(from, /^(bin|cni)\//.test(name) ? 0o755 : 0o644);
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    files[path] = await fileRecord(to);
  }
  return files;
}

async function removeLeftOvers(
  bundle: string,
  old: ComponentRecord | undefined,
  current: ComponentRecord,
): Promise<void> {
  for (const path of Object.keys(old?.files ?? {})) {
    if (!(path in current.files)) await rm(join(bundle, path), { force: true });
  }
}
