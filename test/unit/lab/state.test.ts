import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type StackFiles, stackFiles } from "../../../lab/stack/backend-folder";
import { keepingState, keepState, mendState } from "../../../lab/stack/kept-state";
import { type LockHost, releaseDeadLocks } from "../../../lab/stack/locks";
import { isLivingPulumi } from "../../../lab/stack/process-of-lock";
import { deafToHangUp, handOnSignals } from "../../../lab/stack/signals";
import { onLinux, onPosix } from "../../systems";

let folder: string;
let files: StackFiles;
let lines: string[];
const say = (line: string) => lines.push(line);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab state-"));
  const found = stackFiles(`${pathToFileURL(folder)}?metadata=skip`, "kube-lab", "dev");
  if (found === undefined) throw new Error("a folder is a backend here");
  files = found;
  lines = [];
  for (const each of [dirname(files.state), files.locks, files.history]) mkdirSync(each, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const state = (mark: number) => JSON.stringify({ version: 3, checkpoint: { stack: "dev", mark } });
const now = () => readFileSync(files.state, "utf8");

test("only a folder of this computer is looked into", () => {
  expect(stackFiles("s3://bucket", "kube-lab", "dev")).toBeUndefined();
  expect(stackFiles(undefined, "kube-lab", "dev")).toBeUndefined();
});

describe("a lock", () => {
  const host: LockHost = {
    hostname: "here",
    bootedAt: new Date(0),
    isLivingPulumi: (pid) => pid === 1,
  };
  const lock = (name: string, values: object) =>
    writeFileSync(
      join(files.locks, `${name}.json`),
      JSON.stringify({ username: "me", hostname: "here", timestamp: "2026-11-26T08:00:00Z", ...values }),
    );
  const release = (on = host) => releaseDeadLocks(files.locks, "dev", say, on);

  it("of a process of this computer that has ended is taken away, with a line", () => {
    lock("dead", { pid: 2 });
    release();
    expect(readdirSync(files.locks)).toEqual([]);
    expect(lines).toEqual([expect.stringMatching(/update of dev was cut off \(process 2/)]);
  });

  it.each([
    ["of a living process", { pid: 1 }, /process 1 of me on this computer, since 2026-11-26/],
    ["of another computer", { pid: 2, hostname: "there" }, /process 2 of me on there/],
  ])("%s stays, and whose it is and what to do is said", (_whose, values, words) => {
    lock("held", values);
    expect(() => release()).toThrow(words);
    expect(() => release()).toThrow("pulumi cancel --stack dev");
    expect(readdirSync(files.locks)).toHaveLength(1);
  });

  it("that a power cut left empty is dead when this computer has started since", () => {
    writeFileSync(join(files.locks, "empty.json"), "");
    expect(() => release()).toThrow(/nobody known/);
    release({ ...host, bootedAt: new Date(Date.now() + 60_000) });
    expect(readdirSync(files.locks)).toEqual([]);
  });

  it("is nobody's where there is none", () => {
    rmSync(files.locks, { recursive: true });
    expect(() => release()).not.toThrow();
  });

  onLinux("is no other program's that got the number, nor a Pulumi's that began later", async () => {
    expect(isLivingPulumi(process.pid, new Date())).toBe(false);
    const child = spawn("/bin/sh", ["-c", "printf pulumi >/proc/self/comm; read -r end"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const pid = child.pid ?? 0;
    try {
      while (!readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("pulumi"))
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(isLivingPulumi(pid, new Date())).toBe(true);
      expect(isLivingPulumi(pid, new Date(Date.now() - 3_600_000))).toBe(false);
    } finally {
      child.stdin.end();
      await new Promise((resolve) => child.on("close", resolve));
    }
    expect(isLivingPulumi(pid, new Date())).toBe(false);
  });
});

describe("a state that a power cut has emptied", () => {
  it.each(["", "{", state(1).slice(0, 20), "[]"])("or cut (%j) is the kept one again", (broken) => {
    writeFileSync(files.state, state(1));
    keepState(files);
    writeFileSync(files.state, broken);
    expect(mendState(files, say)).toBe(true);
    expect(now()).toBe(state(1));
    expect(readFileSync(`${files.state}.broken`, "utf8")).toBe(broken);
    expect(lines).toEqual([expect.stringMatching(/state was cut off .*going on with the one of 2/)]);
  });

  it("is the last update's of the history where no copy was kept", () => {
    for (const [name, mark] of [
      ["dev-1764000000000000000", 1],
      ["dev-1764000000000000001", 2],
    ] as const)
      writeFileSync(join(files.history, `${name}.checkpoint.json`), state(mark));
    writeFileSync(files.state, "");
    expect(mendState(files, say)).toBe(true);
    expect(now()).toBe(state(2));
  });

  it("cannot be repaired without either, and is left for the person to decide", () => {
    writeFileSync(files.state, "");
    expect(mendState(files, say)).toBe(false);
    expect(now()).toBe("");
    expect(lines).toEqual([]);
  });

  it("never replaces a good copy, and a whole or missing state is left alone", () => {
    expect(mendState(files, say)).toBe(true);
    expect(existsSync(files.state)).toBe(false);
    writeFileSync(files.state, state(1));
    keepState(files);
    writeFileSync(files.state, "");
    keepState(files);
    expect(mendState(files, say)).toBe(true);
    expect(now()).toBe(state(1));
  });

  it("is kept at an update's beginning and end, also when it fails", async () => {
    writeFileSync(files.state, state(1));
    const failing = keepingState(files, async () => {
      expect(readFileSync(`${files.state}.kept`, "utf8")).toBe(state(1));
      writeFileSync(files.state, state(2));
      throw new Error("failed");
    });
    await expect(failing).rejects.toThrow("failed");
    expect(readFileSync(`${files.state}.kept`, "utf8")).toBe(state(2));
  });
});

describe("signals", () => {
  onPosix("reach the child as Pulumi's interrupt, each once, until it has ended", async () => {
    const told: string[] = [];
    const end = handOnSignals({ kill: (signal) => told.push(String(signal)) > 0 });
    process.emit("SIGTERM", "SIGTERM");
    process.emit("SIGTERM", "SIGTERM");
    expect(told).toEqual(["SIGINT"]);
    await new Promise((resolve) => setTimeout(resolve, 350));
    process.emit("SIGHUP", "SIGHUP");
    expect(told).toEqual(["SIGINT", "SIGINT"]);
    end();
    expect(process.listenerCount("SIGHUP")).toBe(0);
  });

  onPosix("of a closed terminal do not end what must end in good order", async () => {
    const [program, given] = deafToHangUp("/bin/sh", ["-c", "echo ready; read -r end; exit 7"]);
    const child = spawn(program, given, { stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.on("close", (status, signal) => resolve(signal ?? status)));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGHUP");
    child.stdin.end("\n");
    expect(await ended).toBe(7);
  });
});
