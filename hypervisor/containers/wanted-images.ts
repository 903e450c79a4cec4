import { existsSync, statSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import { cacheFolder } from "../../lib/cache";
import { fileDigest } from "../../lib/file-digest";
import { RemedyError } from "../../lib/remedy-error";
import { readArchive } from "./archive";
import { BadArchive, type ImageArchive } from "./archive-content";
import { readLoaded } from "./loaded-images";
import type { OwnArchive } from "./own-archives";

/** The lab's processors, in Go's words: its machines have the computer's own. */
function labArchitecture(architecture: string = process.arch): string {
  return architecture === "x64" ? "amd64" : architecture;
}

/** A person's own images, which a lab's machines are to have. */
export interface OwnImages {
  /** Of the key `images`. */
  configured: OwnArchive[];
  /** By `npm run load`: a name that is in both is theirs. */
  loaded: OwnArchive[];
}

/**
 * What a lab's machines are to have: the archives that its configuration names, and what was loaded.
 * @param paths of the configuration, relative to the project's folder or full
 * @throws RemedyError with everything that is wrong with those of the configuration
 */
export async function ownImages(
  project: string,
  stack: string,
  paths: readonly string[],
): Promise<OwnImages> {
  const configured: OwnArchive[] = [];
  const problems: string[] = [];
  for (const [at, file] of paths.entries()) {
    try {
      const archive = await describeArchive(path.resolve(project, file));
      configured.push({ ...archive, file, on: "nodes" });
    } catch (error) {
      problems.push(problemOf(`kube-lab:images[${at}]`, file, error));
    }
  }
  refuse(problems);
  return { configured, loaded: readLoaded(project, stack) };
}

/** @throws RemedyError with every archive that was loaded and is gone: a machine that comes later could not get it */
export function requireLoaded(project: string, loaded: readonly OwnArchive[]): void {
  const lost = loaded.filter(({ file }) => !existsSync(path.resolve(project, file)));
  refuse(
    lost.map(({ file, images }) => {
      const names = images.map(({ name }) => name);
      const remove = names.map((name) => `--remove ${name}`).join(" ");
      return `${file}, the archive of ${names.join(", ")}, is gone.\n    Fix: load it again, or npm run load -- ${remove}`;
    }),
  );
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new RemedyError(
    `Images that the machines are to have cannot be had:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    "Nothing was changed.",
  );
}

/** @throws the error where it is none of the archive itself */
export function problemOf(key: string, file: string, error: unknown): string {
  if (!(error instanceof BadArchive)) throw error;
  const allowed = `an archive of images for linux/${labArchitecture()}, as docker save writes it`;
  const fix = error.fix ?? "docker save NAME:TAG -o FILE";
  return `${key} is ${JSON.stringify(file)}: ${error.message}.\n    Allowed: ${allowed}.\n    Fix: ${fix}`;
}

/**
 * What an archive brings. A large one takes seconds to read: that is remembered by its content.
 * @param digestOf gives the file's SHA-256
 * @throws BadArchive
 */
export async function describeArchive(
  file: string,
  digestOf: (file: string) => Promise<string> = fileDigest,
): Promise<ImageArchive & { sha256: string }> {
  if (!existsSync(file)) throw new BadArchive("there is no such file");
  if (!statSync(file).isFile()) throw new BadArchive("it is no file");
  const architecture = labArchitecture();
  const sha256 = await digestOf(file);
  const known = path.join(cacheFolder(), "image-archives", `${sha256}-${architecture}.json`);
  const before = await readKnown(known);
  if (before !== undefined) return { ...before, sha256 };
  const archive = await readArchive(file, architecture);
  await mkdir(path.dirname(known), { recursive: true });
  writeAtomically(known, JSON.stringify(archive), { isLasting: false });
  return { ...archive, sha256 };
}

/** A cache that can't be read is as good as none. */
async function readKnown(file: string): Promise<ImageArchive | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as ImageArchive;
  } catch {
    return undefined;
  }
}
