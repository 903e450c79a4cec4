import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
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

/** Where the inputs are and what is asked for. */
export interface InputOptions {
  /** Folder of the project: has offline/base and cloud-init/image. */
  project: string;
  /** Folder of a complete Kubernetes bundle. */
  bundle: string;
  rootDiskGiB: number;
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
  const { project, bundle, rootDiskGiB } = options;
  const builder = join(project, "offline", "base");
  const image = join(project, "cloud-init", "image");
  const listFile = join(image, "packages.txt");
  const listed = parsePackageList(await readFile(listFile, "utf8"), listFile);
  const packages = [...new Set([...listed, ...bootPackages])].sort();
  const read = (...names: string[]) => contents(builder, names);
  const boot = ["boot/initramfs.conf", "boot/initramfs-hook", "boot/default-grub.cfg", "boot/fstab"];
  const root = digest([
    builderVersion,
    suite,
    packages,
    await read("make-root.sh", "boot-files.sh", ...boot),
  ]);
  const disk = digest([root, rootDiskGiB, await read("make-disk.sh", "boot/grub.cfg")]);
  const files = (await filesIn(image)).filter((name) => name !== "packages.txt");
  const fill = [await read("fill-disk.sh"), await contents(image, files), await bundleContent(bundle)];
  return { ...options, packages, hashes: { root, disk, base: digest([disk, ...fill]) } };
}

function digest(parts: unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
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

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
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
