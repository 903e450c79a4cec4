import { mkdir } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../../lib/cache";
import { withLock } from "../../lib/lock";
import type { Log } from "../../lib/progress";
import { run } from "../../lib/run";
import {
  type AddonVersions,
  type Architecture,
  type ComponentVersions,
  checkKubernetesVersion,
  componentVersions,
  defaultAddonVersions,
  defaultKubernetesVersion,
  provisionalVersions,
} from "../../plan/versions";
import { type Component, componentRecordName, installComponent } from "./component";
import { goComponents } from "./go/components";
import { damagedFiles, type Manifest, readManifest, type Source, writeManifest } from "./manifest";
import { officialComponents } from "./official/components";
import { ensureSelection } from "./selection";
import { chooseSource, explicitSource } from "./source";

/** Debian packages that a build from Go modules needs on this computer; official downloads need none of them. */
export const bundlePackages = ["mmdebstrap", "debian-archive-keyring", "gcc", "libc6-dev"];

/** Which bundle is wanted. */
export interface BundleOptions {
  /** Release of Kubernetes without "v"; default 1.36.3. */
  version?: string;
  /** Releases of the add-ons that it is to have; default is none. */
  addons?: Partial<AddonVersions>;
  /** Of the lab's machines; default is this computer's. */
  architecture?: Architecture;
  /** Default is the user's cache folder of kube-lab. */
  cache?: string;
  /** Default is KUBE_LAB_SOURCE, else what is reachable. */
  source?: Source | "auto";
  /** Folder of the project, where supply/kubernetes/modules is; default is the current one. */
  project?: string;
  /** "full" reads every file of the bundle again instead of comparing size and time. */
  verify?: "quick" | "full";
  log?: Log;
  /** The parts by source, in their order; default are the real ones. */
  parts?: (source: Source, modules: string) => Component[];
}

/** A complete, verified bundle. */
export interface BundleFolder {
  /** Holds bin/, cni/, images/, manifests/ and manifest.json of Kubernetes and the add-ons that were asked for, and nothing else. */
  folder: string;
  version: string;
  architecture: Architecture;
  source: Source;
  versions: ComponentVersions;
  /** Names of all container images in images/. */
  images: string[];
}

const lockWaitSeconds = 3600;
const lockStaleSeconds = 60;

/**
 * Makes sure that the bundle of Kubernetes' programs and images is there and returns its folder. What is complete and
 * intact is kept; what is missing, damaged or made from something else is built or downloaded again, part by part.
 */
export async function ensureBundle(options: BundleOptions = {}): Promise<BundleFolder> {
  const version = options.version ?? defaultKubernetesVersion;
  checkKubernetesVersion(version);
  const architecture = options.architecture ?? hostArchitecture();
  const folder = bundleFolder(options.cache ?? cacheFolder(), version, architecture);
  const found = await completeBundle(folder, options);
  if (found) return found;
  await mkdir(folder, { recursive: true });
  return withBundle(
    folder,
    options.log ?? console.log,
    async () =>
      (await completeBundle(folder, options)) ?? (await fillBundle(folder, version, architecture, options)),
  );
}

/** Whether an image that only an official registry has is in the bundle, or would be once that is made. Makes nothing. */
export async function hasOfficialImage(image: string, options: BundleOptions = {}): Promise<boolean> {
  const version = options.version ?? defaultKubernetesVersion;
  const architecture = options.architecture ?? hostArchitecture();
  const manifest = await readManifest(bundleFolder(options.cache ?? cacheFolder(), version, architecture));
  if (Object.values(manifest?.components ?? {}).some(({ images }) => images.includes(image))) return true;
  // A bundle that is there stays what it is, unless another was demanded.
  const kept = manifest?.source === "go-modules" ? manifest.source : undefined;
  const source = explicitSource(options.source) ?? kept;
  return (source ?? (await chooseSource(options.source, version, () => undefined))) === "official";
}

/** Folder of the bundle of one release for one architecture. */
export function bundleFolder(cache: string, version: string, architecture: Architecture): string {
  return join(cache, "kubernetes", `${version}-${architecture}`);
}

/** This computer's architecture. @throws Error when no bundle can be made for it. */
export function hostArchitecture(): Architecture {
  switch (arch()) {
    case "x64":
      return "amd64";
    case "arm64":
      return "arm64";
    default:
      throw new Error(`architecture ${arch()}: Kubernetes' bundle exists for amd64 and arm64 only`);
  }
}

async function completeBundle(folder: string, options: BundleOptions): Promise<BundleFolder | undefined> {
  const manifest = await readManifest(folder);
  if (!manifest?.versions) return undefined;
  const versions = withAddons(manifest.versions, options);
  const wanted = components(manifest.source, options);
  for (const component of wanted) {
    if (!(await isIntact(component, manifest, versions, folder, options))) return undefined;
  }
  return describe(folder, manifest, versions, wanted);
}

async function fillBundle(
  folder: string,
  version: string,
  architecture: Architecture,
  options: BundleOptions,
): Promise<BundleFolder> {
  const log = options.log ?? console.log;
  const source = await chooseSource(options.source, version, log);
  const manifest: Manifest = {
    ...((await readManifest(folder)) ?? { format: 1, version, architecture, components: {} }),
    source,
  };
  const context = { architecture, bundle: folder, modules: modulesFolder(options), log };
  let versions = withAddons(manifest.versions ?? provisionalVersions(version), options);
  const wanted = components(source, options);
  for (const component of wanted) {
    if (!(await isIntact(component, manifest, versions, folder, options))) {
      await installComponent(component, manifest, { ...context, versions });
    }
    if (component.name === "kubernetes") {
      versions = withAddons(await settleVersions(folder, version, architecture), options);
      manifest.versions = versions;
    }
  }
  writeManifest(folder, manifest);
  return describe(folder, manifest, versions, wanted);
}

function withAddons(versions: ComponentVersions, { addons }: BundleOptions): ComponentVersions {
  return { ...versions, ...defaultAddonVersions, ...addons };
}

function components(source: Source, options: BundleOptions): Component[] {
  const all = (options.parts ?? realParts)(source, modulesFolder(options));
  return all.filter(({ addon }) => addon === undefined || options.addons?.[addon] !== undefined);
}

function realParts(source: Source, modules: string): Component[] {
  return source === "go-modules" ? goComponents(modules) : officialComponents(modules);
}

function modulesFolder(options: BundleOptions): string {
  return join(options.project ?? process.cwd(), "supply", "kubernetes", "modules");
}

async function isIntact(
  component: Component,
  manifest: Manifest,
  versions: ComponentVersions,
  folder: string,
  options: BundleOptions,
): Promise<boolean> {
  const record = manifest.components[componentRecordName(component, versions)];
  if (!record) return false;
  const demanded = explicitSource(options.source);
  if (demanded !== undefined && record.source !== demanded) return false;
  // What the other source made of the same part is as good, unless one was demanded.
  const maker = components(record.source, options).find(({ name }) => name === component.name);
  if (record.recipe !== (await maker?.recipe(versions))) return false;
  const damaged = await damagedFiles(folder, record, options.verify ?? "quick");
  if (damaged.length > 0) {
    (options.log ?? console.log)(`${component.name}: damaged or missing, made again: ${damaged.join(", ")}`);
  }
  return damaged.length === 0;
}

/** kubeadm itself says which images it wants, where this computer can run it. */
async function settleVersions(
  folder: string,
  version: string,
  architecture: Architecture,
): Promise<ComponentVersions> {
  if (process.platform !== "linux" || hostArchitecture() !== architecture) return componentVersions(version);
  const list = await run({
    program: join(folder, "bin", "kubeadm"),
    arguments: ["config", "images", "list", "--kubernetes-version", `v${version}`],
    timeoutSeconds: 60,
    remedy: "Remove the bundle's folder and try again.",
  });
  return componentVersions(version, list);
}

async function describe(
  bundle: string,
  manifest: Manifest,
  versions: ComponentVersions,
  wanted: Component[],
): Promise<BundleFolder> {
  const { version, architecture, source } = manifest;
  const names = wanted.map((component) => componentRecordName(component, versions));
  const folder = await ensureSelection(bundle, manifest, names);
  const images = names.flatMap((name) => manifest.components[name]?.images ?? []);
  return { folder, version, architecture, source, versions, images: images.sort() };
}

/** Runs what makes or removes a bundle: only one process at a time does. @param boundSeconds how long it waits for another */
export function withBundle<T>(
  folder: string,
  log: Log,
  work: () => Promise<T>,
  boundSeconds = lockWaitSeconds,
): Promise<T> {
  return withLock(folder, { log, what: folder, boundSeconds, staleSeconds: lockStaleSeconds }, work);
}
