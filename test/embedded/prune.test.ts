import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeUnused } from "../../embedded/prune";
import { buildProgram, type Program, standInObstacle } from "./program";

const describeHere = standInObstacle() === undefined ? describe : describe.skip;

describeHere("pruning the stand-in", () => {
  let program: Program;
  const environment = () => ({ ...process.env, KUBE_LAB_EMBEDDED_FOLDER: program.folder });
  beforeEach(() => {
    program = buildProgram();
  });
  afterEach(() => program.remove());

  test("keeps its folder while a machine or a disk is in it, and takes all of it then", async () => {
    await program.must("createvm", "--name", "one", "--register");
    await expect(removeUnused(environment())).rejects.toThrow(
      "1 machines and disks are in it, the first is one",
    );
    await program.must("unregistervm", "one", "--delete");
    const disk = join(program.folder, "disk.vdi");
    await program.must("createmedium", "disk", "--filename", disk, "--size", "1");
    await expect(removeUnused(environment())).rejects.toThrow(disk);
    await program.must("closemedium", "disk", disk, "--delete");
    await removeUnused(environment());
    expect(existsSync(program.folder)).toBe(false);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(program.folder);
  }, 120_000);

  test("lists its images in a clone that has not built it yet", async () => {
    const image = "kube-lab-image-0a1b2c3d4e5f";
    await program.must("createvm", "--name", image, "--register");
    const clone = mkdtempSync(join(tmpdir(), "kube-lab-clone-"));
    const project = join(__dirname, "..", "..");
    const tree = ["package.json", "Pulumi.yaml", "tsconfig.json"];
    for (const name of [...tree, "node_modules"]) execFileSync("ln", ["-s", join(project, name), clone]);
    for (const folder of ["lib", "plan", "embedded", "hypervisor", "supply", "scripts"])
      execFileSync("cp", ["-r", join(project, folder), clone]);
    const listed = execFileSync(process.execPath, ["--import", "tsx", "scripts/prune.ts"], {
      cwd: clone,
      env: { ...environment(), KUBE_LAB_CACHE: join(clone, "cache") },
      encoding: "utf8",
    });
    rmSync(clone, { recursive: true });
    expect(listed).toContain(image);
    await program.must("unregistervm", image, "--delete");
  }, 120_000);
});
