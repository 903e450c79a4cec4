import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { cacheFolder } from "../cache";
import { get } from "../kubernetes/official/download";

/** Debian's own cloud images, with SHA512SUMS beside them. Source: https://cloud.debian.org/images/cloud/ */
const debianImages = "https://cloud.debian.org/images/cloud/trixie/latest";

/** Address of Debian 13's image for computers that cannot make a base disk themselves; `genericcloud` lacks AHCI. */
export function debianCloudImage(architecture: "amd64" | "arm64"): string {
  return `${debianImages}/debian-13-generic-${architecture}.qcow2`;
}

/**
 * Downloads a disk image once, below the cache folder. One of Debian's is compared with its published checksum; another
 * address is the user's own word.
 * @returns the full path of the image
 */
export async function ensureCloudImage(url: string, report: (line: string) => void): Promise<string> {
  const folder = join(
    cacheFolder(),
    "base",
    `download-${createHash("sha256").update(url).digest("hex").slice(0, 12)}`,
  );
  const file = join(folder, basename(new URL(url).pathname));
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  const partial = `${file}.partial`;
  report(`base disk: downloading ${url}`);
  const answer = await get(url);
  if (!answer.body) throw new Error(`${url}: the answer is empty`);
  await pipeline(Readable.fromWeb(answer.body as ReadableStream), createWriteStream(partial));
  if (url.startsWith(debianImages)) await verify(partial, basename(file));
  await rename(partial, file);
  return file;
}

async function verify(file: string, name: string): Promise<void> {
  const sums = await (await get(`${debianImages}/SHA512SUMS`)).text();
  const published = sums
    .split("\n")
    .find((line) => line.endsWith(` ${name}`))
    ?.split(" ")[0];
  const hash = createHash("sha512");
  await pipeline(createReadStream(file), hash);
  const found = hash.digest("hex");
  if (found === published) return;
  await rm(file, { force: true });
  throw new Error(`${name}: SHA-512 is ${found}, published is ${published ?? "none"}. Try again.`);
}
