import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A copy of the files that go into a base disk, a small bundle and an empty cache, all in a folder of their own. */
export function baseProject() {
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-base-"));
  const project = join(folder, "project");
  for (const part of ["supply/base", "cloud-init/image"]) {
    cpSync(part, join(project, part), { recursive: true });
  }
  const bundle = join(folder, "bundle");
  mkdirSync(bundle);
  writeManifest(bundle, "one");
  return { folder, project, bundle, cache: join(folder, "cache"), rootDiskGiB: 30, layout: "plain" as const };
}

/** A bundle's manifest with one file. */
export function writeManifest(bundle: string, sha256: string, modified = 1, path = "bin/kubeadm"): void {
  const files = { [path]: { sha256, size: 1, modified } };
  const components = { kubernetes: { recipe: "r", source: "go-modules", seconds: 1, files, images: [] } };
  const manifest = { format: 1, version: "1.36.3", architecture: "amd64", source: "go-modules", components };
  writeFileSync(join(bundle, "manifest.json"), JSON.stringify(manifest));
}

/** Appends to a file of the project. */
export function change(project: string, file: string, addition: string): void {
  const path = join(project, file);
  writeFileSync(path, `${readFileSync(path, "utf8")}${addition}`);
}
