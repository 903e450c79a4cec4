import { copyFile, mkdir, readFile, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { sha256OfFolder } from "../../../lib/checksum";
import { type ComponentVersions, type ImageFile, imageNames } from "../../../plan/versions";
import type { BuildContext, Component } from "../component";
import { gatewayApiFiles, writeGatewayApi } from "../gateway-api";
import { capabilityAttribute, netBindServiceCapability } from "../image/file-capability";
import { type ProgramImage, writeProgramImage } from "../image/program-image";
import { goBuild, goBuildIn } from "./go-build";
import { moduleFiles } from "./module-files";
import { networkPolicyProgram } from "./network-policy";
import { toolsLayer, toolsLayerOf, toolsLayerRecipe } from "./tools-layer";

/** To be raised when what this file makes changes otherwise than by versions and modules. */
const revision = 1;
const networkPolicy = "kube-network-policies";
const onToolsLayer = ["kubernetes", "flannel", "toolbox", "local-path-provisioner"];

/** All parts of a bundle out of Go modules, in the order in which they are built. */
export function goComponents(modules: string): Component[] {
  const part = (
    name: string,
    folders: string[],
    uses: (keyof ComponentVersions)[],
    build: Component["build"],
    addon?: Component["addon"],
  ): Component => ({
    name,
    source: "go-modules",
    ...(addon && { addon }),
    recipe: async (versions) => {
      const hashes = await Promise.all(folders.map((folder) => sha256OfFolder(join(modules, folder))));
      const base = onToolsLayer.includes(name) ? [toolsLayerRecipe] : [];
      return JSON.stringify([revision, ...base, ...hashes, ...uses.map((use) => versions[use])]);
    },
    build,
  });
  return [
    toolsLayer,
    part("kubernetes", ["kubernetes"], ["kubernetes"], buildKubernetes),
    part("etcd", ["etcd"], ["etcd", "etcdImage"], buildEtcd),
    part("pause", ["pause"], ["pause"], buildPause),
    part("coredns", ["coredns"], ["coredns"], buildCoreDns),
    part("cni-plugins", ["cni-plugins"], ["cniPlugins"], buildCniPlugins),
    part("flannel", ["flannel", "flannel-cni"], ["flannel"], buildFlannel),
    part("crictl", ["cri-tools"], ["crictl"], buildCrictl),
    part("toolbox", ["toolbox"], ["toolbox"], buildToolbox),
    part(
      "local-path-provisioner",
      ["local-path-provisioner"],
      ["localPathProvisioner"],
      buildLocalPathProvisioner,
      "localPathProvisioner",
    ),
    part(networkPolicy, [networkPolicy], ["networkPolicy"], buildNetworkPolicy, "networkPolicy"),
    part("metrics-server", ["metrics-server"], ["metricsServer"], buildMetricsServer, "metricsServer"),
    part("metallb", ["metallb"], ["metalLb"], buildMetalLb, "metalLb"),
    part("traefik", ["traefik"], ["traefik"], buildTraefik, "traefik"),
    part("gateway-api", ["gateway-api"], ["gatewayApi"], buildGatewayApi, "traefik"),
  ];
}

async function buildKubernetes(context: BuildContext): Promise<{ images: string[] }> {
  const { kubernetes } = context.versions;
  const [major = "", minor = ""] = kubernetes.split(".");
  const facts = {
    gitVersion: `v${kubernetes}`,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: "go-modules",
    gitTreeState: "clean",
  };
  const variables: Record<string, string> = {};
  for (const where of ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]) {
    for (const [name, value] of Object.entries(facts)) variables[`${where}.${name}`] = value;
  }
  const nodePrograms = ["kubeadm", "kubelet", "kubectl"];
  const imagePrograms = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
  ] as const;
  const output = await goBuild(context, {
    module: "kubernetes",
    requirements: [["k8s.io/kubernetes", `v${kubernetes}`]],
    packages: [...nodePrograms, ...imagePrograms].map((name) => `k8s.io/kubernetes/cmd/${name}`),
    variables,
    // As in Kubernetes' own release builds (hack/lib/golang.sh).
    tags: ["selinux", "notest", "grpcnotrace"],
  });
  await copyAll(output, nodePrograms, join(context.stage, "bin"));
  const base = await toolsLayerOf(context);
  const images: string[] = [];
  for (const name of imagePrograms) {
    const program = { file: join(output, name), path: `usr/local/bin/${name}` };
    images.push(
      await image(context, name, {
        programs: [program],
        ...(name === "kube-proxy" ? { bases: [base] } : {}),
        settings: { Entrypoint: [`/${program.path}`] },
      }),
    );
  }
  return { images };
}

async function buildEtcd(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.etcd}`;
  const packages = ["server", "etcdctl", "etcdutl"].map((name) => `go.etcd.io/etcd/${name}/v3`);
  const output = await goBuild(context, {
    module: "etcd",
    requirements: packages.map((name) => [name, version]),
    packages,
  });
  await rename(join(output, "server"), join(output, "etcd"));
  const programs = ["etcd", "etcdctl", "etcdutl"].map((name) => ({
    file: join(output, name),
    path: `usr/local/bin/${name}`,
  }));
  const name = await image(context, "etcd", { programs, settings: { Entrypoint: ["/usr/local/bin/etcd"] } });
  await copyAll(output, ["etcdctl", "etcdutl"], join(context.stage, "bin"));
  return { images: [name] };
}

async function buildPause(context: BuildContext): Promise<{ images: string[] }> {
  const variables = { "main.version": context.versions.pause };
  const output = await goBuild(context, { module: "pause", packages: ["."], variables });
  const settings = { Entrypoint: ["/pause"], User: "65535:65535" };
  const programs = [{ file: join(output, "pause"), path: "pause" }];
  return { images: [await image(context, "pause", { programs, settings })] };
}

async function buildCoreDns(context: BuildContext): Promise<{ images: string[] }> {
  const output = await goBuild(context, {
    module: "coredns",
    requirements: [["github.com/coredns/coredns", `v${context.versions.coredns}`]],
    packages: ["github.com/coredns/coredns"],
    variables: { "github.com/coredns/coredns/coremain.GitCommit": "go-modules" },
  });
  // It runs as nonroot with all capabilities dropped but one, which only the file's own can give it.
  const xattrs = { [capabilityAttribute]: netBindServiceCapability() };
  const programs = [{ file: join(output, "coredns"), path: "coredns", xattrs }];
  const settings = { Entrypoint: ["/coredns"], User: "65532:65532", WorkingDir: "/" };
  return { images: [await image(context, "coredns", { programs, settings })] };
}

async function buildCniPlugins(context: BuildContext): Promise<{ images: string[] }> {
  const version = context.versions.cniPlugins;
  const output = await goBuild(context, {
    module: "cni-plugins",
    requirements: [["github.com/containernetworking/plugins", `v${version}`]],
    packages: ["tool"],
    variables: {
      "github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion": `v${version}`,
    },
  });
  await rename(output, join(context.stage, "cni"));
  return { images: [] };
}

async function buildFlannel(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.flannel}`;
  const output = await goBuild(context, {
    module: "flannel",
    requirements: [["github.com/flannel-io/flannel", version]],
    packages: ["github.com/flannel-io/flannel"],
    variables: { "github.com/flannel-io/flannel/pkg/version.Version": version },
    // Its udp backend for amd64 is in C.
    cgo: context.architecture === "amd64",
  });
  const plugin = await goBuild(context, { module: "flannel-cni", packages: ["."] });
  await mkdir(join(context.stage, "cni"));
  await rename(join(plugin, "flannel-cni"), join(context.stage, "cni", "flannel"));
  const programs = [{ file: join(output, "flannel"), path: "opt/bin/flanneld" }];
  const bases = [await toolsLayerOf(context)];
  const settings = { Entrypoint: ["/opt/bin/flanneld"] };
  return { images: [await image(context, "flannel", { programs, bases, settings })] };
}

async function buildCrictl(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.crictl}`;
  const output = await goBuild(context, {
    module: "cri-tools",
    requirements: [["sigs.k8s.io/cri-tools", version]],
    packages: ["sigs.k8s.io/cri-tools/cmd/crictl"],
    variables: { "sigs.k8s.io/cri-tools/pkg/version.Version": version },
  });
  await copyAll(output, ["crictl"], join(context.stage, "bin"));
  return { images: [] };
}

async function buildToolbox(context: BuildContext): Promise<{ images: string[] }> {
  const variables = { "main.version": context.versions.toolbox };
  const output = await goBuild(context, { module: "toolbox", packages: ["."], variables });
  const program = { file: join(output, "toolbox"), path: "usr/local/bin/toolbox" };
  const bases = [await toolsLayerOf(context)];
  return {
    images: [await image(context, "toolbox", { programs: [program], bases, settings: toolboxSettings })],
  };
}

/** On the tools, as the official image is on Alpine: its helper pods make folders by a shell script. */
async function buildLocalPathProvisioner(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.localPathProvisioner}`;
  const output = await goBuild(context, {
    module: "local-path-provisioner",
    requirements: [["github.com/rancher/local-path-provisioner", version]],
    packages: ["github.com/rancher/local-path-provisioner"],
    variables: { "main.VERSION": version },
  });
  const name = "local-path-provisioner";
  const programs = [{ file: join(output, name), path: `usr/bin/${name}` }];
  const bases = [await toolsLayerOf(context)];
  return { images: [await image(context, name, { programs, bases, settings: { Cmd: [name] } })] };
}

/** Its manifest calls it by its whole path, so that is no entry point. */
async function buildNetworkPolicy(context: BuildContext): Promise<{ images: string[] }> {
  const programs = [{ file: await networkPolicyProgram(context), path: "bin/netpol" }];
  const settings = { Cmd: ["/bin/netpol"] };
  return { images: [await image(context, networkPolicy, { programs, settings })] };
}

async function buildMetricsServer(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.metricsServer}`;
  const output = await goBuild(context, {
    module: "metrics-server",
    requirements: [["sigs.k8s.io/metrics-server", version]],
    packages: ["sigs.k8s.io/metrics-server/cmd/metrics-server"],
    variables: { "k8s.io/client-go/pkg/version.gitVersion": version },
  });
  return { images: [await singleProgram(context, "metrics-server", join(output, "metrics-server"))] };
}

async function buildMetalLb(context: BuildContext): Promise<{ images: string[] }> {
  const programs = ["controller", "speaker"] as const;
  const output = await goBuild(context, {
    module: "metallb",
    requirements: [["go.universe.tf/metallb", `v${context.versions.metalLb}`]],
    packages: programs.map((name) => `go.universe.tf/metallb/${name}`),
    variables: { "go.universe.tf/metallb/internal/version.gitCommit": "go-modules" },
  });
  const images: string[] = [];
  for (const name of programs)
    images.push(await singleProgram(context, `metallb-${name}`, join(output, name)));
  return { images };
}

/** In its own module, which has replacements; without its web page, which is made by other tools than Go's and not shown here. */
async function buildTraefik(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.traefik}`;
  const folder = await moduleFiles(context, "traefik", ["github.com/traefik/traefik/v3", version]);
  const output = await goBuildIn(folder, context, {
    module: "traefik",
    packages: ["./cmd/traefik"],
    variables: { "github.com/traefik/traefik/v3/pkg/version.Version": version },
  });
  return { images: [await singleProgram(context, "traefik", join(output, "traefik"))] };
}

async function buildGatewayApi(context: BuildContext): Promise<{ images: string[] }> {
  const version = `v${context.versions.gatewayApi}`;
  const folder = await moduleFiles(context, "gateway-api", ["sigs.k8s.io/gateway-api", version]);
  const files = gatewayApiFiles.map((path) => readFile(join(folder, path), "utf8"));
  await writeGatewayApi(context, await Promise.all(files));
  return { images: [] };
}

/** An image of nothing but one static program, which is its entry point. */
async function singleProgram(context: BuildContext, file: ImageFile, program: string): Promise<string> {
  const path = basename(program);
  return image(context, file, {
    programs: [{ file: program, path }],
    settings: { Entrypoint: [`/${path}`] },
  });
}

/** How the toolbox image runs by itself, whatever it was made from. */
export const toolboxSettings = { Cmd: ["/usr/local/bin/toolbox", "serve"], ExposedPorts: { "8080/tcp": {} } };

async function image(
  context: BuildContext,
  file: ImageFile,
  parts: Omit<ProgramImage, "name">,
): Promise<string> {
  const name = imageNames(context.versions)[file];
  await mkdir(join(context.stage, "images"), { recursive: true });
  const path = join(context.stage, "images", `${file}.tar`);
  await writeProgramImage(path, context.scratch, context.architecture, { name, ...parts });
  return name;
}

async function copyAll(from: string, names: string[], to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of names) await copyFile(join(from, name), join(to, name));
}
