import { sha256Of } from "../../../lib/checksum";
import { writeTar } from "../../../lib/tar";
import type { Architecture } from "../../../plan/versions";

/** An uncompressed layer on this computer. */
export interface Layer {
  /** Path of its tar file. */
  path: string;
  /** SHA-256 of that file, hexadecimal digits: the layer's diff id. */
  sha256: string;
}

/** What a container of the image runs unless told otherwise; as in the OCI image specification. */
export interface ImageSettings {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  User?: string;
  WorkingDir?: string;
  ExposedPorts?: Record<string, object>;
  Labels?: Record<string, string>;
}

/**
 * Writes an image as a docker-archive, which `ctr images import` and `docker load` read.
 * @param name full name with its tag.
 */
export async function writeImage(
  path: string,
  name: string,
  architecture: Architecture,
  layers: Layer[],
  settings: ImageSettings,
): Promise<void> {
  const configuration = {
    architecture,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: settings,
    rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${layer.sha256}`) },
    history: layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "kube-lab" })),
  };
  await writeDockerArchive(path, name, Buffer.from(JSON.stringify(configuration)), layers);
}

/** Writes a docker-archive of a ready configuration (kept to the byte: its digest is the image's id) and its layers. */
export async function writeDockerArchive(
  path: string,
  name: string,
  configuration: Buffer,
  layers: Layer[],
): Promise<void> {
  const configName = `${sha256Of(configuration)}.json`;
  const unique = [...new Map(layers.map((layer) => [layer.sha256, layer])).values()];
  const manifest = [
    { Config: configName, RepoTags: [name], Layers: layers.map((layer) => `${layer.sha256}.tar`) },
  ];
  await writeTar(path, [
    { path: "manifest.json", content: { bytes: Buffer.from(JSON.stringify(manifest)) } },
    { path: configName, content: { bytes: configuration } },
    ...unique.map((layer) => ({ path: `${layer.sha256}.tar`, content: { file: layer.path } })),
  ]);
}
