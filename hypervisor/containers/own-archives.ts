import type { ArchivedImage, ImageArchive } from "./archive-content";

/** An archive of images that a lab's machines are to have. */
export interface OwnArchive extends ImageArchive {
  /** Of the file, hexadecimal digits. */
  sha256: string;
  /** Relative to the project's folder, or a full path. */
  file: string;
  /** `workers`: where pods run (the masters, where there is no worker); `nodes`: all that runs Kubernetes. */
  on: "workers" | "nodes";
}

/** What a machine says of one image that it was given. */
export interface NotedImage {
  /** SHA-256 of the archive. */
  archive: string;
  name: string;
  /** Whether it still has it. */
  isThere: boolean;
}

/** An archive, with the names that are its own: one that a later archive brings too is that one's. */
export interface ArchiveInForce extends OwnArchive {
  own: ArchivedImage[];
}

/** The archives in the order in which they were asked for, a later one's names before an earlier one's. */
export function inForce(archives: readonly OwnArchive[]): ArchiveInForce[] {
  return archives.map((archive, at) => {
    const later = new Set(archives.slice(at + 1).flatMap(({ images }) => images.map(({ name }) => name)));
    return { ...archive, own: archive.images.filter(({ name }) => !later.has(name)) };
  });
}

/**
 * What a machine is to take in, in this order. An archive comes with all of its names: those of a later one that it overwrites are
 * brought again.
 */
export function lackedBy(archives: readonly OwnArchive[], noted: readonly NotedImage[]): ArchiveInForce[] {
  const overwritten = new Set<string>();
  return inForce(archives).filter(({ sha256, own, images }) => {
    const has = (name: string) =>
      noted.some((image) => image.archive === sha256 && image.name === name && image.isThere);
    if (own.every(({ name }) => has(name) && !overwritten.has(name))) return false;
    for (const { name } of images) overwritten.add(name);
    return true;
  });
}

/** Names that a machine was given and is not to have any more. */
export function unwantedOn(archives: readonly OwnArchive[], noted: readonly NotedImage[]): string[] {
  const wanted = new Set(archives.flatMap(({ images }) => images.map(({ name }) => name)));
  return noted.map(({ name }) => name).filter((name) => !wanted.has(name));
}

/** Bytes that a machine needs to take these in, one after the other: what they leave, and the most that one of them takes beside it. */
export function neededFor(archives: readonly ImageArchive[]): number {
  const left = archives.reduce((sum, { bytes }) => sum + bytes, 0);
  return left + Math.max(0, ...archives.map(({ bytes, neededBytes }) => neededBytes - bytes));
}
