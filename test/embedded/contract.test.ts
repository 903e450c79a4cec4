import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract } from "./contract/contract";
import { type Answer, buildProgram, call, obstacle } from "./program";

type Run = (...args: string[]) => Promise<Answer>;

async function follow(run: Run, folder: string): Promise<void> {
  writeFileSync(join(folder, "bytes.raw"), "");
  truncateSync(join(folder, "bytes.raw"), 20 * 2 ** 20);
  execFileSync("genisoimage", ["-quiet", "-o", join(folder, "seed.iso"), __filename]);
  const wrong: string[] = [];
  for (const step of contract(folder)) {
    const answer = await run(...step.args);
    const missed = [
      ...(answer.status === step.status ? [] : [`status ${step.status}`]),
      ...(step.stdout ?? [])
        .filter((pattern) => !pattern.test(answer.stdout))
        .map((pattern) => `stdout ${pattern}`),
      ...(step.stderr ?? [])
        .filter((pattern) => !pattern.test(answer.stderr))
        .map((pattern) => `stderr ${pattern}`),
    ];
    if (missed.length === 0) continue;
    const shown = `status ${answer.status}\nstdout: ${answer.stdout}\nstderr: ${answer.stderr}`;
    wrong.push(
      `VBoxManage ${step.args.join(" ")}\nexpected ${missed.join("\n         ")}\n${shown.slice(0, 3000)}`,
    );
  }
  expect(wrong).toEqual([]);
}

const blocked = obstacle();

(blocked === undefined ? test : test.skip)(
  "the stand-in answers as the contract says",
  async () => {
    const program = buildProgram();
    const folder = mkdtempSync(join(tmpdir(), "kube-lab-contract-"));
    try {
      await follow(program.run, folder);
      expect(await program.must("list", "hdds")).toBe("");
      expect(isMounted(program.folder)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await program.remove();
    }
  },
  120_000,
);

function isMounted(folder: string): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8").includes(`${folder}/store`);
}

const real = process.env.KUBE_LAB_REAL_VBOXMANAGE;

/**
 * For whoever has the real one: it is named in KUBE_LAB_REAL_VBOXMANAGE, and KUBE_LAB_CONTRACT_FOLDER is an existing folder
 * that it sees under the same path.
 */
if (real !== undefined) {
  test("the real VBoxManage answers as the contract says", async () => {
    const folder = join(process.env.KUBE_LAB_CONTRACT_FOLDER ?? tmpdir(), `contract-${process.pid}`);
    mkdirSync(folder);
    try {
      await follow((...args) => call(real, args), folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 600_000);
}
