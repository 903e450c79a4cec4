import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { sha256Of, sha256OfFile } from "../../../lib/checksum";
import { ChecksumError, get, HttpError, saveVerified, withRetries } from "../../../lib/http";
import type { Architecture } from "../../../plan/versions";
import type { ImageSettings, Layer } from "../image/docker-archive";
import { type ImageReference, parseImageName, registryAddress } from "./image-name";

const indexTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string; variant?: string };
}

interface ImageManifest {
  config: Descriptor;
  layers: Descriptor[];
}

/** The part of an image's configuration that we read. */
export interface ImageConfiguration {
  config?: ImageSettings;
  rootfs: { diff_ids: string[] };
}

/** An image on this computer. */
export interface PulledImage {
  /** To the byte as its digest was made over it. */
  configuration: Buffer;
  settings: ImageSettings;
  layers: Layer[];
}

/**
 * Pulls an image for one architecture into a folder by the OCI distribution API, anonymously. Every digest is checked: of
 * the manifest, the configuration, and each layer both as it comes and unpacked.
 */
export async function pullImage(
  name: string,
  architecture: Architecture,
  folder: string,
  detail: (text: string) => void = () => {},
): Promise<PulledImage> {
  const registry = new Registry(parseImageName(name));
  await mkdir(folder, { recursive: true });
  const manifest = await registry.manifest(architecture);
  const configPath = join(folder, "config.json");
  await registry.blob(manifest.config, configPath);
  const configuration = await readFile(configPath);
  const parsed = JSON.parse(configuration.toString("utf8")) as ImageConfiguration;
  const diffIds = parsed.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw new Error(
      `${name}: ${manifest.layers.length} layers, but its configuration names ${diffIds.length}`,
    );
  }
  const layers: Layer[] = [];
  for (const [index, descriptor] of manifest.layers.entries()) {
    detail(`${name}: layer ${index + 1} of ${manifest.layers.length}, ${descriptor.size} bytes`);
    const packed = join(folder, `layer-${index}`);
    await registry.blob(descriptor, packed);
    layers.push(await unpackLayer(packed, descriptor.mediaType, digits(diffIds[index] ?? ""), name));
  }
  return { configuration, settings: parsed.config ?? {}, layers };
}

async function unpackLayer(packed: string, mediaType: string, diffId: string, name: string): Promise<Layer> {
  const path = `${packed}.tar`;
  if (/gzip$/.test(mediaType)) {
    await pipeline(createReadStream(packed), createGunzip(), createWriteStream(path));
    await rm(packed);
  } else if (/\.tar$/.test(mediaType)) {
    await pipeline(createReadStream(packed), createWriteStream(path));
    await rm(packed);
  } else {
    throw new Error(`${name}: layer of type ${mediaType}; known are tar and tar+gzip`);
  }
  const found = await sha256OfFile(path);
  if (found !== diffId) throw new ChecksumError(`${name}: unpacked layer`, diffId, found);
  return { path, sha256: found };
}

/** One repository of a registry, with the token that it may ask for. */
class Registry {
  private token: string | undefined;
  constructor(private readonly image: ImageReference) {}

  /** The manifest for an architecture, through the index where there is one. */
  async manifest(architecture: Architecture): Promise<ImageManifest> {
    const top = await this.json(this.image.tag, [...indexTypes, ...manifestTypes]);
    if (!("manifests" in top)) return top as ImageManifest;
    const candidates = (top as { manifests: Descriptor[] }).manifests;
    const match = candidates.find(
      ({ platform }) => platform?.os === "linux" && platform.architecture === architecture,
    );
    if (!match) throw new Error(`${this.describe()}: none for linux/${architecture}`);
    return (await this.json(match.digest, manifestTypes)) as ImageManifest;
  }

  async blob(descriptor: Descriptor, path: string): Promise<void> {
    const what = `${this.describe()} ${descriptor.digest}`;
    await withRetries(what, async () =>
      saveVerified(await this.get(`blobs/${descriptor.digest}`), path, digits(descriptor.digest), what),
    );
  }

  private async json(reference: string, types: string[]): Promise<object> {
    const what = `${this.describe()} ${reference}`;
    return withRetries(what, async () => {
      const answer = await this.get(`manifests/${reference}`, { accept: types.join(", ") });
      const bytes = Buffer.from(await answer.arrayBuffer());
      const expected = reference.startsWith("sha256:")
        ? reference
        : answer.headers.get("docker-content-digest");
      if (expected && sha256Of(bytes) !== digits(expected)) {
        throw new ChecksumError(what, digits(expected), sha256Of(bytes));
      }
      return JSON.parse(bytes.toString("utf8")) as object;
    });
  }

  private async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    const url = `${registryAddress(this.image.registry)}/v2/${this.image.repository}/${path}`;
    const authorized = (): Record<string, string> =>
      this.token ? { ...headers, authorization: `Bearer ${this.token}` } : headers;
    try {
      return await get(url, authorized());
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 401 || this.token !== undefined) throw error;
      this.token = await this.askForToken(error.headers.get("www-authenticate") ?? "");
      return get(url, authorized());
    }
  }

  /** Anonymous access as the registry's challenge says: `Bearer realm="…",service="…",scope="…"`. */
  private async askForToken(challenge: string): Promise<string> {
    const parameters = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    );
    const realm = parameters.get("realm");
    if (!/^bearer /i.test(challenge) || !realm) {
      throw new Error(`${this.describe()}: the registry wants a login that is not supported: ${challenge}`);
    }
    const url = new URL(realm);
    const service = parameters.get("service");
    if (service) url.searchParams.set("service", service);
    url.searchParams.set("scope", parameters.get("scope") ?? `repository:${this.image.repository}:pull`);
    const answer = (await (await get(url.href)).json()) as { token?: string; access_token?: string };
    const token = answer.token ?? answer.access_token;
    if (!token) throw new Error(`${url.origin}${url.pathname}: its answer has no token`);
    return token;
  }

  private describe(): string {
    return `${this.image.registry}/${this.image.repository}:${this.image.tag}`;
  }
}

function digits(digest: string): string {
  const match = /^sha256:([0-9a-f]{64})$/.exec(digest);
  if (!match?.[1]) throw new Error(`digest "${digest}": must be sha256: and 64 hexadecimal digits`);
  return match[1];
}
