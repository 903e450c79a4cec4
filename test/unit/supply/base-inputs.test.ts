import { rmSync } from "node:fs";
import { readInputs } from "../../../supply/base/inputs";
import { debianSources, unstableSource } from "../../../supply/base/mirror";
import { parsePackageList } from "../../../supply/base/package-list";
import { baseProject, change, writeManifest } from "./base-project";

describe("package list", () => {
  it("takes names, each once and sorted, and leaves out comments", () => {
    expect(parsePackageList("# all\nsudo   # why\n\njq\nsudo\n", "list")).toEqual(["jq", "sudo"]);
  });

  it.each(["two names", "Upper", "a", "--option", "x;y"])("refuses %p with its line", (bad) => {
    expect(() => parsePackageList(`jq\n${bad}\n`, "list.txt")).toThrow(/^list\.txt:2: /);
  });
});

describe("hashes of a base disk", () => {
  let place: ReturnType<typeof baseProject>;
  beforeEach(() => {
    place = baseProject();
  });
  afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

  const hashes = async () => (await readInputs(place)).hashes;

  it("are the same for the same inputs, whenever the bundle was made", async () => {
    const before = await hashes();
    writeManifest(place.bundle, "one", 2);
    expect(await hashes()).toEqual(before);
  });

  it("do not depend on comments in the package list", async () => {
    const before = await hashes();
    change(place.project, "cloud-init/image/packages.txt", "# only a word\n");
    expect(await hashes()).toEqual(before);
  });

  const changes: [string, string, string[]][] = [
    ["a package", "cloud-init/image/packages.txt:tree\n", ["root", "disk", "base"]],
    ["the root's script", "supply/base/make-root.sh:#\n", ["root", "disk", "base"]],
    ["the initrd's drivers", "supply/base/boot/initramfs-hook:#\n", ["root", "disk", "base"]],
    ["the disk's script", "supply/base/make-disk.sh:#\n", ["disk", "base"]],
    ["the boot menu", "supply/base/layout/plain/grub.cfg:#\n", ["disk", "base"]],
    ["what makes file systems", "supply/base/disk-layout.sh:#\n", ["disk", "base"]],
    ["another layout", "supply/base/layout/lvm/layout.sh:#\n", []],
    ["the filling script", "supply/base/fill-disk.sh:#\n", ["base"]],
    ["prepare.sh", "cloud-init/image/prepare.sh:#\n", ["base"]],
    ["cloud-init's settings", "cloud-init/image/cloud.cfg:#\n", ["base"]],
    ["the services", "cloud-init/image/services.preset:#\n", ["base"]],
  ];
  it.each(changes)("%s changes the stages from its own on", async (_what, where, changed) => {
    const before = await hashes();
    const [file = "", addition = ""] = where.split(":");
    change(place.project, file, addition);
    expect(differences(before, await hashes())).toEqual(changed);
  });

  it("the disk's size changes the disk", async () => {
    const before = await hashes();
    expect(differences(before, (await readInputs({ ...place, rootDiskGiB: 31 })).hashes)).toEqual([
      "disk",
      "base",
    ]);
  });

  it("another layout changes everything by its packages, and its own files the disk", async () => {
    const before = await hashes();
    const lvm = async () => (await readInputs({ ...place, layout: "lvm" })).hashes;
    const other = await lvm();
    expect(differences(before, other)).toEqual(["root", "disk", "base"]);
    change(place.project, "supply/base/layout/lvm/grow.sh", "#\n");
    expect(differences(other, await lvm())).toEqual(["disk", "base"]);
    change(place.project, "supply/base/layout/lvm/packages.txt", "tree\n");
    expect(differences(other, await lvm())).toEqual(["root", "disk", "base"]);
  });

  it("a program of the bundle changes the finished disk only", async () => {
    const before = await hashes();
    writeManifest(place.bundle, "two");
    expect(differences(before, await hashes())).toEqual(["base"]);
  });

  it.each(["cni/flannel", "images/etcd.tar", "manifests/gateway-api.yaml"])("so does %s", async (path) => {
    writeManifest(place.bundle, "one", 1, path);
    const before = await hashes();
    writeManifest(place.bundle, "two", 1, path);
    expect(differences(before, await hashes())).toEqual(["base"]);
  });

  it("says that a folder is no bundle", async () => {
    await expect(readInputs({ ...place, bundle: place.project })).rejects.toThrow(/no Kubernetes bundle/);
  });
});

describe("Debian's mirror", () => {
  const targets = [
    "Vendor|Vendor|http://vendor.example/apt/",
    "Debian|Debian|http://mirror.example/debian/",
    "Debian|Debian-Security|http://mirror.example/security/",
  ].join("\n");

  it("is this computer's, always checked against Debian's keys", () => {
    const key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
    expect(debianSources(targets, "trixie")).toEqual([
      `deb ${key} http://mirror.example/debian/ trixie main`,
      `deb ${key} http://mirror.example/debian/ trixie-updates main`,
      `deb ${key} http://mirror.example/security/ trixie-security main`,
    ]);
  });

  it("has unstable without updates and security, which it has not got", () => {
    const key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
    expect(unstableSource(targets, "main contrib")).toBe(
      `deb ${key} http://mirror.example/debian/ unstable main contrib`,
    );
    expect(unstableSource("", "main")).toBe(`deb ${key} http://deb.debian.org/debian unstable main`);
  });

  it("is left to mmdebstrap where this computer has none, or does not know yet", () => {
    expect(debianSources("Ubuntu|Ubuntu|http://mirror.example/ubuntu/", "trixie")).toEqual([]);
    expect(debianSources("$(ORIGIN)|$(LABEL)|http://mirror.example/debian/", "trixie")).toEqual([]);
  });
});

function differences(before: Record<string, string>, after: Record<string, string>): string[] {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}
