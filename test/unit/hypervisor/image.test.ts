import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";
import { findIsoTool } from "../../../hypervisor/driver/iso";
import { diskOfMachine } from "../../../hypervisor/image/base-machine";
import { absentImage, ensureImage, listImages } from "../../../hypervisor/image/image";
import { preparationSeed } from "../../../hypervisor/image/preparation";
import type { ImageSpecification } from "../../../hypervisor/specification/image";
import { type Host, thisHost } from "../../../lib/host";
import { hostLike, IMAGE, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const host = hostLike("linux", {}, []);
const BUILD = [
  "convertfromraw",
  "modifymedium",
  "createvm",
  "modifyvm",
  "storagectl",
  "storageattach",
  "setextradata",
  "snapshot",
];

let simulated: SimulatedVBoxManage;
let remove: () => void;
let wanted: ImageSpecification;

beforeEach(() => {
  const place = scratch();
  remove = place.remove;
  const baseDisk = path.join(place.folder, "base", "disk.img");
  mkdirSync(path.dirname(baseDisk));
  writeFileSync(baseDisk, "not much of a disk");
  simulated = new SimulatedVBoxManage(path.join(place.folder, "VirtualBox VMs"));
  wanted = { hypervisor: "virtualbox", image: IMAGE, baseDisk, rootDiskGiB: 30 };
});
afterEach(() => remove());

const ensure = (specification = wanted) =>
  ensureImage(simulated.open(), specification, host, () => undefined);
const folder = () => path.join(simulated.folder, "kube-lab", IMAGE);

function failAt(verb: string): void {
  simulated.interrupt = (args) =>
    args[0] === verb ? { status: 1, stderr: "VBoxManage: error: power cut\n" } : undefined;
}

it("is a machine of its own disk, made once", async () => {
  await ensure();
  expect(simulated.verbs()).toEqual(BUILD);
  const { values, snapshot } = simulated.machine(IMAGE);
  expect(snapshot).toBe("base");
  expect(values.get("SATA-0-0")).toBe(path.join(folder(), "root.vdi"));
  expect(simulated.calls.flat().filter((argument) => argument === wanted.baseDisk)).toHaveLength(1);
  simulated.calls.length = 0;
  await ensure();
  expect(simulated.calls.map(([verb]) => verb)).toEqual(["showvminfo"]);
  expect(await listImages(simulated.open())).toEqual([IMAGE]);
});

it.each(BUILD)("goes on after an interruption at %s", async (verb) => {
  failAt(verb);
  await expect(ensure()).rejects.toThrow(/power cut/);
  simulated.interrupt = () => undefined;
  simulated.calls.length = 0;
  await ensure();
  expect(simulated.machine(IMAGE).snapshot).toBe("base");
  if (BUILD.indexOf(verb) > 1) expect(simulated.verbs()).not.toContain("convertfromraw");
});

it("keeps the token of the run that made it", async () => {
  await ensure({ ...wanted, incarnation: "one" });
  await ensure({ ...wanted, incarnation: "two" });
  expect(simulated.machine(IMAGE).extra.get("kube-lab/incarnation")).toBe("one");
});

it("does not take half a copy for a whole one", async () => {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(path.join(folder(), "root.partial.vdi"), "half");
  await ensure();
  expect(simulated.machine(IMAGE).snapshot).toBe("base");
  expect(readdirSync(folder())).not.toContain("root.partial.vdi");
});

it.each(["disk.qcow2", "disk.vmdk", "disk.vdi"])("clones a base in another format: %s", async (name) => {
  const baseDisk = path.join(path.dirname(wanted.baseDisk), name);
  writeFileSync(baseDisk, "");
  await ensure({ ...wanted, baseDisk });
  expect(simulated.calls).toContainEqual([
    "clonemedium",
    "disk",
    baseDisk,
    path.join(folder(), "root.partial.vdi"),
    "--format",
    "VDI",
  ]);
  expect(simulated.calls).toContainEqual(["closemedium", "disk", baseDisk]);
});

describe("a base that is a machine's disk", () => {
  beforeEach(() =>
    simulated.run("", ["createvm", "--name", "My Debian", "--groups", "/"], { timeoutSeconds: 1 }),
  );

  const own = () => path.join(path.dirname(wanted.baseDisk), "my debian.vdi");
  const give = (values: Record<string, string>) => {
    for (const [key, value] of Object.entries(values)) simulated.machine("My Debian").values.set(key, value);
  };

  it("is found on the machine's first controller, past drives for discs", async () => {
    give({
      storagecontrollername0: "IDE",
      storagecontrollername1: "SATA",
      "IDE-0-0": "/isos/debian-13.iso",
      "IDE-1-0": "emptydrive",
      "SATA-0-0": own(),
    });
    expect(await diskOfMachine(simulated.open(), "My Debian")).toBe(own());
  });

  it("is copied, and stays the machine's", async () => {
    writeFileSync(own(), "");
    simulated.disks.set(own(), "base");
    simulated.calls.length = 0;
    await ensure({ ...wanted, baseDisk: own() });
    expect(simulated.verbs()[0]).toBe("clonemedium");
    expect(simulated.disks.has(own())).toBe(true);
    expect(simulated.calls).not.toContainEqual(["closemedium", "disk", own()]);
  });

  it("must be there, off and have a disk", async () => {
    const refusal = (name: string) => diskOfMachine(simulated.open(), name).catch((error: unknown) => error);
    expect(await refusal("Debian")).toMatchObject({
      message: expect.stringContaining('names the machine "Debian", and there is none'),
      remedy: 'Name one of "My Debian".',
    });
    expect(await refusal("My Debian")).toMatchObject({
      message: expect.stringContaining("has no hard disk"),
    });
    for (const state of ["running", "saved"] as const) {
      simulated.machine("My Debian").state = state;
      expect(await refusal("My Debian")).toMatchObject({
        message: expect.stringContaining(`not off but ${state}`),
      });
    }
  });
});

it("knows qcow2 that is called .img", async () => {
  writeFileSync(wanted.baseDisk, Buffer.from("QFI\xfb....", "latin1"));
  await ensure();
  expect(simulated.verbs()[0]).toBe("clonemedium");
});

it("is built by one process at a time", async () => {
  await Promise.all([ensure(), ensure(), ensure()]);
  expect(simulated.verbs()).toEqual(BUILD);
});

it("says which base disk is missing", async () => {
  await expect(ensure({ ...wanted, baseDisk: "/gone/disk.img" })).rejects.toThrow(
    "The base disk /gone/disk.img is not there.",
  );
});

it("goes without a trace, and the base disk stays", async () => {
  await ensure();
  await absentImage(simulated.open(), IMAGE, () => undefined);
  expect(existsSync(path.join(simulated.folder, "kube-lab"))).toBe(false);
  expect(readFileSync(wanted.baseDisk, "utf8")).toBe("not much of a disk");
  expect(simulated.calls.flat()).not.toContain("--delete-all");
  await absentImage(simulated.open(), IMAGE, () => undefined);
});

it("stays whole while machines are linked to it", async () => {
  await ensure();
  const clone = [
    "clonevm",
    IMAGE,
    "--snapshot",
    "base",
    "--options",
    "Link",
    "--name",
    "m",
    "--groups",
    "/kube-lab/dev",
  ];
  await simulated.run("", clone, { timeoutSeconds: 1 });
  await expect(absentImage(simulated.open(), IMAGE, () => undefined)).rejects.toThrow(
    /1 disks of machines are linked/,
  );
  expect(simulated.verbs()).not.toContain("unregistervm");
});

describe("preparing a plain cloud image", () => {
  const project = path.join(__dirname, "..", "..", "..");
  let ours: Host;
  let lines: string[];

  beforeEach(() => {
    // A project with a preparation script of its own, so that this needs nothing of the real one's.
    const place = path.dirname(simulated.folder);
    mkdirSync(path.join(place, "cloud-init", "image"), { recursive: true });
    mkdirSync(path.join(place, "hypervisor", "image"), { recursive: true });
    mkdirSync(path.join(place, "bundle"));
    writeFileSync(path.join(place, "bundle", "kubeadm"), "");
    writeFileSync(path.join(place, "cloud-init", "image", "prepare.sh"), "#!/bin/sh\n");
    copyFileSync(
      path.join(project, "hypervisor", "image", "prepare-boot.sh"),
      path.join(place, "hypervisor", "image", "prepare-boot.sh"),
    );
    ours = { ...thisHost(), project: place };
    wanted = { ...wanted, bundle: path.join(place, "bundle") };
    lines = [];
  });

  /** The guest: what it writes on its console before it goes off. */
  const guest = (words: string) => {
    simulated.interrupt = ([verb]) => {
      if (verb === "startvm") writeFileSync(path.join(folder(), "preparation.log"), words);
      return verb === "startvm" ? {} : undefined;
    };
  };
  const prepare = () => ensureImage(simulated.open(), wanted, ours, (line) => lines.push(line));

  it("has orders that carry the scripts whole and run them with the bundle's label", async () => {
    const seed = await preparationSeed(ours.project, IMAGE);
    expect(seed.userData.startsWith("#cloud-config\n")).toBe(true);
    const { write_files: files, runcmd } = load(seed.userData) as {
      write_files: { path: string; content: string; permissions: string }[];
      runcmd: string[][];
    };
    const boot = files.find((file) => file.path.endsWith("/prepare-boot.sh"));
    expect(boot?.content).toBe(
      readFileSync(path.join(project, "hypervisor", "image", "prepare-boot.sh"), "utf8"),
    );
    expect(boot?.permissions).toBe("0700");
    expect(runcmd).toEqual([[boot?.path, "KUBE_BUNDLE", expect.stringMatching(/\/prepare\.sh$/)]]);
    expect(files.map((file) => file.path)).toContain(runcmd[0]?.[2]);
  });

  const withTool = findIsoTool(thisHost()) ? it : it.skip;

  withTool("boots it once with both volumes, then takes the snapshot without them", async () => {
    guest("kube-lab: image prepared\r\n");
    await prepare();
    const { values, snapshot } = simulated.machine(IMAGE);
    expect([snapshot, values.get("nic1"), values.get("uart1")]).toEqual(["base", "none", "off"]);
    expect([values.get("SATA-2-0"), values.get("SATA-3-0")]).toEqual(["none", "none"]);
    expect(readdirSync(folder()).sort()).toEqual([`${IMAGE}.vbox`, "root.vdi"]);
  });

  withTool("tells the end of its console when it went wrong, and starts over the next time", async () => {
    guest(
      "kube-lab: running prepare.sh\r\nE: no such package\r\nkube-lab: preparation failed with status 100\r\n",
    );
    await expect(prepare()).rejects.toThrow(
      /E: no such package\nkube-lab: preparation failed with status 100/,
    );
    expect(simulated.machine(IMAGE).snapshot).toBeUndefined();
    guest("kube-lab: image prepared\r\n");
    simulated.calls.length = 0;
    await prepare();
    expect(lines).toContain("starting over: its preparation was interrupted");
    expect(simulated.verbs()).toContain("convertfromraw");
    expect(simulated.machine(IMAGE).snapshot).toBe("base");
  });
});
