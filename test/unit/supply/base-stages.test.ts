import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "../../../lib/run";
import { type BaseOptions, ensureBase } from "../../../supply/base/base";
import { type BuildHost, basePackages, hostProblems } from "../../../supply/base/host";
import { listBases, removeBase, removeStages } from "../../../supply/base/prune";
import { onLinux } from "../../systems";
import { baseProject, change } from "./base-project";

const able: BuildHost = {
  platform: "linux",
  architecture: "x64",
  root: true,
  exists: () => true,
  path: "/bin",
};

describe("the build of a base disk", () => {
  let place: ReturnType<typeof baseProject>;
  let calls: string[];
  let commands: Command[];
  let failing: string | undefined;

  beforeEach(() => {
    place = baseProject();
    calls = [];
    commands = [];
    failing = undefined;
  });
  afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

  /** Stands for the programs: makes the file each would make. */
  const run = async (command: Command): Promise<string> => {
    commands.push(command);
    const separator = command.arguments.indexOf("--");
    const [script = "", ...values] = command.arguments.slice(separator + 1);
    const name = separator < 0 ? command.program : basename(script);
    calls.push(name);
    if (name === "cp") writeFileSync(command.arguments.at(-1) ?? "", "disk");
    if (name === "make-root.sh") writeFileSync(values[0] ?? "", "root");
    if (name === "make-disk.sh") writeFileSync(values[1] ?? "", "disk");
    if (name === failing) throw new Error(`${name}: failed`);
    return "";
  };
  const ensure = (more: Partial<BaseOptions> = {}) =>
    ensureBase({ ...place, run, host: able, report: () => undefined, ...more });

  const all = ["apt-get", "make-root.sh", "make-disk.sh", "cp", "fill-disk.sh"];

  onLinux("does all stages once, and nothing the second time", async () => {
    const first = await ensure();
    expect(calls).toEqual(all);
    expect(first).toEqual({
      hash: first.hash,
      disk: join(place.cache, "base", first.hash, "disk.img"),
      built: true,
    });
    expect(existsSync(first.disk)).toBe(true);
    const second = await ensure({ host: { ...able, root: false } });
    expect(second).toEqual({ ...first, built: false });
    expect(calls).toEqual(all);
  });

  onLinux.each([
    ["fill-disk.sh", ["cp", "fill-disk.sh"]],
    ["make-disk.sh", ["make-disk.sh", "cp", "fill-disk.sh"]],
    ["make-root.sh", all],
  ])("goes on where %s failed, and leaves nothing unfinished", async (script, expected) => {
    failing = script;
    await expect(ensure()).rejects.toThrow(`${script}: failed`);
    expect(readdirSync(join(place.cache, "base")).filter((name) => name !== "stages")).toEqual([]);
    failing = undefined;
    calls = [];
    await ensure();
    expect(calls).toEqual(expected);
  });

  onLinux(
    "repeats only the stages that a change is about, and drops the results that it replaces",
    async () => {
      await ensure();
      calls = [];
      change(place.project, "supply/base/make-disk.sh", "#\n");
      await ensure();
      expect(calls).toEqual(["make-disk.sh", "cp", "fill-disk.sh"]);
      expect(readdirSync(join(place.cache, "base", "stages"))).toHaveLength(2);
      expect(await listBases(place.cache)).toHaveLength(2);
    },
  );

  onLinux("keeps what another layout was made from", async () => {
    await ensure();
    await ensure({ layout: "lvm" });
    const stages = readdirSync(join(place.cache, "base", "stages"));
    expect(stages.map((name) => name.split("-", 2).join("-")).sort()).toEqual([
      "lvm-disk",
      "lvm-root",
      "plain-disk",
      "plain-root",
    ]);
    const scripts = commands.filter(({ program }) => program === "setpriv");
    expect(scripts.map(({ arguments: given }) => given.at(-1)).filter((word) => word === "lvm")).toHaveLength(
      2,
    );
    expect((await listBases(place.cache)).map(({ layout }) => layout)).toEqual(["plain", "lvm"]);
  });

  onLinux(
    "runs every script in namespaces that die with it, without a network once Debian is there",
    async () => {
      await ensure();
      const scripts = commands.filter(({ program }) => program === "setpriv");
      expect(scripts).toHaveLength(3);
      for (const { arguments: given } of scripts) {
        expect(given.slice(0, 3)).toEqual(["--pdeathsig", "KILL", "unshare"]);
        expect(given).toEqual(expect.arrayContaining(["--mount", "--pid", "--kill-child"]));
      }
      expect(scripts.map(({ arguments: given }) => given.includes("--net"))).toEqual([false, true, true]);
    },
  );

  onLinux("removes what a killed build has left", async () => {
    const left = join(place.cache, "base", ".work-1");
    mkdirSync(left, { recursive: true });
    await ensure();
    expect(existsSync(left)).toBe(false);
  });

  onLinux("lets two builds at the same time make one disk", async () => {
    const both = await Promise.all([ensure(), ensure()]);
    expect(new Set(both.map(({ disk }) => disk)).size).toBe(1);
    expect(calls).toEqual(all);
  });

  onLinux("lists and removes finished disks and stages", async () => {
    const { hash } = await ensure();
    const [base, ...others] = await listBases(place.cache);
    expect(others).toEqual([]);
    expect(base).toMatchObject({ hash, rootDiskGiB: 30, folder: join(place.cache, "base", hash) });
    if (base) await removeBase(base, place.cache);
    expect(await listBases(place.cache)).toEqual([]);
    expect(await removeStages(place.cache)).toBeGreaterThan(0);
    expect(readdirSync(join(place.cache, "base"))).toEqual([]);
  });

  onLinux("is refused with every reason and remedy before anything is made", async () => {
    const host = { ...able, root: false, exists: (path: string) => !/mmdebstrap|keyrings/.test(path) };
    await expect(ensure({ host })).rejects.toThrow(
      /root[\s\S]*apt-get install mmdebstrap[\s\S]*keys of Debian/,
    );
    expect(calls).toEqual([]);
  });
});

describe("what a build needs of the computer", () => {
  it("is Linux on x64", () => {
    expect(hostProblems(able)).toEqual([]);
    expect(hostProblems({ ...able, platform: "win32" })).toEqual([expect.stringContaining("image.base")]);
    expect(hostProblems({ ...able, architecture: "arm64" })).toEqual([expect.stringContaining("x64 only")]);
  });

  it("names each Debian package once", () => {
    const packages = basePackages("lvm");
    expect(packages).toContain("mmdebstrap");
    expect(new Set(packages).size).toBe(packages.length);
  });

  it("is LVM only for the layout that has it", () => {
    const host = { ...able, exists: (path: string) => !path.endsWith("/lvm") };
    expect(hostProblems(host, "plain")).toEqual([]);
    expect(hostProblems(host, "lvm")).toEqual([expect.stringContaining("apt-get install lvm2")]);
    expect(basePackages("plain")).not.toContain("lvm2");
    expect(basePackages("lvm")).toContain("lvm2");
  });
});
