import { existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { ensurePrivateFolder } from "../../../lib/private-folder";
import type { RunProcess } from "../../../lib/process";
import { onPosix } from "../../systems";
import { scratch } from "../hypervisor/fixtures";

const { folder, remove } = scratch();
afterAll(remove);

const windows = { platform: "win32" as const, environment: { systemroot: "D:\\Windows" } };
const ended = { status: 0, stdout: "", stderr: "", timedOut: false };

/** whoami and icacls that answer well, and note how they were called. */
function programs(calls: string[][], stdout = '"desktop\\a b","S-1-5-21-1-2-3-1001"\r\n'): RunProcess {
  return async (file, args) => {
    calls.push([file, ...args]);
    return { ...ended, stdout: /whoami/.test(file) ? stdout : "" };
  };
}

it("is made with an access list of its owner alone on Windows", async () => {
  const calls: string[][] = [];
  const wanted = path.join(folder, "a", "private one");
  await ensurePrivateFolder(wanted, windows, programs(calls));
  expect(existsSync(wanted)).toBe(true);
  expect(calls).toEqual([
    ["D:\\Windows\\System32\\whoami.exe", "/user", "/fo", "csv", "/nh"],
    [
      "D:\\Windows\\System32\\icacls.exe",
      wanted,
      "/inheritance:r",
      "/grant:r",
      "*S-1-5-21-1-2-3-1001:(OI)(CI)F",
      "/q",
    ],
  ]);
});

it("is left as it is when it was there, and runs nothing on other systems", async () => {
  const calls: string[][] = [];
  const there = path.join(folder, "there");
  mkdirSync(there);
  await ensurePrivateFolder(there, windows, programs(calls));
  await ensurePrivateFolder(
    path.join(folder, "linux"),
    { platform: "linux", environment: {} },
    programs(calls),
  );
  expect(calls).toEqual([]);
});

it("fails, and does not go on unprotected, when Windows does not do it", async () => {
  const refused: RunProcess = async () => ({ ...ended, status: 5, stdout: "Access is denied.\r\n" });
  await expect(ensurePrivateFolder(path.join(folder, "b"), windows, refused)).rejects.toThrow(
    /whoami\.exe .* failed: Access is denied/,
  );
  await expect(ensurePrivateFolder(path.join(folder, "c"), windows, programs([], "?"))).rejects.toThrow(
    /no security identifier/,
  );
});

onPosix("has mode 0700", async () => {
  const wanted = path.join(folder, "mode");
  await ensurePrivateFolder(wanted, { platform: process.platform, environment: process.env });
  expect(statSync(wanted).mode & 0o777).toBe(0o700);
});
