import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import { localFolder } from "../../lib/local-folder";
import { RemedyError } from "../../lib/remedy-error";
import type { OwnArchive } from "./own-archives";

/** Where a lab's loaded archives and their list are, relative to the project's folder. */
function loadedFolder(stack: string): string {
  return `${localFolder}/images/${stack}`;
}

/** Where an archive is kept, relative to the project's folder: its name follows from its content. */
export function loadedArchive(stack: string, sha256: string): string {
  return `${loadedFolder(stack)}/${sha256}.tar`;
}

/**
 * What `npm run load` has brought to a lab, for machines that come later, in the order in which it was loaded.
 * @throws RemedyError where the list is there and can't be read.
 */
export function readLoaded(project: string, stack: string): OwnArchive[] {
  const file = listOf(project, stack);
  if (!existsSync(file)) return [];
  try {
    const list: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!Array.isArray(list)) throw new Error("it is no list");
    return list as OwnArchive[];
  } catch (error) {
    throw new RemedyError(
      `The list of loaded images ${file} can't be read: ${(error as Error).message}`,
      "Remove the file, and load the images again: npm run load -- IMAGE.",
    );
  }
}

/** Replaces the list, and removes archives that are in it no more: a list that was cut off never names one that is gone. */
export async function writeLoaded(
  project: string,
  stack: string,
  loaded: readonly OwnArchive[],
): Promise<void> {
  const before = readLoaded(project, stack);
  await mkdir(path.join(project, loadedFolder(stack)), { recursive: true, mode: 0o700 });
  writeAtomically(listOf(project, stack), JSON.stringify(loaded, null, 2));
  const kept = new Set(loaded.map(({ sha256 }) => sha256));
  for (const { sha256 } of before)
    if (!kept.has(sha256)) await rm(path.join(project, loadedArchive(stack, sha256)), { force: true });
}

/** Of a lab that is gone. */
export function removeLoaded(project: string, stack: string): void {
  rmSync(path.join(project, loadedFolder(stack)), { recursive: true, force: true });
}

function listOf(project: string, stack: string): string {
  return path.join(project, loadedFolder(stack), "loaded.json");
}

/**
 * The list with another archive: earlier ones whose every name it brings go, and a name that was on all nodes stays there.
 * @param configured archives of the configuration
 */
export function withArchive(
  loaded: readonly OwnArchive[],
  added: OwnArchive,
  configured: readonly OwnArchive[],
): OwnArchive[] {
  const names = new Set(added.images.map(({ name }) => name));
  const touched = [...configured, ...loaded].filter(({ images }) =>
    images.some(({ name }) => names.has(name)),
  );
  const on = touched.some((archive) => archive.on === "nodes") ? "nodes" : added.on;
  const left = loaded.filter(
    ({ sha256, images }) => sha256 !== added.sha256 && images.some(({ name }) => !names.has(name)),
  );
  return [...left, { ...added, on }];
}

/** The list without these names. */
export function withoutNames(loaded: readonly OwnArchive[], names: readonly string[]): OwnArchive[] {
  const left = loaded.map((archive) => ({
    ...archive,
    images: archive.images.filter(({ name }) => !names.includes(name)),
  }));
  return left.filter(({ images }) => images.length > 0);
}
