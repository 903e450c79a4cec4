// A registry of one image under any name, by TLS: node registry.cjs FOLDER, which has tls.json {key, cert} and
// an archive of `docker save`, unpacked. Names that begin with private/ want that login, as "Basic …". Says on each request's line what it
// was asked, never with what. Listens on 5443. The login is in a file of memory, which its starter removes.
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:https");
const { join } = require("node:path");

const folder = process.argv[2];
const read = (name) => readFileSync(join(folder, name));
const login = JSON.parse(readFileSync("/dev/shm/kube-lab-registry-login.json", "utf8")).private;
const [image] = JSON.parse(read("manifest.json"));
const digestOf = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const blobs = new Map();
const blob = (name, mediaType) => {
  const bytes = read(name);
  blobs.set(digestOf(bytes), bytes);
  return { mediaType, size: bytes.length, digest: digestOf(bytes) };
};
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: blob(image.Config, "application/vnd.oci.image.config.v1+json"),
    layers: image.Layers.map((layer) => blob(layer, "application/vnd.oci.image.layer.v1.tar")),
  }),
);

createServer(JSON.parse(read("tls.json")), (request, answer) => {
  const [, name = "", kind, reference = ""] =
    /^\/v2\/(?:(.+)\/(manifests|blobs)\/([^/?]+))?/.exec(request.url) ?? [];
  const refused = name.startsWith("private/") && request.headers.authorization !== login;
  const bytes = kind === "manifests" ? manifest : blobs.get(reference);
  const status = refused ? 401 : kind !== undefined && bytes === undefined ? 404 : 200;
  console.log(`${request.method} ${request.url} ${status}`);
  answer.writeHead(status, {
    ...(refused && { "www-authenticate": 'Basic realm="lab"' }),
    ...(status === 200 &&
      bytes && { "content-length": bytes.length, "docker-content-digest": digestOf(bytes) }),
    "content-type": kind === "manifests" ? JSON.parse(manifest).mediaType : "application/octet-stream",
  });
  answer.end(status === 200 && request.method === "GET" ? bytes : undefined);
}).listen(5443, () => console.log("listening"));
