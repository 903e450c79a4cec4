import { execFile, spawn } from "node:child_process";
import { chmodSync, copyFileSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { withPlaceLock } from "../../embedded/locks";
import { openPlace } from "../../embedded/place";
import { removeEverything } from "../../embedded/prune";
import { until } from "./guest";
import { buildProgram, call, type Program, standInObstacle } from "./program";

const blocked = standInObstacle();
const describeHere = blocked === undefined ? describe : describe.skip;

describeHere("the stand-in's service", () => {
  let program: Program;
  const environment = () => ({ ...process.env, KUBE_LAB_EMBEDDED_FOLDER: program.folder });
  const direct = (...args: string[]) => call(program.file, args, environment());
  /** Pids of the services of this program, of whichever build. */
  const services = () =>
    readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isService(pid, program.file));
  const warm = () =>
    until("a service listens", async () => {
      await program.must("list", "vms");
      return readdirSync(join(program.folder, "services")).length > 1;
    });

  beforeEach(() => {
    program = buildProgram();
  });

  afterEach(() => program.remove());

  test("says what the program itself says, with the same status", async () => {
    await warm();
    await program.must("createvm", "--name", "ö b", "--groups", "/test", "--register");
    for (const args of [
      ["list", "vms"],
      ["showvminfo", "ö b", "--machinereadable"],
      ["-q", "--version"],
      ["setextradata", "ö b", "two\nlines", ""],
      ["showvminfo", "gone"],
      ["createmedium", "disk", "--filename", "x.vdi"],
      ["showmediuminfo", "relative/gone.vdi"],
      ["closemedium", "relative/gone.vdi"],
      ["nonsense"],
      [],
    ])
      expect(await program.run(...args)).toEqual(await direct(...args));
    expect(services()).toHaveLength(1);
  }, 60_000);

  test("is started once by many calls at once, and has nothing of theirs", async () => {
    await Promise.all(Array.from({ length: 12 }, () => program.must("list", "vms")));
    expect(services()).toHaveLength(1);
    const status = readFileSync(`/proc/${services()[0]}/stat`, "utf8").split(" ");
    const [session, terminal] = [status[5], status[6]];
    expect([session, terminal]).toEqual([services()[0], "0"]);
  }, 60_000);

  test("ends when nobody calls", async () => {
    await warm();
    await until("the service has ended", async () => services().length === 0);
    expect(readdirSync(join(program.folder, "services"))).toEqual(["log"]);
    expect(readFileSync(join(program.folder, "services", "log"), "utf8")).toBe("");
  }, 60_000);

  test("ends with its place", async () => {
    await warm();
    await program.must("createvm", "--name", "kept", "--register");
    await removeEverything(program.folder);
    expect(services()).toEqual([]);
    await warm();
    rmSync(program.folder, { recursive: true });
    await until("the service has ended", async () => services().length === 0);
  }, 60_000);

  test("answers only for its own build", async () => {
    await warm();
    await program.must("createvm", "--name", "kept", "--register");
    copyFileSync(program.file, `${program.file}.new`);
    renameSync(`${program.file}.new`, program.file);
    await program.must("list", "vms");
    expect(services()).toHaveLength(2);
  }, 60_000);

  test("answers only for its own search path", async () => {
    await warm();
    const create = ["createmedium", "disk", "--filename", join(program.folder, "disk.vdi"), "--size", "1"];
    const elsewhere = { ...environment(), PATH: `${dirname(process.execPath)}:/usr/bin` };
    for (const _ of ["the program", "its service"])
      expect((await call(program.client, create, elsewhere)).stderr).toContain("mkfs.btrfs is not installed");
    expect(services()).toHaveLength(2);
    await program.must(...create);
  }, 60_000);

  test("finishes a verb whose caller has gone", async () => {
    await warm();
    await withPlaceLock(openPlace(environment()), "registry", async () => {
      const caller = spawn(program.client, ["createvm", "--name", "made", "--register"], {
        env: environment(),
      });
      await until("the call has begun", async () => openCalls() === 1);
      caller.kill("SIGKILL");
    });
    await until("it is made", async () => (await program.must("list", "vms")).includes('"made"'));
  }, 60_000);

  test("is missed by its callers when it is killed", async () => {
    await warm();
    const answer = await withPlaceLock(openPlace(environment()), "registry", async () => {
      const called = program.run("createvm", "--name", "lost", "--register");
      await until("the call has begun", async () => openCalls() === 1);
      process.kill(Number(services()[0]), "SIGKILL");
      return called;
    });
    expect(answer).toMatchObject({ status: 1, stdout: "" });
    expect(answer.stderr).toMatch(/^VBoxManage: error: .* ended in the middle of this call; see .*\n$/);
    expect(await program.must("list", "vms")).toBe("");
  }, 60_000);

  test("is for root only", async () => {
    await warm();
    chmodSync(dirname(program.folder), 0o755);
    const nobody = { uid: 65534, gid: 65534, env: environment() };
    const answer = await new Promise<string>((resolve) => {
      execFile(program.client, ["list", "vms"], nobody, (error, _, stderr) =>
        resolve(`${error?.code} ${stderr}`),
      );
    });
    expect(answer).toMatch(/^1 VBoxManage: error: kube-lab's stand-in for VBoxManage needs root/);
  }, 60_000);

  /** Connections to the services of this place. */
  function openCalls(): number {
    const sockets = readFileSync("/proc/net/unix", "utf8").split("\n");
    // 03: connected.
    return sockets.filter((line) => line.includes(`${program.folder}/services/`) && / 03 +\d+ \//.test(line))
      .length;
  }
});

function isService(pid: string, file: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return words.includes(file) && words.includes("--serve");
  } catch {
    // It ended at this moment.
    return false;
  }
}
