import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { writeTar } from "../../../lib/tar";
import { componentVersions, imageNames } from "../../../plan/versions";
import { gatewayApiFiles } from "../../../supply/kubernetes/gateway-api";
import { officialComponents } from "../../../supply/kubernetes/official/components";

const versions = componentVersions("1.36.3");
const digest = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

let folder: string;
let web: Map<string, Buffer>;
let fetched: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-official-"));
  web = new Map();
  fetched = [];
  jest.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = String(input);
    fetched.push(url);
    const found = web.get(url);
    return new Response(found ? new Uint8Array(found) : null, { status: found ? 200 : 404 });
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A release's file with its checksum beside it. */
function release(url: string, content: Buffer): void {
  web.set(url, content);
  web.set(`${url}.sha256`, Buffer.from(digest(content).slice("sha256:".length)));
}

/** An image of one layer with the given files, without an index. */
async function image(name: string, files: Record<string, string>): Promise<void> {
  const path = join(folder, "layer.tar");
  await writeTar(
    path,
    Object.entries(files).map(([file, text]) => ({ path: file, content: { bytes: Buffer.from(text) } })),
  );
  const layer = readFileSync(path);
  const packed = gzipSync(layer);
  const configuration = Buffer.from(JSON.stringify({ rootfs: { diff_ids: [digest(layer)] } }));
  const manifest = {
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digest(configuration) },
    layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", digest: digest(packed) }],
  };
  const [, registry, repository, tag] = /^([^/]+)\/(.+):(.+)$/.exec(name) ?? [];
  const base = `https://${registry}/v2/${repository}`;
  web.set(`${base}/manifests/${tag}`, Buffer.from(JSON.stringify(manifest)));
  web.set(`${base}/blobs/${digest(configuration)}`, configuration);
  web.set(`${base}/blobs/${digest(packed)}`, packed);
}

function archive(name: string, files: Record<string, string>): Buffer {
  const content = join(folder, `content-${name}`);
  mkdirSync(content);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(content, file), text);
  return execFileSync("tar", ["-czf", "-", "-C", content, "."]);
}

async function build(name: string): Promise<{ images: string[]; stage: string }> {
  const component = officialComponents(join(folder, "modules")).find((part) => part.name === name);
  if (!component) throw new Error(`no component ${name}`);
  const [stage, scratch] = [join(folder, "stage"), join(folder, "scratch")];
  mkdirSync(stage);
  mkdirSync(scratch);
  const silent = (): void => {};
  const context = {
    versions,
    architecture: "amd64" as const,
    bundle: folder,
    modules: folder,
    stage,
    scratch,
  };
  return { ...(await component.build({ ...context, log: silent, detail: silent })), stage };
}

test("Kubernetes: programs from dl.k8s.io, images from the registry, under kubeadm's names", async () => {
  for (const program of ["kubeadm", "kubelet", "kubectl"]) {
    release(`https://dl.k8s.io/release/v1.36.3/bin/linux/amd64/${program}`, Buffer.from(program));
  }
  const programs = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"] as const;
  for (const program of programs) await image(imageNames(versions)[program], { [program]: program });
  const { images, stage } = await build("kubernetes");
  expect(images).toEqual(programs.map((program) => `registry.k8s.io/${program}:v1.36.3`));
  expect(readdirSync(join(stage, "bin")).sort()).toEqual(["kubeadm", "kubectl", "kubelet"]);
  const path = join(stage, "images", "kube-proxy.tar");
  const [manifest] = JSON.parse(execFileSync("tar", ["-xOf", path, "manifest.json"], { encoding: "utf8" }));
  expect(manifest.RepoTags).toEqual(["registry.k8s.io/kube-proxy:v1.36.3"]);
});

test("etcd: its tools come out of its image", async () => {
  const tools = {
    "usr/local/bin/etcdctl": "ctl",
    "usr/local/bin/etcdutl": "utl",
    "usr/local/bin/etcd": "etcd",
  };
  await image("registry.k8s.io/etcd:3.6.8-0", tools);
  const { stage } = await build("etcd");
  expect(readFileSync(join(stage, "bin", "etcdctl"), "utf8")).toBe("ctl");
  expect(readFileSync(join(stage, "bin", "etcdutl"), "utf8")).toBe("utl");
});

test("flannel: image and plugin", async () => {
  await image("ghcr.io/flannel-io/flannel:v0.28.4", { "opt/bin/flanneld": "daemon" });
  await image("ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel1", { flannel: "plugin" });
  const { images, stage } = await build("flannel");
  expect(images).toEqual(["ghcr.io/flannel-io/flannel:v0.28.4"]);
  expect(readFileSync(join(stage, "cni", "flannel"), "utf8")).toBe("plugin");
});

test("an image without the wanted file is an error with its name", async () => {
  await image("registry.k8s.io/etcd:3.6.8-0", { "usr/local/bin/etcd": "etcd" });
  await expect(build("etcd")).rejects.toThrow("registry.k8s.io/etcd:3.6.8-0: has no /usr/local/bin/etcdctl");
});

test("CNI plugins: all programs of the release, none of its papers", async () => {
  release(
    "https://github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz",
    archive("cni", { bridge: "b", "host-local": "h", LICENSE: "l", "README.md": "r" }),
  );
  const { stage } = await build("cni-plugins");
  expect(readdirSync(join(stage, "cni")).sort()).toEqual(["bridge", "host-local"]);
});

test("crictl", async () => {
  const base = "https://github.com/kubernetes-sigs/cri-tools/releases/download/v1.36.0";
  release(`${base}/crictl-v1.36.0-linux-amd64.tar.gz`, archive("crictl", { crictl: "c" }));
  const { stage } = await build("crictl");
  expect(readFileSync(join(stage, "bin", "crictl"), "utf8")).toBe("c");
});

test("a release that is not there is final: asked for once", async () => {
  await expect(build("crictl")).rejects.toThrow(
    /crictl-v1\.36\.0-linux-amd64\.tar\.gz\.sha256: HTTP status 404/,
  );
  expect(fetched).toHaveLength(1);
});

test("the Gateway API: what is not as it was released gets into no bundle", async () => {
  const folderOfKinds = `https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/v${versions.gatewayApi}`;
  for (const path of gatewayApiFiles) web.set(`${folderOfKinds}/${path}`, Buffer.from("kind: Other\n"));
  await expect(build("gateway-api")).rejects.toThrow(/Gateway API .*: SHA-256 is \w{64}, expected is \w{64}/);
  expect(fetched).toHaveLength(gatewayApiFiles.length);
  expect(readdirSync(join(folder, "stage"))).toEqual([]);
});
