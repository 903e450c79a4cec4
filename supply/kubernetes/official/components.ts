import { access, copyFile, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFolder } from "../../../lib/checksum";
import { downloadWithPublishedChecksum, get, withRetries } from "../../../lib/http";
import { run } from "../../../lib/run";
import { type ComponentVersions, type ImageFile, imageNames } from "../../../plan/versions";
import type { BuildContext, Component } from "../component";
import { gatewayApiFiles, writeGatewayApi } from "../gateway-api";
import { toolboxSettings } from "../go/components";
import { goBuild } from "../go/go-build";
import { writeDockerArchive } from "../image/docker-archive";
import { writeProgramImage } from "../image/program-image";
import { type PulledImage, pullImage } from "./registry";

/** To be raised when what this file makes changes otherwise than by versions. */
const revision = 1;
const toolboxBase = "docker.io/library/alpine:3.22";

/** All parts of a bundle out of official releases and registries, under the same names as those from Go modules. */
export function officialComponents(modules: string): Component[] {
  const part = (
    name: string,
    uses: (keyof ComponentVersions)[],
    build: Component["build"],
    addon?: Component["addon"],
  ): Component => ({
    name,
    source: "official",
    ...(addon && { addon }),
    recipe: async (versions) => JSON.stringify([revision, ...uses.map((use) => versions[use])]),
    build,
  });
  return [
    part("kubernetes", ["kubernetes"], fetchKubernetes),
    part("etcd", ["etcdImage"], fetchEtcd),
    part("pause", ["pause"], fetchImages("pause")),
    part("coredns", ["coredns"], fetchImages("coredns")),
    part("cni-plugins", ["cniPlugins"], fetchCniPlugins),
    part("flannel", ["flannel", "flannelCniPlugin"], fetchFlannel),
    part("crictl", ["crictl"], fetchCrictl),
    {
      name: "toolbox",
      source: "official",
      recipe: async () =>
        JSON.stringify([revision, toolboxBase, await sha256OfFolder(join(modules, "toolbox"))]),
      build: buildToolbox,
    },
    part(
      "local-path-provisioner",
      ["localPathProvisioner"],
      fetchImages("local-path-provisioner"),
      "localPathProvisioner",
    ),
    part("kube-network-policies", ["networkPolicy"], fetchImages("kube-network-policies"), "networkPolicy"),
    part("metrics-server", ["metricsServer"], fetchImages("metrics-server"), "metricsServer"),
    part("metallb", ["metalLb"], fetchImages("metallb-controller", "metallb-speaker"), "metalLb"),
    part("headlamp", ["headlamp"], fetchImages("headlamp"), "headlamp"),
    part("traefik", ["traefik"], fetchImages("traefik"), "traefik"),
    part("gateway-api", ["gatewayApi"], fetchGatewayApi, "traefik"),
  ];
}

async function fetchKubernetes(context: BuildContext): Promise<{ images: string[] }> {
  const { architecture, versions } = context;
  await mkdir(join(context.stage, "bin"));
  for (const program of ["kubeadm", "kubelet", "kubectl"]) {
    context.detail(program);
    const url = `https://dl.k8s.io/release/v${versions.kubernetes}/bin/linux/${architecture}/${program}`;
    await downloadWithPublishedChecksum(url, join(context.stage, "bin", program));
  }
  const images: string[] = [];
  for (const file of ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"] as const) {
    images.push((await fetchImage(context, file)).name);
  }
  return { images };
}

async function fetchEtcd(context: BuildContext): Promise<{ images: string[] }> {
  const { name, image } = await fetchImage(context, "etcd");
  await mkdir(join(context.stage, "bin"));
  for (const program of ["etcdctl", "etcdutl"]) {
    await takeFile(context, image, `usr/local/bin/${program}`, join(context.stage, "bin", program), name);
  }
  return { images: [name] };
}

async function fetchCniPlugins(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.cniPlugins}`;
  const archive = join(context.scratch, "cni-plugins.tgz");
  await downloadWithPublishedChecksum(
    "https://github.com/containernetworking/plugins/releases/download/" +
      `${version}/cni-plugins-linux-${context.architecture}-${version}.tgz`,
    archive,
  );
  const unpacked = join(context.scratch, "cni");
  await unpack(archive, unpacked);
  await mkdir(join(context.stage, "cni"));
  for (const name of await readdir(unpacked)) {
    if (!/\.md$|^LICENSE/.test(name)) await rename(join(unpacked, name), join(context.stage, "cni", name));
  }
  return { images: [] };
}

async function fetchFlannel(context: BuildContext): Promise<{ images: string[] }> {
  const { name } = await fetchImage(context, "flannel");
  const plugin = `ghcr.io/flannel-io/flannel-cni-plugin:v${context.versions.flannelCniPlugin}`;
  const image = await pullImage(
    plugin,
    context.architecture,
    join(context.scratch, "plugin"),
    context.detail,
  );
  await mkdir(join(context.stage, "cni"));
  await takeFile(context, image, "flannel", join(context.stage, "cni", "flannel"), plugin);
  return { images: [name] };
}

async function fetchCrictl(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.crictl}`;
  const archive = join(context.scratch, "crictl.tar.gz");
  await downloadWithPublishedChecksum(
    "https://github.com/kubernetes-sigs/cri-tools/releases/download/" +
      `${version}/crictl-${version}-linux-${context.architecture}.tar.gz`,
    archive,
  );
  await mkdir(join(context.stage, "bin"));
  const unpacked = join(context.scratch, "crictl");
  await unpack(archive, unpacked);
  await rename(join(unpacked, "crictl"), join(context.stage, "bin", "crictl"));
  return { images: [] };
}

/** toolbox is our own: it needs Go; without Go the lab does without it, only tests and examples miss it. */
async function buildToolbox(context: BuildContext): Promise<{ images: string[] }> {
  const hasGo = await run({ program: "go", arguments: ["version"], timeoutSeconds: 30 }).then(
    () => true,
    () => false,
  );
  if (!hasGo) {
    context.log("toolbox: left out, since Go is not installed (only tests and examples use it)");
    return { images: [] };
  }
  const variables = { "main.version": context.versions.toolbox };
  const output = await goBuild(context, { module: "toolbox", packages: ["."], variables });
  const base = await pullImage(
    toolboxBase,
    context.architecture,
    join(context.scratch, "base"),
    context.detail,
  );
  const name = imageNames(context.versions).toolbox;
  await mkdir(join(context.stage, "images"));
  await writeProgramImage(
    join(context.stage, "images", "toolbox.tar"),
    context.scratch,
    context.architecture,
    {
      name,
      programs: [{ file: join(output, "toolbox"), path: "usr/local/bin/toolbox" }],
      bases: base.layers,
      settings: toolboxSettings,
    },
  );
  return { images: [name] };
}

/** No checksum is published for it; ours is. */
async function fetchGatewayApi(context: BuildContext): Promise<{ images: string[] }> {
  const tag = `https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/v${context.versions.gatewayApi}`;
  const files = gatewayApiFiles.map((path) =>
    withRetries(path, async () => (await get(`${tag}/${path}`)).text()),
  );
  await writeGatewayApi(context, await Promise.all(files));
  return { images: [] };
}

/** For a part that is nothing but images. */
function fetchImages(...files: ImageFile[]): Component["build"] {
  return async (context) => {
    const images: string[] = [];
    for (const file of files) images.push((await fetchImage(context, file)).name);
    return { images };
  };
}

async function fetchImage(
  context: BuildContext,
  file: ImageFile,
): Promise<{ name: string; image: PulledImage }> {
  const name = imageNames(context.versions)[file];
  const image = await pullImage(name, context.architecture, join(context.scratch, file), context.detail);
  const folder = join(context.stage, "images");
  await mkdir(folder, { recursive: true });
  await writeDockerArchive(join(folder, `${file}.tar`), name, image.configuration, image.layers);
  return { name, image };
}

/** Copies one file out of an image's layers, the uppermost that has it. */
async function takeFile(
  context: BuildContext,
  image: PulledImage,
  path: string,
  to: string,
  name: string,
): Promise<void> {
  for (const layer of [...image.layers].reverse()) {
    const members = await tar(["-tf", layer.path]);
    const member = members.split("\n").find((line) => line.replace(/^(\.?\/)+/, "") === path);
    if (!member) continue;
    const folder = join(context.scratch, `taken-${layer.sha256}`);
    await mkdir(folder, { recursive: true });
    await tar(["-xf", layer.path, "-C", folder, member]);
    await access(join(folder, path));
    return copyFile(join(folder, path), to);
  }
  throw new Error(`${name}: has no /${path}`);
}

async function unpack(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await tar(["-xzf", archive, "-C", folder]);
}

function tar(tarArguments: string[]): Promise<string> {
  const remedy = "Install tar (part of Linux, macOS and Windows 10 or later).";
  return run({ program: "tar", arguments: tarArguments, timeoutSeconds: 600, remedy });
}
