import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";

/** Unpacks what cloud-init/delivery.ts packed, as a machine does: content by full path. */
export function deliveredFiles(delivery: string): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-delivery-"));
  try {
    execFileSync("tar", ["-xz", "-C", folder], { input: Buffer.from(delivery, "base64") });
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return new Map(files.map((file) => [file.slice(folder.length), readFileSync(file, "utf8")]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The delivery that a machine's user-data carries. */
export function deliveryIn(userData: string): string {
  const { write_files: files } = load(userData) as { write_files: { content: string }[] };
  return files[0]?.content ?? "";
}
