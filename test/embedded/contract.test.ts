import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { follow } from "./contract/follow";
import { buildProgram, standInObstacle } from "./program";

const blocked = standInObstacle();

(blocked === undefined ? test : test.skip)(
  "the stand-in answers as the contract says",
  async () => {
    const program = buildProgram();
    const folder = mkdtempSync(join(tmpdir(), "kube-lab-contract-"));
    try {
      expect(await follow(program.run, folder)).toEqual([]);
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
