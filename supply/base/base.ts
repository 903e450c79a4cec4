import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../../lib/cache";
import { withLock } from "../../lib/lock";
import type { Log } from "../../lib/progress";
import { run as runProgram } from "../../lib/run";
import { withTemporaryFolder } from "../../lib/temporary-folder";
import type { DiskLayout } from "../../plan/lab-plan";
import { type BuildHost, hostFacts, hostProblems } from "./host";
import { type BaseInputs, readInputs } from "./inputs";
import { bootableDisk, filledDisk, type Run, removeOtherStages, rootArchive, type Workplace } from "./stages";

/** Which base disk is wanted. */
export interface BaseOptions {
  /** Folder of a complete Kubernetes bundle, see supply/kubernetes. */
  bundle: string;
  /** Size of the machines' root disk; it is sparse. Default 30. */
  rootDiskGiB?: number;
  /** Default is plain. */
  layout?: DiskLayout;
  /** Default is the user's cache folder of kube-lab. */
  cache?: string;
  /** Folder of the project; default is the current one. */
  project?: string;
  /** Receives lines of progress; default is standard output. */
  report?: Log;
  /** For tests. */
  run?: Run;
  /** For tests. */
  host?: BuildHost;
}

/** A finished base disk: raw, boots from BIOS. */
export interface BuiltDisk {
  /** Hex SHA-256 of all that went in. */
  hash: string;
  /** Full path of the raw image. */
  disk: string;
  /** False when it was there already. */
  built: boolean;
}

/** Of the folders that a build works in. */
const WORK_PREFIX = ".work-";

const lockWaitSeconds = 3600;
const lockStaleSeconds = 60;
/** Written last: a folder without it is not complete. */
const baseRecordFile = "base.json";

/**
 * Makes sure that the base disk for a bundle is there: Debian with all packages of cloud-init/image/packages.txt, prepared
 * by cloud-init/image/prepare.sh. The same inputs give the same disk out of the cache; other inputs a disk beside it, from
 * the first stage on that they change.
 * @throws Error with every reason and its remedy when this computer cannot build one, or with the end of a stage's output
 */
export async function ensureBase(options: BaseOptions): Promise<BuiltDisk> {
  const { project = process.cwd(), bundle, rootDiskGiB = 30, layout = "plain" } = options;
  const inputs = await readInputs({ project, bundle, rootDiskGiB, layout });
  const parent = baseParent(options.cache);
  const found = finished(parent, inputs);
  if (found) return found;
  const problems = hostProblems(options.host ?? hostFacts(), layout);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  await mkdir(parent, { recursive: true });
  return withBases(
    parent,
    options.report ?? console.log,
    async () => finished(parent, inputs) ?? (await build(parent, inputs, options)),
  );
}

/** Folder that holds all base disks, each in a folder named by its hash. */
export function baseParent(cache: string = cacheFolder()): string {
  return join(cache, "base");
}

/** Folder for the results of stages, of use to the next build only. */
export function stagesFolder(parent: string): string {
  return join(parent, "stages");
}

function finished(parent: string, { hashes: { base } }: BaseInputs): BuiltDisk | undefined {
  const folder = join(parent, base);
  return existsSync(join(folder, baseRecordFile))
    ? { hash: base, disk: join(folder, "disk.img"), built: false }
    : undefined;
}

async function build(parent: string, inputs: BaseInputs, options: BaseOptions): Promise<BuiltDisk> {
  const { report = console.log, run = runProgram } = options;
  await removeUnfinished(parent);
  // Scripts die with this program by themselves, and what they leave goes with the folder.
  return withTemporaryFolder(parent, WORK_PREFIX, async (work) => {
    const place: Workplace = { stages: stagesFolder(parent), work, exists: existsSync, run, log: report };
    const began = Date.now();
    // apt reaches into it as a user of its own.
    await chmod(work, 0o755);
    const archive = await rootArchive(inputs, place);
    const bootable = await bootableDisk(inputs, archive, place);
    const disk = await filledDisk(inputs, bootable, place);
    const seconds = Math.round((Date.now() - began) / 100) / 10;
    const base = await publish(parent, inputs, disk, seconds);
    await removeOtherStages(place, await readdir(place.stages), inputs.layout, [archive, bootable]);
    report(
      `base disk: ready in ${seconds} s, ${Math.round((await storedBytes(base.disk)) / 2 ** 20)} MiB: ${base.disk}`,
    );
    return base;
  });
}

/** The disk gets its final place together with the record, in one step. */
async function publish(
  parent: string,
  inputs: BaseInputs,
  disk: string,
  seconds: number,
): Promise<BuiltDisk> {
  const { hashes, packages, rootDiskGiB, layout } = inputs;
  const folder = join(parent, hashes.base);
  const ready = join(disk, "..", "ready");
  await mkdir(ready);
  await rename(disk, join(ready, "disk.img"));
  const record = {
    format: 1,
    hashes,
    rootDiskGiB,
    layout,
    packages,
    built: new Date().toISOString(),
    seconds,
  };
  await writeFile(join(ready, baseRecordFile), `${JSON.stringify(record, null, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(ready, folder);
  return { hash: hashes.base, disk: join(folder, "disk.img"), built: true };
}

/** What a build that was killed has left behind. Only under the lock: no other build is at work then. */
async function removeUnfinished(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(WORK_PREFIX));
  await Promise.all(names.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

/** Bytes that a sparse file takes. */
export async function storedBytes(file: string): Promise<number> {
  return (await stat(file)).blocks * 512;
}

/** The record of a finished disk's folder; undefined for anything else. */
export async function readBaseRecord(
  folder: string,
): Promise<{ built: string; rootDiskGiB: number; layout?: DiskLayout } | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, baseRecordFile), "utf8"));
  } catch {
    return undefined;
  }
}

/** Runs what makes or removes base disks: only one process at a time does. @param boundSeconds how long it waits for another */
export async function withBases<T>(
  parent: string,
  log: Log,
  work: () => Promise<T>,
  boundSeconds = lockWaitSeconds,
): Promise<T> {
  return withLock(
    parent,
    { log, what: "the base disks", boundSeconds, staleSeconds: lockStaleSeconds },
    work,
  );
}
