import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ComponentVersions, imageNames, provisionalVersions } from "../../../plan/versions";
import {
  type BundleOptions,
  bundleFolder,
  ensureBundle,
  hasOfficialImage,
  hostArchitecture,
} from "../../../supply/kubernetes/bundle";
import type { Component } from "../../../supply/kubernetes/component";
import type { Manifest, Source } from "../../../supply/kubernetes/manifest";
import { listBundles, removeBundle } from "../../../supply/kubernetes/prune";

let cache: string;
let built: string[];
let fail: string | undefined;
let recipeOfSecond: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "kube-lab-bundle-"));
  built = [];
  fail = undefined;
  recipeOfSecond = "1";
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

/** Stands for kubeadm: prints the images of 1.36.3. */
const kubeadm = `#!/bin/sh\necho '${Object.values(imageNames(provisionalVersions("1.36.3")))
  .filter((name) => name.startsWith("registry.k8s.io"))
  .join("\n")}'\n`;

function parts(source: Source): Component[] {
  const part = (
    name: string,
    path: string,
    content: string,
    recipe: (versions: ComponentVersions) => string = () => "1",
    addon?: Component["addon"],
  ): Component => ({
    name,
    source,
    ...(addon && { addon }),
    recipe: async (versions) => recipe(versions),
    build: async ({ stage }) => {
      built.push(`${name} ${source}`);
      await mkdir(join(stage, path, ".."), { recursive: true });
      await writeFile(join(stage, path), content);
      if (fail === name) throw new Error("cut off");
      return { images: path.startsWith("images/") ? [`r.example/${name}:v1`] : [] };
    },
  });
  return [
    part("kubernetes", "bin/kubeadm", kubeadm),
    part("second", "images/second.tar", `image from ${source}`, () => recipeOfSecond),
    part("traefik", "images/traefik.tar", "traefik", ({ traefik }) => traefik, "traefik"),
    part("metrics-server", "images/metrics-server.tar", "metrics", () => "1", "metricsServer"),
  ];
}

const ensure = (options: BundleOptions = {}) =>
  ensureBundle({ cache, parts, source: "go-modules", version: "1.36.3", log: () => {}, ...options });
const folder = (): string => bundleFolder(cache, "1.36.3", hostArchitecture());
const image = (): string => join(folder(), "images/second.tar");

test("makes every part once, tells versions and images, and then does nothing", async () => {
  const bundle = await ensure();
  expect(bundle).toMatchObject({
    folder: expect.stringContaining(join(folder(), "selections")),
    version: "1.36.3",
    source: "go-modules",
    images: ["r.example/second:v1"],
  });
  expect(bundle.versions.etcdImage).toBe("3.6.8-0");
  const manifest = JSON.parse(readFileSync(join(folder(), "manifest.json"), "utf8")) as Manifest;
  expect(manifest.components.second?.files["images/second.tar"]).toMatchObject({
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    size: "image from go-modules".length,
  });
  expect(await ensure()).toEqual(bundle);
  expect(built).toEqual(["kubernetes go-modules", "second go-modules"]);
});

test("goes on after a part that was cut off, and leaves nothing of it", async () => {
  fail = "second";
  await expect(ensure()).rejects.toThrow("cut off");
  expect(existsSync(image())).toBe(false);
  expect(existsSync(join(folder(), ".work-second"))).toBe(false);
  fail = undefined;
  await ensure();
  expect(built).toEqual(["kubernetes go-modules", "second go-modules", "second go-modules"]);
});

test("makes a damaged or missing file again", async () => {
  await ensure();
  appendFileSync(image(), "damage");
  await ensure();
  rmSync(image());
  await ensure();
  expect(built.slice(2)).toEqual(["second go-modules", "second go-modules"]);
  expect(readFileSync(image(), "utf8")).toBe("image from go-modules");
});

test("damage that keeps size and time is found by the full look", async () => {
  await ensure();
  const recorded = (JSON.parse(readFileSync(join(folder(), "manifest.json"), "utf8")) as Manifest).components
    .second;
  const time = (recorded?.files["images/second.tar"]?.modified ?? 0) / 1000;
  writeFileSync(image(), "IMAGE from go-modules");
  utimesSync(image(), time, time);
  await ensure();
  expect(built).toHaveLength(2);
  await ensure({ verify: "full" });
  expect(built.slice(2)).toEqual(["second go-modules"]);
});

test("another time alone is no damage, and is set right so that the file is not read at each look", async () => {
  await ensure();
  const { mtime } = statSync(image());
  utimesSync(image(), 1, 1);
  await ensure();
  expect(built).toHaveLength(2);
  expect(Math.round(statSync(image()).mtimeMs)).toBe(mtime.getTime());
});

test("another recipe makes that part again, and only it", async () => {
  await ensure();
  recipeOfSecond = "2";
  await ensure();
  expect(built.slice(2)).toEqual(["second go-modules"]);
});

test("a source that is demanded replaces the other's parts; otherwise they are kept", async () => {
  await ensure({ source: "official" });
  await ensure({ source: "auto" });
  expect(built).toHaveLength(2);
  expect((await ensure({ source: "go-modules" })).source).toBe("go-modules");
  expect(built.slice(2)).toEqual(["kubernetes go-modules", "second go-modules"]);
});

test("two at once: one makes it, the other waits", async () => {
  const [first, second] = await Promise.all([ensure(), ensure()]);
  expect(first).toEqual(second);
  expect(built).toHaveLength(2);
});

test("an unreadable manifest counts as none", async () => {
  await ensure();
  writeFileSync(join(folder(), "manifest.json"), "{");
  await ensure();
  expect(built).toHaveLength(4);
});

test("refuses a version that is none before anything is made", async () => {
  await expect(ensure({ version: "../1.36.3" })).rejects.toThrow(/must be a full release/);
  expect(await listBundles(cache)).toEqual([]);
});

test("has the add-ons that were asked for, makes no others, and keeps each release beside the others", async () => {
  const plain = await ensure();
  const first = await ensure({ addons: { traefik: "3.6.12" } });
  expect(built.slice(2)).toEqual(["traefik go-modules"]);
  expect(first.images).toEqual(["r.example/second:v1", "r.example/traefik:v1"]);
  expect(readdirSync(join(first.folder, "images"))).toEqual(["second.tar", "traefik.tar"]);
  expect(readdirSync(first.folder).sort()).toEqual(["bin", "cni", "images", "manifest.json", "manifests"]);
  const second = await ensure({ addons: { traefik: "3.6.13", metricsServer: "0.9.0" } });
  expect(built.slice(3)).toEqual(["traefik go-modules", "metrics-server go-modules"]);
  expect(readdirSync(join(second.folder, "images"))).toHaveLength(3);
  expect(await ensure({ addons: { traefik: "3.6.12" } })).toEqual(first);
  expect(await ensure()).toEqual(plain);
  expect(built).toHaveLength(5);
  // No room but the bundle's own.
  expect(statSync(join(first.folder, "images/second.tar")).ino).toBe(statSync(image()).ino);
});

test("bundles are listed and removed", async () => {
  await ensure();
  const [bundle, ...others] = await listBundles(cache);
  expect(others).toEqual([]);
  expect(bundle).toMatchObject({ folder: folder(), components: ["kubernetes", "second"] });
  expect(bundle?.bytes).toBeGreaterThan(kubeadm.length);
  if (bundle) await removeBundle(bundle);
  expect(existsSync(folder())).toBe(false);
  expect(await listBundles(cache)).toEqual([]);
});

test("an image that is official only is there, comes with that source, and never with a bundle built without it", async () => {
  const has = (image: string, source?: BundleOptions["source"]) =>
    hasOfficialImage(image, { cache, version: "1.36.3", ...(source && { source }) });
  expect(await has("r.example/third:v1", "official")).toBe(true);
  expect(await has("r.example/third:v1", "go-modules")).toBe(false);
  await ensure({ source: "go-modules" });
  expect(await has("r.example/second:v1")).toBe(true);
  expect(await has("r.example/third:v1")).toBe(false);
  expect(await has("r.example/third:v1", "official")).toBe(true);
});
