import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  loadedArchive,
  readLoaded,
  removeLoaded,
  writeLoaded,
} from "../../../hypervisor/containers/loaded-images";
import { ownImages, requireLoaded } from "../../../hypervisor/containers/wanted-images";
import { type Host, thisHost } from "../../../lib/host";
import type { RunProcess } from "../../../lib/process";
import { loadRequest } from "../../../scripts/load/arguments";
import { imageTable, refuseToRemove, usableText } from "../../../scripts/load/report";
import { findSources, keepArchive } from "../../../scripts/load/sources";
import { scratch } from "../hypervisor/fixtures";
import { dockerArchive, ociLayout, written } from "../hypervisor/image-archives";

const { folder, remove } = scratch();
const cacheBefore = process.env.KUBE_LAB_CACHE;
beforeAll(() => {
  process.env.KUBE_LAB_CACHE = path.join(folder, "cache");
});
afterAll(() => {
  if (cacheBefore === undefined) delete process.env.KUBE_LAB_CACHE;
  else process.env.KUBE_LAB_CACHE = cacheBefore;
  remove();
});

const architecture = process.arch === "x64" ? "amd64" : process.arch;
const platform = { architecture, os: "linux" };
const shop = written(folder, "shop.tar", dockerArchive(["shop:1"], platform));

type LoadValues = Parameters<typeof loadRequest>[0];

describe("what is asked for", () => {
  test.each<[LoadValues, string[], unknown]>([
    [{}, ["shop.tar"], { kind: "load", words: ["shop.tar"], on: "workers" }],
    [{ all: true }, ["shop:1"], { kind: "load", words: ["shop:1"], on: "nodes" }],
    [{ list: true }, [], { kind: "list" }],
    [
      { remove: ["shop:1"] },
      ["store"],
      { kind: "remove", names: ["docker.io/library/shop:1", "docker.io/library/store:latest"] },
    ],
  ])("%j %j", (values, words, request) => expect(loadRequest(values, words)).toEqual(request));

  test.each<[LoadValues, string[], RegExp[]]>([
    [{}, [], [/which image/]],
    [{}, ["a", "a"], [/a: given twice/]],
    [{ list: true, all: true }, ["a"], [/--all: --list/, /a: --list takes no word/]],
    [{ list: true, remove: ["No Name"] }, [], [/one of them/, /No Name: allowed is a name/]],
  ])("%j %j is refused with all that is wrong", (values, words, problems) => {
    for (const problem of problems) expect(() => loadRequest(values, words)).toThrow(problem);
  });
});

describe("where images come from", () => {
  const programs = (names: string[]): Host => ({
    ...thisHost({ PATH: "/bin" }),
    platform: "linux",
    exists: (file) => names.includes(path.basename(file)),
  });
  /** A docker that does not run, and a podman that has one image. */
  const engines: RunProcess = async (program, args) => {
    const end = { stdout: "", stderr: "", timedOut: false };
    if (program.endsWith("docker"))
      return { ...end, status: 1, stderr: "Cannot connect to the Docker daemon" };
    if (args.at(-1) !== "shop:1") return { ...end, status: 125, stderr: "no such image" };
    if (args.includes("save")) writeFileSync(args[args.indexOf("--output") + 1] ?? "", readFileSync(shop));
    return { ...end, status: 0 };
  };

  test("files, folders of OCI's layout, and names of whichever engine has them", async () => {
    const layout = path.join(folder, "layout");
    const annotations = { "org.opencontainers.image.ref.name": "team/store:2" };
    for (const { path: name, content } of ociLayout([{ annotations, architectures: [architecture] }])) {
      mkdirSync(path.dirname(path.join(layout, name)), { recursive: true });
      writeFileSync(path.join(layout, name), content);
    }
    const sources = await findSources(
      [shop, layout, "shop:1"],
      folder,
      programs(["docker", "podman"]),
      engines,
    );
    expect(sources.map(({ archive }) => archive.images[0]?.name)).toEqual([
      "docker.io/library/shop:1",
      "docker.io/team/store:2",
      "docker.io/library/shop:1",
    ]);
    // The same image is the same archive, whoever gave it.
    expect(sources[2]?.archive.sha256).toBe(sources[0]?.archive.sha256);
  });

  test("every one that cannot be had is named, with why and what to do", async () => {
    const other = written(
      folder,
      "other.tar",
      dockerArchive(["other:1"], { architecture: "mips", os: "linux" }),
    );
    const words = [other, path.join(folder, "none.tar"), folder, "gone:1"];
    const failure = await findSources(words, folder, programs(["podman"]), engines).catch(
      (error: Error) => error,
    );
    const message = failure instanceof Error ? failure.message : "";
    expect(message).toMatch(
      /other:1 is for linux\/mips; the lab's machines are linux\/.*\n.*Allowed: .*\n.*Fix: .*--platform/,
    );
    expect(message).toMatch(/none.tar": there is no such file or folder/);
    expect(message).toMatch(/a folder without the file oci-layout/);
    expect(message).toMatch(/"gone:1": .*docker is not installed; podman says: no such image/);
  });
});

describe("what was loaded", () => {
  const load = async (...words: string[]) => {
    const sources = await findSources(words, folder, thisHost());
    for (const source of sources) await keepArchive(folder, "dev", source);
    return sources.map(({ archive }) => ({
      ...{ ...archive, on: "workers" as const, file: loadedArchive("dev", archive.sha256) },
    }));
  };

  test("is kept with the archives that machines of later need, and goes with them", async () => {
    const other = written(folder, "two.tar", dockerArchive(["two:1"], platform));
    const archives = await load(shop, other);
    await writeLoaded(folder, "dev", archives);
    expect(readLoaded(folder, "dev")).toEqual(archives);
    expect(readFileSync(path.join(folder, archives[0]?.file ?? ""))).toEqual(readFileSync(shop));
    await writeLoaded(folder, "dev", archives.slice(1));
    expect(existsSync(path.join(folder, archives[0]?.file ?? ""))).toBe(false);
    expect(existsSync(path.join(folder, archives[1]?.file ?? ""))).toBe(true);
    removeLoaded(folder, "dev");
    expect(readLoaded(folder, "dev")).toEqual([]);
    expect(() => requireLoaded(folder, archives)).toThrow(/two:1, is gone/);
  });

  test("and what the configuration names are shown together, and removed where they are from", async () => {
    const images = await ownImages(folder, "dev", ["shop.tar"]);
    expect(images.configured).toMatchObject([{ file: "shop.tar", on: "nodes" }]);
    expect(imageTable(images, [])).toMatch(/docker.io\/library\/shop:1 +shop.tar +nodes +0 of 0/);
    expect(() => refuseToRemove(["docker.io/library/shop:1"], images)).toThrow(/kube-lab:images names/);
    expect(() => refuseToRemove(["none"], images)).toThrow(/was not loaded; there are: none/);
    expect(usableText(images.configured)).toContain("image: docker.io/library/shop:1");
  });

  test("archives of the configuration that cannot be had are refused with their keys", async () => {
    await expect(ownImages(folder, "dev", ["shop.tar", "none.tar"])).rejects.toThrow(
      /kube-lab:images\[1\] is "none.tar": there is no such file/,
    );
  });
});
