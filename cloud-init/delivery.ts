import { gzipSync } from "node:zlib";
import { tarOf } from "../lib/tar";
import type { GuestFile } from "./guest-file";

/**
 * All files of a machine as one text: a gzipped tar in base64, a quarter of their size. The seed carries it to the first boot,
 * `kube-lab apply` reads it later. As secret as the files; equal files give an equal text on the same Node.js.
 */
export function delivery(files: GuestFile[]): string {
  const members = files.map(({ path, mode, content }) => ({
    path: path.slice(1),
    mode: Number.parseInt(mode, 8),
    content,
  }));
  return gzipSync(tarOf(members), { level: 9 }).toString("base64");
}
