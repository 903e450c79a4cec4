import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isUnfinished, removeAtomically, writeAtomically } from "../../../lib/atomic-file";
import { onPosix } from "../../systems";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-atomic-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("a file has its new content and nothing stays beside it", () => {
  const file = join(folder, "record.json");
  writeAtomically(file, "old");
  writeAtomically(file, Buffer.from("new"), { isLasting: false });
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(readdirSync(folder)).toEqual(["record.json"]);
});

onPosix("it is its owner's alone, unless it is to have other permissions", () => {
  writeAtomically(join(folder, "own"), "");
  writeAtomically(join(folder, "program"), "", { mode: 0o755 });
  expect(["own", "program"].map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o755]);
});

test("where it can't be put in place, the old one stays and nothing is left", () => {
  mkdirSync(join(folder, "taken"));
  expect(() => writeAtomically(join(folder, "taken"), "text")).toThrow();
  expect(readdirSync(folder)).toEqual(["taken"]);
});

test("what a write that was cut off has left goes with the file, and nothing else", () => {
  const unfinished = ["record.json.4711.new", "record.json.new"];
  const others = ["record.json.bak.new", "other.json.4711.new"];
  for (const name of ["record.json", ...unfinished, ...others]) writeFileSync(join(folder, name), "");
  expect(unfinished.every((name) => isUnfinished(name, "record.json"))).toBe(true);
  removeAtomically(join(folder, "record.json"));
  expect(readdirSync(folder).sort()).toEqual([...others].sort());
});
