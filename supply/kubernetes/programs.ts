import { createReadStream, existsSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../../lib/cache";
import { tarMembers } from "../../lib/tar-reading";
import { bundleFolder, hostArchitecture } from "./bundle";

/** A program of Kubernetes in the bundle of a release, for this computer's architecture. */
export interface BundledProgram {
  /** Changes when the program does. */
  identity: string;
  /** Puts it into a folder, to be run there. @returns its path */
  unpack: (folder: string) => Promise<string>;
}

/** Layers and programs are large, and one at a time is in memory; what is larger than this is neither. */
const LARGEST = 512 << 20;

/** @returns undefined where the bundle has been removed, or was never made here: Linux' programs run nowhere else */
export async function bundledProgram(
  name: "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kubelet",
  version: string,
  cache = cacheFolder(),
): Promise<BundledProgram | undefined> {
  if (process.platform !== "linux") return undefined;
  const folder = bundleFolder(cache, version, hostArchitecture());
  const file = name === "kubelet" ? join(folder, "bin", name) : join(folder, "images", `${name}.tar`);
  if (!existsSync(file)) return undefined;
  const { size, mtimeMs } = await stat(file);
  const identity = `${name} ${version} ${size} ${mtimeMs}`;
  if (name === "kubelet") return { identity, unpack: async () => file };
  return {
    identity,
    unpack: async (scratch) => {
      const path = join(scratch, name);
      await writeFile(path, await programIn(file, name), { mode: 0o700 });
      return path;
    },
  };
}

/** The program of an image's archive, in whichever layer and folder it is. */
async function programIn(archive: string, name: string): Promise<Buffer> {
  const layers = tarMembers(createReadStream(archive), ({ path, size }) => isLayer(path) && size < LARGEST);
  for await (const { content } of layers) {
    if (content === undefined) continue;
    const files = tarMembers(
      piecesOf(content),
      ({ path, size }) => path.endsWith(`/${name}`) && size < LARGEST,
    );
    for await (const file of files) if (file.content !== undefined) return file.content;
  }
  throw new Error(`${archive}: there is no program ${name} in it`);
}

function isLayer(path: string): boolean {
  return path.endsWith(".tar") || path.startsWith("blobs/");
}

async function* piecesOf(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}
