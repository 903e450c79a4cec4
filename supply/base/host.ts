import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { DiskLayout } from "../../plan/lab-plan";
import { suite } from "./inputs";

/** Programs that a build runs, and the Debian package each is in. */
const programs: Readonly<Record<string, string>> = {
  "apt-get": "apt",
  mmdebstrap: "mmdebstrap",
  sfdisk: "fdisk",
  "mkfs.ext4": "e2fsprogs",
  mount: "mount",
  umount: "mount",
  losetup: "mount",
  unshare: "util-linux",
  setpriv: "util-linux",
  fstrim: "util-linux",
  flock: "util-linux",
  findmnt: "util-linux",
  chroot: "coreutils",
  tar: "tar",
  zstd: "zstd",
};

/** What a layout needs beyond that. */
const layoutPrograms: Readonly<Record<DiskLayout, Readonly<Record<string, string>>>> = {
  plain: {},
  lvm: { lvm: "lvm2" },
};

/** The suite's keys, each also in the one keyring that apt checks against. */
const suiteKeys = ["gpg", "pgp", "asc"].map(
  (end) => `/usr/share/keyrings/debian-archive-${suite}-stable.${end}`,
);

/** Debian packages that a build of the base disk needs on this computer. */
export function basePackages(layout: DiskLayout): string[] {
  return [...new Set([...Object.values(basePrograms(layout)), "debian-archive-keyring"])];
}

/** Programs that a build of the base disk runs here, with their packages. */
export function basePrograms(layout: DiskLayout): Readonly<Record<string, string>> {
  return { ...programs, ...layoutPrograms[layout] };
}

/** What a build finds out about this computer; tests give their own. */
export interface BuildHost {
  platform: NodeJS.Platform;
  architecture: string;
  root: boolean;
  exists: (path: string) => boolean;
  path: string;
}

/** This computer. */
export function hostFacts(): BuildHost {
  return {
    platform: process.platform,
    architecture: process.arch,
    root: process.getuid?.() === 0,
    exists: existsSync,
    path: process.env.PATH ?? "",
  };
}

/**
 * Every reason why a base disk cannot be built here, each with its remedy.
 * @returns nothing when it can
 */
export function hostProblems(host: BuildHost, layout: DiskLayout = "plain"): string[] {
  const instead =
    layout === "plain"
      ? "Give a disk image of your own or its address as kube-lab:image.base instead."
      : "Take image.layout plain instead, which needs no disk built here.";
  if (host.platform !== "linux")
    return [`A base disk is built on Linux only, this is ${host.platform}. ${instead}`];
  const problems: string[] = [];
  if (host.architecture !== "x64") {
    problems.push(`A base disk is built for x64 only, this is ${host.architecture}. ${instead}`);
  }
  if (!host.root)
    problems.push(`Building a base disk mounts file systems: it needs root (sudo). Or: ${instead}`);
  const folders = [...host.path.split(delimiter), "/usr/sbin", "/sbin"];
  const wanted = basePrograms(layout);
  const missing = Object.keys(wanted).filter(
    (name) => !folders.some((folder) => host.exists(join(folder, name))),
  );
  const packages = [...new Set(missing.map((name) => wanted[name]))];
  if (missing.length > 0) {
    problems.push(
      `Programs are missing: ${missing.join(", ")}. Remedy: apt-get install ${packages.join(" ")}`,
    );
  }
  if (!suiteKeys.some((file) => host.exists(file))) {
    const remedy = "apt-get update && apt-get install debian-archive-keyring, in a version that knows it";
    problems.push(`The keys of Debian ${suite} are missing (${suiteKeys[0]}). Remedy: ${remedy}`);
  }
  return problems;
}
