import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { ExistingLab } from "../../lab/existing-lab";
import { LabShell } from "../../lab/shell";
import { writeAtomically } from "../../lib/atomic-file";
import { type About, readAbout } from "./about";
import { sealed } from "./vault";

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
    const { content, about } = await snapshotOf(lab, shell);
    mkdirSync(dirname(file), { recursive: true });
    writeAtomically(file, sealed(content, about, passphrase));
    return about;
  } finally {
    await shell.close();
  }
}

interface Snapshot {
  /** A gzipped tar; see cloud-init/kubernetes/backup.sh. */
  content: Buffer;
  about: About;
}

/** Of the first master that is one of a majority; where none is, of the one that knows most. */
export async function snapshotOf(
  { outputs }: Pick<ExistingLab, "outputs">,
  shell: Pick<LabShell, "run">,
): Promise<Snapshot> {
  const refusals: string[] = [];
  const lonely: Snapshot[] = [];
  for (const { name } of outputs.machines.filter(({ role }) => role === "master")) {
    try {
      const { status, stdout, stderr } = await shell.run(name, "sudo kube-lab backup", { timeoutMs });
      if (status === 0) {
        const content = Buffer.from(stdout, "base64");
        const snapshot = { content, about: aboutIn(content) };
        if (snapshot.about.majority) return snapshot;
        lonely.push(snapshot);
      } else refusals.push(`  ${name}: ${refusalOf(status, stderr)}`);
    } catch (error) {
      refusals.push(`  ${(error as Error).message}`);
    }
  }
  const [best] = lonely.sort((a, b) => b.about.snapshot.revision - a.about.snapshot.revision);
  if (best !== undefined) return best;
  throw new Error(`no master gives a snapshot:\n${refusals.join("\n")}\nLook: npm run status`);
}

/** What a `kube-lab` that does not know a word ends with is its whole usage. */
export function refusalOf(status: number | null, stderr: string): string {
  return status === 64 ? "it is of an earlier release of the lab: npm run up first" : stderr.trim();
}

/** A backup's content is a gzipped tar; see cloud-init/kubernetes/backup.sh. */
export function aboutIn(content: Buffer): About {
  const list = ["--extract", "--gzip", "--to-stdout", "about.json"];
  return readAbout(execFileSync("tar", list, { input: content, encoding: "utf8" }));
}
