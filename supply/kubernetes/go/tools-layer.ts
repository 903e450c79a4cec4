import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../lib/run";
import type { BuildContext, Component } from "../component";
import type { Layer } from "../image/docker-archive";
import { readManifest } from "../manifest";

const suite = "trixie";
const defaultMirror = "http://deb.debian.org/debian";
const timeoutSeconds = 20 * 60;
const path = "layers/tools.tar";

/** kube-proxy and flannel need the first four; the rest is for people and tests in toolbox. */
const packages = [
  "iptables",
  "nftables",
  "conntrack",
  "ipset",
  "iproute2",
  "kmod",
  "ca-certificates",
  "curl",
  "iputils-ping",
  "netcat-openbsd",
  "procps",
  "busybox",
];
// mmdebstrap copies this computer's own into it; a container gets its own at its start.
const removal = 'rm -f "$1/etc/resolv.conf" "$1/etc/hostname" "$1/var/cache/ldconfig/aux-cache"';
const leftOut = ["man", "doc", "info", "locale", "lintian"];

/** What the layer is made from; part of the recipe of every image on it. */
export const toolsLayerRecipe = JSON.stringify([suite, packages, leftOut, removal]);

/** A small Debian as an image layer: one for kube-proxy, flannel and toolbox, so that a machine holds it once. */
export const toolsLayer: Component = {
  name: "tools-layer",
  source: "go-modules",
  recipe: async () => toolsLayerRecipe,
  build: async (context) => {
    await mkdir(join(context.stage, "layers"));
    await run({
      program: "mmdebstrap",
      arguments: [
        "--variant=essential",
        "--format=tar",
        `--architectures=${context.architecture}`,
        `--include=${packages.join(",")}`,
        "--components=main",
        '--aptopt=Apt::Install-Recommends "false"',
        ...leftOut.map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
        `--customize-hook=${removal}`,
        suite,
        join(context.stage, path),
        process.env.KUBE_LAB_DEBIAN_MIRROR || defaultMirror,
      ],
      // A fixed time makes the same packages the same bytes.
      environment: { ...process.env, SOURCE_DATE_EPOCH: "0" },
      onErrorLine: context.detail,
      timeoutSeconds,
      remedy: "Install the package mmdebstrap.",
    });
    return { images: [] };
  },
};

/** The finished layer in the bundle. @throws Error when it has not been made. */
export async function toolsLayerOf(context: BuildContext): Promise<Layer> {
  const record = (await readManifest(context.bundle))?.components[toolsLayer.name]?.files[path];
  if (!record) throw new Error(`${context.bundle}: ${path} is not in the manifest; it must be built first`);
  return { path: join(context.bundle, path), sha256: record.sha256 };
}
