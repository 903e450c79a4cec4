import { join } from "node:path";
import { type TarEntry, writeTar } from "../../../lib/tar";
import type { Architecture } from "../../../plan/versions";
import { type ImageSettings, type Layer, writeImage } from "./docker-archive";

/** A program in an image. */
export interface ImageProgram {
  /** Path of the program on this computer. */
  file: string;
  /** Its path in the image, without the leading `/`. */
  path: string;
  xattrs?: Record<string, Buffer>;
}

/** An image of a few static programs, on other layers or on nothing. */
export interface ProgramImage {
  name: string;
  programs: ImageProgram[];
  bases?: Layer[];
  settings: ImageSettings;
}

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Writes the image; its own layer is made in `scratch`. */
export async function writeProgramImage(
  path: string,
  scratch: string,
  architecture: Architecture,
  image: ProgramImage,
): Promise<void> {
  const layerPath = join(scratch, "layer.tar");
  const root = image.bases ? [] : minimalRoot();
  const written = await writeTar(layerPath, [...root, ...programEntries(image.programs)]);
  const layers = [...(image.bases ?? []), { path: layerPath, sha256: written.sha256 }];
  await writeImage(path, image.name, architecture, layers, { Env: [searchPath], ...image.settings });
}

/** What programs expect of a root file system: names for root and nonroot, name service order, a place for temporary files. */
function minimalRoot(): TarEntry[] {
  const text = (path: string, content: string): TarEntry => ({
    path,
    content: { bytes: Buffer.from(content) },
  });
  return [
    { path: "tmp", content: { directory: true }, mode: 0o1777 },
    { path: "etc", content: { directory: true } },
    text(
      "etc/passwd",
      "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n",
    ),
    text("etc/group", "root:x:0:\nnonroot:x:65532:\n"),
    text("etc/nsswitch.conf", "hosts: files dns\n"),
  ];
}

function programEntries(programs: ImageProgram[]): TarEntry[] {
  const folders = new Set<string>();
  for (const { path } of programs) {
    const parts = path.split("/").slice(0, -1);
    for (const index of parts.keys()) folders.add(parts.slice(0, index + 1).join("/"));
  }
  return [
    ...[...folders].sort().map((path): TarEntry => ({ path, content: { directory: true } })),
    ...programs.map(
      (program): TarEntry => ({
        path: program.path,
        content: { file: program.file },
        mode: 0o755,
        ...(program.xattrs ? { xattrs: program.xattrs } : {}),
      }),
    ),
  ];
}
