import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { follow } from "../embedded/contract/follow";
import { call } from "../embedded/program";
import { openSandbox, type Sandbox, sandboxObstacle } from "./sandbox";

const describeHere = sandboxObstacle() === undefined ? describe : describe.skip;
const sayLoud = (line: string) => void process.stderr.write(`${line}\n`);

describeHere("the real VBoxManage", () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await openSandbox(sayLoud);
  }, 900_000);
  afterAll(() => sandbox.remove());

  it("answers as the contract says", async () => {
    const folder = join(sandbox.folder, "contract");
    mkdirSync(folder);
    expect(await follow((...args) => call(sandbox.vboxManage, args), folder)).toEqual([]);
  }, 120_000);
});

describeHere("a sandbox of the real VBoxManage", () => {
  it("is gone without a trace: processes, mounts, files", async () => {
    const sandbox = await openSandbox(sayLoud);
    await call(sandbox.vboxManage, ["list", "vms"]);
    expect(programsIn(sandbox.processes)).toContain("VBoxSVC");
    await sandbox.remove();
    expect(programsIn(sandbox.processes)).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(sandbox.folder);
    expect(existsSync(sandbox.folder)).toBe(false);
  }, 60_000);
});

/** Names of the processes in a namespace. */
function programsIn(namespace: number): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const inside = readlinkSync(`/proc/${pid}/ns/pid`) === `pid:[${namespace}]`;
        return inside ? [readFileSync(`/proc/${pid}/comm`, "utf8").trim()] : [];
      } catch {
        // It ended meanwhile, or is not for us to look at.
        return [];
      }
    });
}
