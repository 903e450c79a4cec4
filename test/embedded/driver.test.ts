import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withPlaceLock } from "../../embedded/locks";
import { openPlace } from "../../embedded/place";
import type { VBoxManageError } from "../../hypervisor/driver/errors";
import { openVBoxManage, type VBoxManage } from "../../hypervisor/driver/vboxmanage";
import { thisHost } from "../../lib/host";
import { localFolder } from "../../lib/local-folder";
import { buildProgram, type Program, standInObstacle } from "./program";

const describeHere = standInObstacle() === undefined ? describe : describe.skip;

describeHere("the driver's calls of the stand-in", () => {
  let program: Program;
  let vbox: VBoxManage;
  const environment = () => ({ ...process.env, KUBE_LAB_EMBEDDED_FOLDER: program.folder });
  beforeEach(() => {
    program = buildProgram();
    const launcher = join(program.project, localFolder, "bin", "embedded", "VBoxManage");
    mkdirSync(join(launcher, ".."), { recursive: true });
    cpSync(program.file, launcher);
    const host = { ...thisHost(environment()), project: program.project };
    vbox = openVBoxManage("embedded", host, () => undefined);
  });
  afterEach(() => program.remove());

  test("are done in its own process, and answered as the command answers", async () => {
    await vbox.call(["createvm", "--name", "ö b", "--groups", "/test", "--register"]);
    const calls = [["list", "vms"], ["showvminfo", "ö b", "--machinereadable"], ["--version"]];
    const answers = await Promise.all(calls.map((args) => program.must(...args)));
    const { stderr } = await program.run("showvminfo", "gone");
    // The command, with which nothing below could be done.
    rmSync(program.file);
    for (const [index, args] of calls.entries()) expect(await vbox.call(args)).toBe(answers[index]);
    const error: VBoxManageError = await vbox.call(["showvminfo", "gone"]).catch((reason) => reason);
    expect(error.isNotFound).toBe(true);
    expect(stderr).toContain(error.detail.split("\n")[0]);
  }, 60_000);

  test("may come all at once", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    await Promise.all(names.map((name) => vbox.call(["createvm", "--name", name, "--register"])));
    const listed = await vbox.call(["list", "vms"]);
    expect(names.filter((name) => !listed.includes(`"${name}"`))).toEqual([]);
  }, 60_000);

  test("stop when their time is over: nothing is done after the error", async () => {
    await withPlaceLock(openPlace(environment()), "registry", () =>
      expect(vbox.call(["createvm", "--name", "late", "--register"], 1)).rejects.toThrow("no end within 1 s"),
    );
    await vbox.call(["createvm", "--name", "next", "--register"]);
    expect(await vbox.call(["list", "vms"])).toMatch(/^"next" \{.*\}\n$/);
  }, 60_000);

  test("end the programs that they have started when their time is over", async () => {
    const programs = join(program.project, "bin");
    mkdirSync(programs);
    const started = join(programs, "started");
    const slow = `#!/bin/sh\necho $$ > ${started}\nexec sleep 600\n`;
    writeFileSync(join(programs, "mkfs.btrfs"), slow, { mode: 0o755 });
    const path = process.env.PATH;
    process.env.PATH = `${programs}:${path}`;
    const disk = join(program.folder, "disk.vdi");
    const create = ["createmedium", "disk", "--filename", disk, "--size", "1"];
    await expect(vbox.call(create, 2)).rejects.toThrow("no end within 2 s");
    process.env.PATH = path;
    expect(existsSync(`/proc/${readFileSync(started, "utf8").trim()}`)).toBe(false);
    await vbox.call(create);
    expect(await vbox.call(["list", "hdds"])).toContain(disk);
  }, 60_000);
});
