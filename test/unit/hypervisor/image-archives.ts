import { writeFileSync } from "node:fs";
import path from "node:path";
import { sha256Of } from "../../../lib/checksum";
import { tarOf } from "../../../lib/tar";

type Files = { path: string; mode: number; content: string }[];

const file = (name: string, content: string) => ({ path: name, mode: 0o644, content });
const json = (name: string, content: unknown) => file(name, JSON.stringify(content));

/** An archive as `docker save` of before version 25 writes it. */
export function dockerArchive(
  names: readonly string[] | null,
  platform = { architecture: "amd64", os: "linux" },
): Files {
  const image = { Config: "c0ffee.json", RepoTags: names, Layers: ["layer.tar"] };
  return [
    json("c0ffee.json", { ...platform, rootfs: {} }),
    file("layer.tar", "a layer".repeat(100)),
    json("manifest.json", [image]),
  ];
}

interface LayoutImage {
  annotations: Record<string, string>;
  /** One manifest for each; more than one are in an index. */
  architectures: string[];
  packed?: boolean;
}

/** A descriptor of a blob, which is put into the layout's files. */
function blob(files: Files, mediaType: string, content: string) {
  const hex = sha256Of(content);
  if (!files.some(({ path: name }) => name.endsWith(hex))) files.push(file(`blobs/sha256/${hex}`, content));
  return { mediaType, digest: `sha256:${hex}`, size: content.length };
}

/** Files of OCI's layout, the index first: what it names comes after it. */
export function ociLayout(images: readonly LayoutImage[]): Files {
  const files: Files = [];
  const manifestFor = (architecture: string, packed: boolean) => {
    const config = blob(files, "config", JSON.stringify({ architecture, os: "linux" }));
    const type = `application/vnd.oci.image.layer.v1.tar${packed ? "+gzip" : ""}`;
    const layers = [blob(files, type, `a layer for ${architecture}`)];
    const manifest = blob(
      files,
      "application/vnd.oci.image.manifest.v1+json",
      JSON.stringify({ config, layers }),
    );
    return { ...manifest, platform: { architecture, os: "linux" } };
  };
  const manifests = images.map(({ annotations, architectures, packed = false }) => {
    const all = architectures.map((architecture) => manifestFor(architecture, packed));
    const [only] = all;
    // What buildx adds to each image: where it comes from.
    const attestation = { ...only, platform: { architecture: "unknown", os: "unknown" } };
    const whole = () =>
      blob(
        files,
        "application/vnd.oci.image.index.v1+json",
        JSON.stringify({ manifests: [...all, attestation] }),
      );
    return { ...(all.length === 1 && only ? only : whole()), annotations };
  });
  return [json("index.json", { manifests }), json("oci-layout", { imageLayoutVersion: "1.0.0" }), ...files];
}

/** @returns the archive's path */
export function written(folder: string, name: string, files: Files): string {
  const target = path.join(folder, name);
  writeFileSync(target, tarOf(files));
  return target;
}
