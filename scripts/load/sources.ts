import { existsSync, statSync } from "node:fs";
import { constants, copyFile, mkdir, rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BadArchive, type ImageArchive } from "../../hypervisor/containers/archive-content";
import { imageNameAllowed, wholeImageName } from "../../hypervisor/containers/image-name";
import { loadedArchive } from "../../hypervisor/containers/loaded-images";
import { describeArchive, problemOf } from "../../hypervisor/containers/wanted-images";
import { filesBelow, sha256OfFile } from "../../lib/checksum";
import { type Host, onPath } from "../../lib/host";
import { type RunProcess, runProcess } from "../../lib/process";
import { writeTar } from "../../lib/tar";

/** An archive that is to be loaded, checked. */
export interface FoundArchive {
  archive: ImageArchive & { sha256: string };
  /** Where it is now. */
  file: string;
}

/** Programs that keep images on this computer, in the order in which they are asked, and how each writes one into a file. */
const ENGINES = {
  docker: (name: string, file: string) => ["image", "save", "--output", file, name],
  podman: (name: string, file: string) => [
    ...["image", "save", "--format", "docker-archive", "--quiet", "--output", file, name],
  ],
} as const;

const engineNames = Object.keys(ENGINES) as (keyof typeof ENGINES)[];

/** A local engine that was asked and has not answered by then does not run. */
const ASKING_SECONDS = 30;

/**
 * What each word stands for: a file, a folder of OCI's layout, or a name of the local docker or podman.
 * @param scratch folder for what has to be written for it, until it is kept
 * @throws Error with what is wrong with any of them: nothing was touched then
 */
export async function findSources(
  words: readonly string[],
  scratch: string,
  host: Host,
  run: RunProcess = runProcess,
): Promise<FoundArchive[]> {
  const sources: FoundArchive[] = [];
  const problems: string[] = [];
  for (const [at, word] of words.entries()) {
    try {
      const made = join(scratch, `${at}.tar`);
      const file = await archiveOf(word, made, host, run);
      // Nobody comes again for what is made for the moment.
      sources.push({ archive: await describeArchive(file, file === made ? sha256OfFile : undefined), file });
    } catch (error) {
      problems.push(problemOf("IMAGE", word, error));
    }
  }
  if (problems.length === 0) return sources;
  throw new Error(`nothing was loaded:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
}

/** @returns the file that the archive is in. @throws BadArchive */
async function archiveOf(word: string, made: string, host: Host, run: RunProcess): Promise<string> {
  if (existsSync(word)) {
    if (!statSync(word).isDirectory()) return resolve(word);
    await archiveLayout(word, made);
    return made;
  }
  if (wholeImageName(word) === undefined || /\.(tar|tgz|gz|oci)$/.test(word))
    throw new BadArchive(
      "there is no such file or folder, and it is no name of an image",
      `give a file or a folder that is there, or a name ${imageNameAllowed}`,
    );
  await saveFromEngine(word, made, host, run);
  return made;
}

/** A folder of OCI's layout as an archive: the same folder gives the same bytes. */
async function archiveLayout(folder: string, file: string): Promise<void> {
  if (!existsSync(join(folder, "oci-layout")))
    throw new BadArchive(
      "it is a folder without the file oci-layout",
      "give a folder that skopeo, buildah or buildx has written in OCI's layout",
    );
  const paths = await filesBelow(folder);
  await writeTar(
    file,
    paths.map((path) => ({ path, content: { file: join(folder, path) } })),
  );
}

/** @throws BadArchive where no engine has it, with what each says */
async function saveFromEngine(name: string, file: string, host: Host, run: RunProcess): Promise<void> {
  const refusals: string[] = [];
  for (const engine of engineNames) {
    const program = onPath(host, engine);
    if (program === undefined) {
      refusals.push(`${engine} is not installed`);
      continue;
    }
    const asked = await run(program, ["image", "inspect", name], { timeoutSeconds: ASKING_SECONDS });
    if (asked.status !== 0) {
      const said = asked.timedOut
        ? `no answer in ${ASKING_SECONDS} s`
        : asked.stderr.trim().split("\n").at(-1);
      refusals.push(`${engine} says: ${said || asked.startError || `status ${asked.status}`}`);
      continue;
    }
    const saved = await run(program, ENGINES[engine](name, file), {});
    if (saved.status === 0) return;
    refusals.push(`${engine} could not save it: ${saved.stderr.trim().split("\n").at(-1)}`);
  }
  throw new BadArchive(
    `there is no file of that name, and no image: ${refusals.join("; ")}`,
    `docker pull ${name} or docker build --tag ${name} … first, or give a file`,
  );
}

/** Keeps an archive beside the lab's others, under the name of its content. */
export async function keepArchive(
  project: string,
  stack: string,
  { file, archive }: FoundArchive,
): Promise<void> {
  const kept = join(project, loadedArchive(stack, archive.sha256));
  if (existsSync(kept)) return;
  await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
  // On file systems that can, a copy takes no space.
  await copyFile(file, `${kept}.part`, constants.COPYFILE_FICLONE);
  await rename(`${kept}.part`, kept);
}
