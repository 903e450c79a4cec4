import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { thisHost } from "../lib/host";
import type { GuestFile } from "./guest-file";

const cache = new Map<string, string>();

/**
 * A file of this folder as it is, for a place inside the machine. Read once a process: twelve machines get the same ones.
 * @param source path below cloud-init/, for example `common/lib.sh`
 */
export function realFile(source: string, path: string, mode = "0644"): GuestFile {
  const content = cache.get(source) ?? readFileSync(join(sourceFolder(), source), "utf8");
  cache.set(source, content);
  return { path, mode, content };
}

/** This file's folder; a bundled program lies elsewhere in the project. */
export function sourceFolder(): string {
  const candidates = [__dirname, join(thisHost().project, "cloud-init")];
  const folder = candidates.find((candidate) => existsSync(join(candidate, "common", "kube-lab")));
  if (folder === undefined) {
    throw new Error(`cloud-init/common/kube-lab not found in ${candidates.join(" or ")}`);
  }
  return folder;
}
