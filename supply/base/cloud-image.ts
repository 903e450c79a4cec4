import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { cacheFolder } from "../../lib/cache";
import { sha256Of } from "../../lib/checksum";
import { type Checksum, type DownloadOptions, download } from "../../lib/download";
import { get, withRetries } from "../../lib/http";
import { baseParent, withBases } from "./base";

/** A disk image to download. */
export interface CloudImage {
  url: string;
  /** Given by the configuration, or read off the list that is published beside the image. */
  checksum?: Checksum | { list: string; algorithm: Checksum["algorithm"] };
}

/** How the folder of an image's download begins, below the folder of base disks. */
export const downloadPrefix = "download-";

type Architecture = "amd64" | "arm64";

/** The distributions' own cloud images. Debian's `genericcloud` would lack AHCI, and with it VirtualBox's disks. */
const distributions = {
  "debian-13": (architecture: Architecture) => ({
    folder: "https://cloud.debian.org/images/cloud/trixie/latest",
    file: `debian-13-generic-${architecture}.qcow2`,
    list: "SHA512SUMS",
    algorithm: "sha512" as const,
  }),
  "ubuntu-24.04": (architecture: Architecture) => ({
    folder: "https://cloud-images.ubuntu.com/releases/24.04/release",
    file: `ubuntu-24.04-server-cloudimg-${architecture}.img`,
    list: "SHA256SUMS",
    algorithm: "sha256" as const,
  }),
};

/**
 * The image that a configured base means; undefined when it is none to download.
 * @param base `debian-13`, `ubuntu-24.04` or a URL
 * @param checksum of the configuration: `sha256:…` or `sha512:…`
 */
export function cloudImage(
  base: string,
  architecture: Architecture,
  checksum?: string,
): CloudImage | undefined {
  if (isDistribution(base)) {
    const { folder, file, list, algorithm } = distributions[base](architecture);
    return { url: `${folder}/${file}`, checksum: { list: `${folder}/${list}`, algorithm } };
  }
  if (!/^https?:\/\//.test(base)) return undefined;
  const [algorithm, digest] = checksum?.split(":") ?? [];
  if (digest === undefined) return { url: base };
  return {
    url: base,
    checksum: { algorithm: algorithm as Checksum["algorithm"], digest, source: "kube-lab:image.checksum" },
  };
}

function isDistribution(base: string): base is keyof typeof distributions {
  return base in distributions;
}

/**
 * Downloads a disk image once, below the cache folder, and compares it with its checksum; an address without one is the
 * user's own word.
 * @returns the full path of the image
 */
export async function ensureCloudImage(
  { url, checksum }: CloudImage,
  report: (line: string) => void,
  options: Pick<DownloadOptions, "stallMs" | "attempts"> & { cache?: string } = {},
): Promise<string> {
  const { cache = cacheFolder(), ...limits } = options;
  const wanted = checksum && "digest" in checksum ? ` ${checksum.digest}` : "";
  const key = sha256Of(`${url}${wanted}`).slice(0, 12);
  const folder = join(baseParent(cache), `${downloadPrefix}${key}`);
  const name = posix.basename(new URL(url).pathname);
  const file = join(folder, name);
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  return withBases(baseParent(cache), report, async () => {
    if (existsSync(file)) return file;
    report(`base disk: downloading ${url}`);
    await download(url, file, {
      ...limits,
      report: (line) => report(`base disk: ${line}`),
      ...(checksum && {
        checksum: async () => ("digest" in checksum ? checksum : published(checksum, name)),
      }),
    });
    return file;
  });
}

/** A line of such a list: `0a1b…  debian-13-generic-amd64.qcow2`, with `*` before the name for binary files. */
async function published(
  { list, algorithm }: { list: string; algorithm: Checksum["algorithm"] },
  name: string,
): Promise<Checksum> {
  const text = await withRetries(list, async () => (await get(list)).text());
  const lines = text.split("\n").map((line) => line.trim().split(/\s+\*?/));
  const digest = lines.find(([, file]) => file === name)?.[0];
  if (digest === undefined) throw new Error(`${list} has no checksum of ${name}. Try again later.`);
  return { algorithm, digest, source: list };
}
