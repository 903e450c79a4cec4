import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { standInPrograms } from "../../embedded/host-packages";
import { removeEverything } from "../../embedded/prune";
import { localFolder } from "../../lib/local-folder";
import { obstacle } from "../obstacle";

export interface Answer {
  status: number;
  stdout: string;
  stderr: string;
}

/** The stand-in, bundled for these tests, with a folder of its own. */
export interface Program {
  /** Its KUBE_LAB_EMBEDDED_FOLDER. */
  folder: string;
  /** The bundle. */
  file: string;
  /** The folder that set-up would have built it in. */
  project: string;
  run: (...args: string[]) => Promise<Answer>;
  /** Like run, but any status other than 0 is an error. */
  must: (...args: string[]) => Promise<string>;
  /** With every machine and disk it still has. */
  remove: () => Promise<void>;
}

export function buildProgram(): Program {
  const built = mkdtempSync(join(tmpdir(), "kube-lab-embedded-"));
  const programs = join(built, localFolder, "programs");
  const file = join(programs, "VBoxManage.js");
  const source = join(__dirname, "../../embedded");
  buildSync({
    entryPoints: { VBoxManage: join(source, "main.ts"), "stand-in": join(source, "perform.ts") },
    outdir: programs,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "warning",
  });
  chmodSync(file, 0o755);
  cpSync(join(source, "guest"), join(built, "embedded", "guest"), { recursive: true });
  const folder = join(built, "lab");
  mkdirSync(folder, { mode: 0o700 });
  const run = (...args: string[]) => call(file, args, { ...process.env, KUBE_LAB_EMBEDDED_FOLDER: folder });
  const must = async (...args: string[]) => {
    const answer = await run(...args);
    if (answer.status !== 0)
      throw new Error(`VBoxManage ${args.join(" ")}: ${answer.status} ${answer.stderr}`);
    return answer.stdout;
  };
  const remove = async () => {
    await removeEverything(folder);
    rmSync(built, { recursive: true, force: true });
  };
  return { folder, file, project: built, run, must, remove };
}

export function call(file: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(file, args, { env, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

/** Why machines cannot run here; undefined when they can. */
export function standInObstacle(): string | undefined {
  const own = {
    ...{ genisoimage: "genisoimage", ssh: "openssh-client", mmdebstrap: "mmdebstrap" },
    fincore: "util-linux-extra",
  };
  return obstacle("the stand-in", { programs: { ...standInPrograms, ...own } });
}
