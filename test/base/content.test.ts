import { execFileSync } from "node:child_process";
import { diskUnderTest } from "./disk-under-test";

jest.setTimeout(300_000);

let found: [string, string][];

const values = (key: string) => found.filter(([name]) => name === key).map(([, value]) => value);
const value = (key: string) => values(key)[0];

beforeAll(async () => {
  const disk = await diskUnderTest();
  const namespaces = ["--mount", "--pid", "--net", "--fork", "--kill-child"];
  const output = execFileSync("unshare", [...namespaces, "--", "test/base/look-inside.sh", disk], {
    encoding: "utf8",
    timeout: 240_000,
  });
  found = output.split("\n").map((line): [string, string] => {
    const [name = "", ...rest] = line.split(" ");
    return [name, rest.join(" ")];
  });
});

it("has no identity and no secrets: every clone makes its own", () => {
  for (const key of [
    "host-keys",
    "machine-id-bytes",
    "dbus-machine-id",
    "cloud-init-instances",
    "passwords",
  ]) {
    expect([key, value(key)]).toEqual([key, "0"]);
  }
});

it("has no logs and no caches", () => {
  for (const key of ["logs", "apt-lists", "archives"]) expect([key, value(key)]).toEqual([key, "0"]);
});

it("starts only what every machine needs", () => {
  const expected = [
    /^(cloud-(config|final|init[a-z-]*)\.(service|target))$/,
    /^(ssh|getty@|systemd-(networkd|network-generator|pstore))\.service$/,
    /^systemd-networkd\.socket$/,
    /^(remote-fs|reboot)\.target$/,
    /^logrotate\.timer$/,
  ];
  const others = values("enabled").filter((unit) => !expected.some((pattern) => pattern.test(unit)));
  expect(others).toEqual([]);
  expect(values("enabled")).toEqual(expect.arrayContaining(["ssh.service", "systemd-networkd.service"]));
  expect(value("default-target")).toBe("multi-user.target");
});

it("has timers and swap masked", () => {
  const expected = ["apt-daily.timer", "apt-daily-upgrade.timer", "man-db.timer", "swap.target"];
  expect(values("masked")).toEqual(expect.arrayContaining(expected));
});

it("has Kubernetes' programs and CNI plugins", () => {
  expect(value("kubeadm")).toMatch(/^v1\.\d+\.\d+$/);
  expect(value("kubelet")).toBe(`Kubernetes ${value("kubeadm")}`);
  expect(values("cni")).toEqual(
    expect.arrayContaining(["bridge", "flannel", "host-local", "loopback", "portmap"]),
  );
});

it("has the container images imported, unpacked and pinned", () => {
  const images = values("image");
  for (const name of ["kube-apiserver", "kube-proxy", "etcd", "pause", "coredns", "flannel"]) {
    const image = images.find((line) => line.includes(`/${name}:`));
    expect([name, image]).toEqual([name, expect.stringContaining("io.cri-containerd.pinned=pinned")]);
  }
  expect(values("listed")).toEqual(
    images.map((line) => line.split(" ")[0]).filter((name) => !name?.startsWith("sha256:")),
  );
  expect(values("snapshot").length).toBeGreaterThanOrEqual(images.length);
});
