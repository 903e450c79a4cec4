import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  componentVersions,
  defaultKubernetesVersion,
  imageNames,
  provisionalVersions,
} from "../../../plan/versions";
import {
  hasRequirement,
  type Requirement,
  replacementsOf,
  retarget,
} from "../../../supply/kubernetes/go/go-module";
import { chooseSource, explicitSource } from "../../../supply/kubernetes/source";

const list = (version: string, coredns: string, pause: string, etcd: string): string =>
  [
    `registry.k8s.io/kube-apiserver:v${version}`,
    `registry.k8s.io/kube-controller-manager:v${version}`,
    `registry.k8s.io/kube-scheduler:v${version}`,
    `registry.k8s.io/kube-proxy:v${version}`,
    `registry.k8s.io/coredns/coredns:${coredns}`,
    `registry.k8s.io/pause:${pause}`,
    `registry.k8s.io/etcd:${etcd}`,
    "",
  ].join("\n");

describe("componentVersions", () => {
  test("1.36.3 as it is known and as kubeadm tells it", () => {
    const known = componentVersions("1.36.3");
    expect(known).toMatchObject({ etcd: "3.6.8", etcdImage: "3.6.8-0", coredns: "1.14.2", pause: "3.10.2" });
    expect(componentVersions("1.36.3", list("1.36.3", "v1.14.2", "3.10.2", "3.6.8-0"))).toEqual(known);
  });

  test("kubeadm's word counts, for releases that are not known too", () => {
    const versions = componentVersions("1.37.0", list("1.37.0", "v1.15.0", "3.11", "3.7.1-2"));
    expect(versions).toMatchObject({
      kubernetes: "1.37.0",
      etcd: "3.7.1",
      etcdImage: "3.7.1-2",
      pause: "3.11",
    });
  });

  test("images have exactly the names that kubeadm prints", () => {
    const printed = list("1.36.3", "v1.14.2", "3.10.2", "3.6.8-0").trim().split("\n");
    const names = Object.values(imageNames(componentVersions("1.36.3")));
    expect(names).toEqual(expect.arrayContaining(printed));
    expect(names).toContain("ghcr.io/flannel-io/flannel:v0.28.4");
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(["1.36", "v1.36.3", "latest", "1.36.3-rc.0", ""])("refuses %p", (version) => {
    expect(() => componentVersions(version)).toThrow(/must be a full release.*1\.36\.3/);
  });

  test("an unknown release without kubeadm's word names the known ones", () => {
    expect(() => componentVersions("1.99.0")).toThrow(/1\.99\.0.*known: 1\.36/);
    expect(provisionalVersions("1.99.0")).toMatchObject({ kubernetes: "1.99.0", etcd: "3.6.8" });
  });

  test("a list for another release, without a part, or with an image we have no recipe for is refused", () => {
    expect(() => componentVersions("1.36.3", list("1.36.2", "v1", "3", "3"))).toThrow(/is for 1\.36\.2/);
    expect(() => componentVersions("1.36.3", "registry.k8s.io/kube-apiserver:v1.36.3")).toThrow(
      /has no etcd/,
    );
    const more = `${list("1.36.3", "v1", "3", "3")}registry.k8s.io/new-thing:v1\n`;
    expect(() => componentVersions("1.36.3", more)).toThrow(
      /no recipe for the images registry\.k8s\.io\/new-thing:v1/,
    );
  });
});

test("the committed modules are those of the default release: their go.sum is used", () => {
  const versions = componentVersions(defaultKubernetesVersion);
  const wanted: [string, Requirement][] = [
    ["kubernetes", ["k8s.io/kubernetes", versions.kubernetes]],
    ["etcd", ["go.etcd.io/etcd/server/v3", versions.etcd]],
    ["etcd", ["go.etcd.io/etcd/etcdctl/v3", versions.etcd]],
    ["etcd", ["go.etcd.io/etcd/etcdutl/v3", versions.etcd]],
    ["coredns", ["github.com/coredns/coredns", versions.coredns]],
    ["cni-plugins", ["github.com/containernetworking/plugins", versions.cniPlugins]],
    ["flannel", ["github.com/flannel-io/flannel", versions.flannel]],
    ["cri-tools", ["sigs.k8s.io/cri-tools", versions.crictl]],
    ["kube-network-policies", ["sigs.k8s.io/kube-network-policies", versions.networkPolicy]],
    ["traefik", ["github.com/traefik/traefik/v3", versions.traefik]],
    ["gateway-api", ["sigs.k8s.io/gateway-api", versions.gatewayApi]],
    ["local-path-provisioner", ["github.com/rancher/local-path-provisioner", versions.localPathProvisioner]],
  ];
  const modules = join(__dirname, "../../../supply/kubernetes/modules");
  for (const [folder, [module, version]] of wanted) {
    const goMod = readFileSync(join(modules, folder, "go.mod"), "utf8");
    expect([module, hasRequirement(goMod, [module, `v${version}`])]).toEqual([module, true]);
    expect(hasRequirement(goMod, [module, `v${version}1`])).toBe(false);
  }
});

describe("another release's go.mod", () => {
  const goMod = `module kube-lab/offline/kubernetes

go 1.26.0

tool (
\tk8s.io/kubernetes/cmd/kubeadm
)

require k8s.io/kubernetes v1.36.3

require (
\tgithub.com/a/b v1.0.0 // indirect
)

replace (
\tk8s.io/api => k8s.io/api v0.36.3
)
`;
  const upstream =
    "replace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n\tk8s.io/new => ./staging/src/k8s.io/new\n)\n";

  test("keeps the tools, takes the new requirement and the new release's libraries", () => {
    const changed = retarget(goMod, [["k8s.io/kubernetes", "v1.37.1"]], replacementsOf(upstream, "v1.37.1"));
    expect(changed).toContain("tool (\n\tk8s.io/kubernetes/cmd/kubeadm\n)");
    expect(changed).toContain("require (\n\tk8s.io/kubernetes v1.37.1\n)");
    expect(changed).toContain(
      "replace (\n\tk8s.io/api => k8s.io/api v0.37.1\n\tk8s.io/new => k8s.io/new v0.37.1\n)",
    );
    expect(changed).not.toMatch(/36\.3|indirect/);
  });

  test("keeps replacements of our own", () => {
    expect(retarget(goMod, [["k8s.io/kubernetes", "v1.37.1"]])).toContain("k8s.io/api => k8s.io/api v0.36.3");
  });
});

describe("chooseSource", () => {
  const before = process.env.KUBE_LAB_SOURCE;
  beforeEach(() => {
    delete process.env.KUBE_LAB_SOURCE;
  });
  afterAll(() => {
    if (before === undefined) delete process.env.KUBE_LAB_SOURCE;
    else process.env.KUBE_LAB_SOURCE = before;
  });
  const reach = (pattern: RegExp) => async (url: string) => pattern.test(url);

  test("official downloads only when both sites answer; else it says why not", async () => {
    const lines: string[] = [];
    const log = (line: string): void => {
      lines.push(line);
    };
    expect(await chooseSource(undefined, "1.36.3", log, reach(/./))).toBe("official");
    expect(lines).toEqual([]);
    expect(await chooseSource("auto", "1.36.3", log, reach(/dl\.k8s\.io/))).toBe("go-modules");
    expect(lines.join()).toMatch(/registry\.k8s\.io.*Go modules/);
  });

  test("a demand is not probed", async () => {
    const never = (): Promise<boolean> => Promise.reject(new Error("probed"));
    process.env.KUBE_LAB_SOURCE = "go-modules";
    expect(await chooseSource(undefined, "1.36.3", () => {}, never)).toBe("go-modules");
    expect(await chooseSource("official", "1.36.3", () => {}, never)).toBe("official");
    process.env.KUBE_LAB_SOURCE = "internet";
    expect(() => explicitSource(undefined)).toThrow(/KUBE_LAB_SOURCE=internet.*auto, official or go-modules/);
  });
});
