import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../lib/progress";
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
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await openSandbox(sayLoud);
  }, 60_000);
  // Also of a test that has failed: what it holds would keep Jest from ending.
  afterEach(() => sandbox.remove());

  it("is gone without a trace: processes, mounts, files", async () => {
    // Not after it: a call may hang at its end until the service, unused for five seconds, has gone.
    const listing = call(sandbox.vboxManage, ["list", "vms"]);
    const remedy = `Look at ${join(sandbox.folder, "home", "settings", "VBoxSVC.log")}.`;
    await waitFor(
      {
        log: sayLoud,
        what: "for VirtualBox's service",
        boundSeconds: 30,
        remedy,
        pause: { first: 5, longest: 50 },
      },
      async () => programsIn(sandbox.processes).includes("VBoxSVC") || undefined,
    );
    await sandbox.remove();
    await listing;
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
