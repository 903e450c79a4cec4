import { z } from "zod";
import { wholeImageName } from "./image-name";

/** An archive that cannot be loaded, and why, one clause. */
export class BadArchive extends Error {
  /** @param fix what to do about it, where that is not to make the archive again */
  constructor(
    message: string,
    readonly fix?: string,
  ) {
    super(message);
  }
}

/** One name that an archive brings. */
export interface ArchivedImage {
  /** Whole: `docker.io/library/shop:1`. */
  name: string;
  /** Of its manifest or index, `sha256:…`, in an archive of OCI's layout; elsewhere the machine makes the manifest itself. */
  digest?: string;
}

/** What an archive brings to a machine. */
export interface ImageArchive {
  /** Of its content, unpacked. */
  bytes: number;
  /** Space that a machine needs while it takes it in, bytes: an estimate, rather too much than too little. */
  neededBytes: number;
  images: ArchivedImage[];
}

/** What is there of an image twice while it is unpacked: its archive, and its files. */
const UNPACKED = 2;

/** Layers that are packed grow to about three times their size. */
const PACKED = 4;

const list = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }),
);
const descriptor = z.object({
  mediaType: z.string().optional(),
  digest: z.string(),
  annotations: z.record(z.string(), z.string()).nullish(),
  platform: z.object({ architecture: z.string(), os: z.string() }).optional(),
});
const index = z.object({ manifests: z.array(descriptor) });
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const configuration = z.object({ architecture: z.string(), os: z.string() });

type Descriptor = z.infer<typeof descriptor>;

/** The names by which docker, containerd and others say whose image a manifest of an index is. */
const NAME_ANNOTATIONS = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/**
 * The images of an archive.
 * @param documents JSON files of the archive by their paths
 * @param bytes of the archive's content
 * @throws BadArchive
 */
export function imagesIn(
  documents: ReadonlyMap<string, Buffer>,
  bytes: number,
  architecture: string,
): Pick<ImageArchive, "images" | "neededBytes"> {
  const read = new Documents(documents, architecture);
  const { images, packed } = documents.has("index.json")
    ? imagesOfLayout(read)
    : { images: imagesOfDocker(read), packed: false };
  if (images.length === 0)
    throw new BadArchive(
      "its images have no name",
      "save the image by its name: docker save NAME:TAG -o FILE",
    );
  return { images, neededBytes: bytes * (packed ? PACKED : UNPACKED) };
}

/** The documents, read and checked one by one. */
class Documents {
  constructor(
    private readonly documents: ReadonlyMap<string, Buffer>,
    private readonly architecture: string,
  ) {}

  has(path: string): boolean {
    return this.documents.has(path);
  }

  /** @throws BadArchive where it is not there or is something else. */
  read<T>(path: string, shape: z.ZodType<T>): T {
    const content = this.documents.get(path);
    if (content === undefined) throw new BadArchive(`${path} is missing in it`);
    try {
      return shape.parse(JSON.parse(content.toString("utf8")));
    } catch {
      throw new BadArchive(`its ${path} is not what an archive of images has there`);
    }
  }

  fits({ architecture, os }: { architecture: string; os: string }): boolean {
    return architecture === this.architecture && os === "linux";
  }

  refuse(what: string, found: readonly { architecture: string; os: string }[]): never {
    const platforms = [...new Set(found.map(({ architecture, os }) => `${os}/${architecture}`))].join(", ");
    throw new BadArchive(
      `${what} is for ${platforms || "no platform"}; the lab's machines are linux/${this.architecture}`,
      `build or pull it for them: docker build --platform linux/${this.architecture} …, docker pull --platform linux/${this.architecture} …`,
    );
  }
}

/** What `docker save` of before version 25 and `podman save` write. */
function imagesOfDocker(documents: Documents): ArchivedImage[] {
  if (!documents.has("manifest.json"))
    throw new BadArchive(
      "it is no archive of images: neither manifest.json nor index.json is in it",
      "make one by docker save, podman save or skopeo copy",
    );
  return documents.read("manifest.json", list).flatMap(({ Config, RepoTags }) => {
    const platform = documents.read(Config.replace(/^\.\//, ""), configuration);
    const names = RepoTags ?? [];
    if (!documents.fits(platform)) documents.refuse(names[0] ?? Config, [platform]);
    return names.map((name) => ({ name: whole(name) }));
  });
}

/** OCI's layout. Source: opencontainers/image-spec, image-layout.md. */
function imagesOfLayout(documents: Documents): { images: ArchivedImage[]; packed: boolean } {
  let packed = false;
  const byName = new Map<string, Descriptor[]>();
  for (const entry of documents.read("index.json", index).manifests) {
    const name = NAME_ANNOTATIONS.flatMap((key) => entry.annotations?.[key] ?? [])[0];
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), entry]);
  }
  const images = [...byName].map(([name, entries]): ArchivedImage => {
    const candidates = entries.flatMap((entry) => platformsOf(documents, entry));
    const chosen = candidates.find(({ platform }) => documents.fits(platform));
    if (chosen === undefined)
      return documents.refuse(
        name,
        candidates.map(({ platform }) => platform),
      );
    packed ||= chosen.packed;
    return { name: whole(name), digest: chosen.digest };
  });
  return { images, packed };
}

interface Candidate {
  platform: { architecture: string; os: string };
  /** Of what the name is of: the manifest, or the index that it is in. */
  digest: string;
  packed: boolean;
}

/** For which platforms a descriptor has an image in the archive; what an index has beside them, as signatures, counts nothing. */
function platformsOf(documents: Documents, entry: Descriptor): Candidate[] {
  const path = blob(entry.digest);
  if (!isIndex(entry)) return [candidate(documents, entry, entry.digest)];
  return documents
    .read(path, index)
    .manifests.filter((inner) => documents.has(blob(inner.digest)) && inner.platform?.os !== "unknown")
    .map((inner) => candidate(documents, inner, entry.digest));
}

function candidate(documents: Documents, entry: Descriptor, digest: string): Candidate {
  const { config, layers } = documents.read(blob(entry.digest), manifest);
  const platform = documents.read(blob(config.digest), configuration);
  return { platform, digest, packed: layers.some(({ mediaType = "" }) => /gzip|zstd/.test(mediaType)) };
}

/** An index of manifests, or docker's list of them. */
function isIndex({ mediaType = "" }: Descriptor): boolean {
  return mediaType.includes("image.index") || mediaType.includes("manifest.list");
}

function blob(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function whole(name: string): string {
  // Of a layout: a tag alone names nothing.
  const found = /[/:]/.test(name) ? wholeImageName(name) : undefined;
  if (found === undefined)
    throw new BadArchive(
      `its image's name is ${JSON.stringify(name)}, which is no whole name`,
      "save it by its name: docker save NAME:TAG -o FILE, skopeo copy … docker-archive:FILE:NAME:TAG",
    );
  return found;
}
