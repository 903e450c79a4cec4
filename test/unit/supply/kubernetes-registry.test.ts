import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { downloadWithPublishedChecksum } from "../../../lib/http";
import { writeTar } from "../../../lib/tar";
import { writeDockerArchive } from "../../../supply/kubernetes/image/docker-archive";
import { parseImageName, registryAddress } from "../../../supply/kubernetes/official/image-name";
import { pullImage } from "../../../supply/kubernetes/official/registry";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
let server: Server;
let host: string;
let handler: Handler;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-registry-"));
  server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const digest = (bytes: Buffer): string => `sha256:${sha256(bytes)}`;

interface Registry {
  objects: Map<string, Buffer>;
  requests: string[];
  configuration: Buffer;
  layer: Buffer;
  packed: Buffer;
}

/** A registry with one image of one gzip layer, behind an index and an anonymous token. */
async function serveImage(change: (registry: Registry) => void = () => {}): Promise<Registry> {
  const layerPath = join(folder, "source.tar");
  await writeTar(layerPath, [{ path: "flannel", content: { bytes: Buffer.from("a program") }, mode: 0o755 }]);
  const layer = readFileSync(layerPath);
  const packed = gzipSync(layer);
  const configuration = Buffer.from(
    JSON.stringify({ config: { User: "7" }, rootfs: { type: "layers", diff_ids: [digest(layer)] } }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest: digest(configuration),
        size: 1,
      },
      layers: [
        {
          mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
          digest: digest(packed),
          size: packed.length,
        },
      ],
    }),
  );
  const entry = (architecture: string, of: string) => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: of,
    size: 1,
    platform: { os: "linux", architecture },
  });
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      manifests: [entry("arm64", digest(layer)), entry("amd64", digest(manifest))],
    }),
  );
  const registry: Registry = {
    objects: new Map([
      ["manifests/v1", index],
      [`manifests/${digest(manifest)}`, manifest],
      [`blobs/${digest(configuration)}`, configuration],
      [`blobs/${digest(packed)}`, packed],
    ]),
    requests: [],
    configuration,
    layer,
    packed,
  };
  change(registry);
  handler = (request, response) => {
    const url = request.url ?? "";
    registry.requests.push(url);
    if (url.startsWith("/token?")) return void response.end(JSON.stringify({ token: "anonymous" }));
    if (request.headers.authorization !== "Bearer anonymous") {
      const challenge = `Bearer realm="http://${host}/token",service="test",scope="repository:a/b:pull"`;
      return void response.writeHead(401, { "www-authenticate": challenge }).end();
    }
    const found = registry.objects.get(url.replace("/v2/a/b/", ""));
    response.writeHead(found ? 200 : 404).end(found);
  };
  return registry;
}

describe("pullImage", () => {
  test("asks for a token, takes the architecture's manifest, checks and unpacks", async () => {
    const registry = await serveImage();
    const image = await pullImage(`${host}/a/b:v1`, "amd64", join(folder, "pulled"));
    expect(registry.requests).toContain("/token?service=test&scope=repository%3Aa%2Fb%3Apull");
    expect(image.configuration).toEqual(registry.configuration);
    expect(image.settings).toEqual({ User: "7" });
    expect(image.layers.map((layer) => layer.sha256)).toEqual([sha256(registry.layer)]);
    const archive = join(folder, "image.tar");
    await writeDockerArchive(archive, "ghcr.io/a/b:v1", image.configuration, image.layers);
    const tar = (...args: string[]) => execFileSync("tar", args);
    const [manifest] = JSON.parse(tar("-xOf", archive, "manifest.json").toString());
    expect(manifest).toEqual({
      Config: `${sha256(registry.configuration)}.json`,
      RepoTags: ["ghcr.io/a/b:v1"],
      Layers: [`${sha256(registry.layer)}.tar`],
    });
    expect(tar("-xOf", archive, manifest.Layers[0])).toEqual(registry.layer);
  });

  test("a blob with other content than its digest is refused, three times, and not kept", async () => {
    const registry = await serveImage(({ objects, packed }) =>
      objects.set(`blobs/${digest(packed)}`, gzipSync("evil")),
    );
    await expect(pullImage(`${host}/a/b:v1`, "amd64", join(folder, "pulled"))).rejects.toThrow(
      /SHA-256 is .* published is/,
    );
    expect(registry.requests.filter((url) => url.endsWith(digest(registry.packed)))).toHaveLength(3);
    expect(existsSync(join(folder, "pulled", "layer-0"))).toBe(false);
  });

  test("a manifest with another digest than the index says is refused", async () => {
    await serveImage(({ objects }) => {
      const [, manifest] = [...objects.keys()];
      objects.set(manifest ?? "", Buffer.from("{}"));
    });
    await expect(pullImage(`${host}/a/b:v1`, "amd64", join(folder, "pulled"))).rejects.toThrow(/SHA-256 is/);
  });

  test("a layer that unpacks to something else than the configuration's diff id is refused", async () => {
    await serveImage(({ objects }) => {
      // Consistent digests all the way, but the configuration names another layer.
      const other = Buffer.from(JSON.stringify({ rootfs: { diff_ids: [digest(Buffer.from("other"))] } }));
      for (const [name, bytes] of [...objects]) {
        if (name.startsWith("manifests/sha256:")) {
          const manifest = JSON.parse(bytes.toString());
          manifest.config.digest = digest(other);
          const changed = Buffer.from(JSON.stringify(manifest));
          objects.set("manifests/v1", changed);
        }
      }
      objects.set(`blobs/${digest(other)}`, other);
    });
    await expect(pullImage(`${host}/a/b:v1`, "amd64", join(folder, "pulled"))).rejects.toThrow(
      /unpacked layer/,
    );
  });

  test("says when there is no image for the architecture, and what a refusal was", async () => {
    await serveImage(({ objects }) => objects.set("manifests/v1", Buffer.from('{"manifests":[]}')));
    await expect(pullImage(`${host}/a/b:v1`, "amd64", folder)).rejects.toThrow(
      /a\/b:v1: none for linux\/amd64/,
    );
    await expect(pullImage(`${host}/a/b:v2`, "amd64", folder)).rejects.toThrow(
      /manifests\/v2: HTTP status 404/,
    );
  });

  test("a server's passing trouble is tried again", async () => {
    await serveImage();
    const good = handler;
    let troubles = 2;
    handler = (request, response) => {
      if (request.url?.includes("/blobs/") && troubles-- > 0) return void response.writeHead(503).end();
      good(request, response);
    };
    await expect(pullImage(`${host}/a/b:v1`, "amd64", folder)).resolves.toMatchObject({
      settings: { User: "7" },
    });
  });
});

describe("downloadWithPublishedChecksum", () => {
  const serve = (checksum: string): void => {
    handler = (request, response) => void response.end(request.url === "/kubectl" ? "program" : checksum);
  };

  test("keeps a file whose checksum holds, with or without a name behind it", async () => {
    const good = sha256(Buffer.from("program"));
    for (const published of [good, `${good}  kubectl\n`]) {
      serve(published);
      await downloadWithPublishedChecksum(`http://${host}/kubectl`, join(folder, "kubectl"));
      expect(readFileSync(join(folder, "kubectl"), "utf8")).toBe("program");
    }
  });

  test("refuses and removes one whose checksum does not hold, or that has none", async () => {
    serve("0".repeat(64));
    const path = join(folder, "kubectl");
    await expect(downloadWithPublishedChecksum(`http://${host}/kubectl`, path)).rejects.toThrow(/SHA-256 is/);
    expect(existsSync(path)).toBe(false);
    serve("<html>");
    await expect(downloadWithPublishedChecksum(`http://${host}/kubectl`, path)).rejects.toThrow(
      /no SHA-256 in it/,
    );
  });
});

test("image names are taken apart, and registries found", () => {
  expect(parseImageName("registry.k8s.io/coredns/coredns:v1.14.2")).toEqual({
    registry: "registry.k8s.io",
    repository: "coredns/coredns",
    tag: "v1.14.2",
  });
  expect(() => parseImageName("pause")).toThrow(/must be REGISTRY\/REPOSITORY:TAG/);
  expect(registryAddress("docker.io")).toBe("https://registry-1.docker.io");
  expect(registryAddress("registry.k8s.io")).toBe("https://registry.k8s.io");
  expect(registryAddress("127.0.0.1.example.org")).toBe("https://127.0.0.1.example.org");
});
