import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { removeEverything } from "../../embedded/prune";
import { buildProgram, type Program, standInObstacle } from "./program";

const blocked = standInObstacle();
const describeHere = blocked === undefined ? describe : describe.skip;

const MEBIBYTE = 2 ** 20;

/** A machine with a disk of its own. */
async function makeMachine(program: Program, name: string): Promise<string> {
  await program.must("createvm", "--name", name, "--register");
  const disk = join(program.folder, "machines", name, `${name}.vdi`);
  await program.must("createmedium", "disk", "--filename", disk, "--size", "400");
  await program.must("storagectl", name, "--name", "SATA", "--add", "sata");
  const attach = ["--storagectl", "SATA", "--port", "0", "--type", "hdd", "--medium", disk];
  await program.must("storageattach", name, ...attach);
  return disk;
}

describeHere("a file of the stand-in that a power cut has cut off", () => {
  let program: Program;
  beforeAll(() => {
    program = buildProgram();
  });
  afterAll(() => program?.remove(), 60_000);

  const recordOf = async (name: string) => {
    const uuid = new RegExp(`"${name}" \\{(.*)\\}`).exec(await program.must("list", "vms"))?.[1] ?? "";
    return { uuid, file: join(program.folder, "registry/machines", `${uuid}.json`) };
  };

  test("is told by name and stops no other machine", async () => {
    await makeMachine(program, "whole");
    await makeMachine(program, "broken");
    const { uuid, file } = await recordOf("broken");
    truncateSync(file, 40);
    const listed = await program.run("list", "vms");
    expect(listed.status).toBe(0);
    expect(listed.stdout).toMatch(/^"whole" \{.*\}$/m);
    expect(listed.stdout).toContain(`"<inaccessible>" {${uuid}}`);
    expect(listed.stderr).toContain(`${file} cannot be read`);
    expect(listed.stderr).toContain(`unregistervm ${uuid}`);
    await program.must("modifyvm", "whole", "--cpus", "2");
    await program.must("showvminfo", "whole", "--machinereadable");
    expect(await program.run("showvminfo", "broken")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /Could not find a registered machine named 'broken'.*cannot be read.*VBOX_E_OBJECT_NOT_FOUND/s,
      ),
    });
    expect((await program.run("startvm", uuid)).stderr).toContain(`not accessible: ${file}`);
    await program.must("unregistervm", uuid);
    expect(await program.must("list", "vms")).toMatch(/^"whole" \{.*\}\n$/);
  }, 60_000);

  test("of a medium does not mean that there is none", async () => {
    const disk = join(program.folder, "machines/whole/whole.vdi");
    const uuid = /^UUID: +(\S+)$/m.exec(await program.must("showmediuminfo", disk))?.[1] ?? "";
    const file = join(program.folder, "registry/media", `${uuid}.json`);
    truncateSync(file, 0);
    expect(await program.must("showvminfo", "whole", "--machinereadable")).toContain(
      `"SATA-ImageUUID-0-0"="${uuid}"`,
    );
    const listed = await program.run("list", "hdds");
    expect(listed.stdout).toMatch(/^State: +inaccessible$/m);
    expect(listed.stderr).toContain(`${file} cannot be read`);
    // Its own file says all that the record did.
    await program.must("showmediuminfo", disk);
    expect(await program.must("showvminfo", "whole", "--machinereadable")).toContain(`"SATA-0-0"="${disk}"`);
    await program.must("unregistervm", "whole", "--delete");
  }, 60_000);
});

describeHere("a stand-in whose host's disk is full", () => {
  let program: Program;
  /** The host's disk: small, with the stand-in's folder on it. */
  let host: string;
  const ballast = () => join(program.folder, "ballast");

  beforeAll(() => {
    program = buildProgram();
    host = join(program.folder, "../host.img");
    writeFileSync(host, "");
    truncateSync(host, 900 * MEBIBYTE);
    execFileSync("mkfs.ext4", ["-q", "-m", "0", host]);
    execFileSync("mount", ["-o", "loop", host, program.folder]);
  }, 60_000);

  afterAll(async () => {
    // All but the mount point itself.
    await removeEverything(program.folder).catch(() => undefined);
    execFileSync("umount", [program.folder]);
    await program.remove();
  }, 60_000);

  /** Fills the host's disk. */
  function fill(): void {
    const file = openSync(ballast(), "w");
    const block = Buffer.alloc(MEBIBYTE, 1);
    try {
      for (;;) writeSync(file, block);
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
    } finally {
      closeSync(file);
    }
  }

  /** Writes to the store until it can write no more. */
  function exhaustStore(): void {
    const store = join(program.folder, "store");
    for (let round = 0; round < 50; round += 1)
      try {
        mkdirSync(join(store, `filler-${round}`));
        writeFileSync(join(store, `filler-${round}`, "file"), Buffer.alloc(8 * MEBIBYTE, round + 1));
        execFileSync("sync", ["--file-system", store], { stdio: "ignore" });
      } catch {
        // Full, or read-only already.
      }
  }

  test("refuses what needs room, names the disk, and goes on when there is room again", async () => {
    await makeMachine(program, "one");
    fill();
    const refused = await program.run(
      "createmedium",
      "disk",
      "--filename",
      join(program.folder, "x.vdi"),
      "--size",
      "1",
    );
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`The host's disk that holds ${program.folder} is full`);

    exhaustStore();
    expect(() => mkdirSync(join(program.folder, "store", "never"))).toThrow(/EROFS|EIO/);
    const half = await program.run("unregistervm", "one", "--delete");
    expect(half.status).toBe(1);
    expect(half.stderr).toContain(`The host's disk that holds ${program.folder} is full`);
    expect(await program.must("list", "vms")).toContain('"one"');

    rmSync(ballast());
    await program.must("unregistervm", "one", "--delete");
    expect(await program.must("list", "vms")).toBe("");
    expect(readdirSync(join(program.folder, "machines"))).toEqual([]);
    expect(readdirSync(join(program.folder, "registry/media"))).toEqual([]);
    await makeMachine(program, "again");
    await program.must("unregistervm", "again", "--delete");
  }, 120_000);
});

describeHere("the stand-in's locks", () => {
  let program: Program;
  beforeAll(() => {
    program = buildProgram();
  });
  afterAll(() => program?.remove(), 60_000);

  test("are root's alone, and those of the dead are nobody's", async () => {
    await program.must("createvm", "--name", "one", "--register");
    const locks = join(program.folder, "locks");
    expect(execFileSync("stat", ["-c", "%a %U", locks]).toString().trim()).toBe("700 root");
    const identity = readFileSync(join(program.folder, "identity"), "utf8").trim();
    expect(readFileSync("/proc/net/unix", "utf8")).not.toContain(`@kube-lab/${identity}`);
    const dead = execFileSync("sh", ["-c", "echo $$"]).toString().trim();
    execFileSync("ln", ["-s", `${dead}:1:00000000-0000-0000-0000-000000000000`, join(locks, "registry")]);
    const started = Date.now();
    await program.must("modifyvm", "one", "--cpus", "2");
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(existsSync(join(locks, "registry"))).toBe(false);
  }, 60_000);
});
