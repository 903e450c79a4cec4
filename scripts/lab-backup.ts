import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type About, readAbout } from "./backup/about";
import { sealed } from "./backup/vault";
import type { ExistingLab } from "./existing-lab";
import { LabShell } from "./lab-shell";

/** A snapshot of a large etcd through two SSH connections. */
const timeoutMs = 300_000;

/**
 * Takes etcd's data of a lab into an encrypted file.
 * @throws Error when no master gives a snapshot that can be read again; the file is there whole, or not at all.
 */
export async function backUp(lab: ExistingLab, file: string, passphrase: string): Promise<About> {
  if (existsSync(file)) throw new Error(`${file} is there already: name another file`);
  const shell = new LabShell(lab.outputs.access);
  try {
    const content = Buffer.from(await snapshotOf(lab, shell), "base64");
    const about = aboutIn(content);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, sealed(content, about, passphrase), { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
    return about;
  } finally {
    await shell.close();
  }
}

/** Of the first master whose etcd gives one, in base64. */
async function snapshotOf({ outputs }: ExistingLab, shell: LabShell): Promise<string> {
  const refusals: string[] = [];
  for (const { name } of outputs.machines.filter(({ role }) => role === "master")) {
    try {
      const { status, stdout, stderr } = await shell.run(name, "sudo kube-lab backup", { timeoutMs });
      if (status === 0) return stdout;
      refusals.push(`  ${name}: ${stderr.trim()}`);
    } catch (error) {
      refusals.push(`  ${(error as Error).message}`);
    }
  }
  throw new Error(`no master gives a snapshot:\n${refusals.join("\n")}\nLook: npm run status`);
}

/** A backup's content is a gzipped tar; see cloud-init/kubernetes/backup.sh. */
export function aboutIn(content: Buffer): About {
  const list = ["--extract", "--gzip", "--to-stdout", "about.json"];
  return readAbout(execFileSync("tar", list, { input: content, encoding: "utf8" }));
}
