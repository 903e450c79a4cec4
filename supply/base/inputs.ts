import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Of } from "../../lib/checksum";
import type { DiskLayout } from "../../plan/lab-plan";
import { readManifest } from "../kubernetes/manifest";
import { parsePackageList } from "./package-list";

/** Counts changes of the builder that its files do not show. */
const builderVersion = 1;

/** Debian's release of the machines. */
export const suite = "trixie";

/**
 * What makes a root file system boot as a PC: kernel, initrd, boot loader. The cloud kernel lacks the e1000 adapter and
 * VirtualBox's own drivers, so it is the usual one.
 */
const bootPackages = ["linux-image-amd64", "initramfs-tools", "grub-pc", "zstd"];

const packageList = "packages.txt";

/** Where the inputs are and what is asked for. */
export interface InputOptions {
  /** Folder of the project: has supply/base and cloud-init/image. */
  project: string;
  /** Folder of a complete Kubernetes bundle. */
  bundle: string;
  rootDiskGiB: number;
  layout: DiskLayout;
}

/** All that a base disk is made from, and the names that its stages get from it. */
export interface BaseInputs extends InputOptions {
  packages: string[];
  /** Hex SHA-256 of what goes into the Debian root, the bootable disk and the finished disk; each contains the one before. */
  hashes: { root: string; disk: string; base: string };
}

/**
 * Reads everything that a base disk is made from. Takes milliseconds: of the bundle only its manifest is read.
 * @throws Error when the bundle has no manifest or a file of the project is missing.
 */
export async function readInputs(options: InputOptions): Promise<BaseInputs> {
  const { project, bundle, rootDiskGiB, layout } = options;
  const builder = join(project, "supply", "base");
  const image = join(project, "cloud-init", "image");
  const layoutFolder = join(builder, "layout", layout);
  const listed = await Promise.all([image, layoutFolder].map(packagesIn));
  const packages = [...new Set([...listed.flat(), ...bootPackages])].sort();
  const read = (...names: string[]) => contents(builder, names);
  const boot = ["boot/initramfs.conf", "boot/initramfs-hook", "boot/default-grub.cfg", "boot/fstab"];
  const root = digest([
    builderVersion,
    suite,
    packages,
    await read("make-root.sh", "boot-files.sh", ...boot),
  ]);
  const disk = digest([
    root,
    rootDiskGiB,
    await read("disk-layout.sh", "make-disk.sh"),
    await contents(layoutFolder, await othersIn(layoutFolder)),
  ]);
  const fill = [await read("fill-disk.sh"), ...(await preparation(project, bundle))];
  return { ...options, packages, hashes: { root, disk, base: digest([disk, ...fill]) } };
}

/** Hex SHA-256 of all that a template is made from whose disk, of that content, is prepared by its own first boot. */
export async function preparedHash(
  options: Omit<InputOptions, "layout"> & { disk: string },
): Promise<string> {
  const { project, bundle, rootDiskGiB, disk } = options;
  return digest([disk, rootDiskGiB, ...(await preparation(project, bundle))]);
}

/** What makes a machine's disk out of a bootable one. */
async function preparation(project: string, bundle: string): Promise<unknown[]> {
  const image = join(project, "cloud-init", "image");
  return [await contents(image, await othersIn(image)), await bundleContent(bundle)];
}

function digest(parts: unknown[]): string {
  return sha256Of(JSON.stringify(parts));
}

/** Line ends may differ by checkout; what is made from the files does not. */
async function contents(folder: string, names: string[]): Promise<[string, string][]> {
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const text = await readFile(join(folder, name), "utf8");
      return [name, text.replaceAll("\r\n", "\n")];
    }),
  );
}

/** The packages that a folder adds; a layout need not. */
async function packagesIn(folder: string): Promise<string[]> {
  const file = join(folder, packageList);
  return existsSync(file) ? parsePackageList(await readFile(file, "utf8"), file) : [];
}

/** Of a package list only the names count. */
async function othersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .filter((name) => name !== packageList)
    .sort();
}

/** The files of bin/, cni/, images/ and manifests/ by path and SHA-256, as the manifest has them: when they were made does not matter. */
async function bundleContent(bundle: string): Promise<[string, string][]> {
  const manifest = await readManifest(bundle);
  if (!manifest) throw new Error(`${bundle}: no Kubernetes bundle (manifest.json is missing or broken).`);
  return Object.values(manifest.components)
    .flatMap(({ files }) => Object.entries(files))
    .filter(([path]) => /^(bin|cni|images|manifests)\//.test(path))
    .map(([path, { sha256 }]): [string, string] => [path, sha256])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}
