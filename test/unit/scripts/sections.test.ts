import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeArchive } from "../../../scripts/diagnose/archive";
import { sectionsOf } from "../../../scripts/diagnose/sections";

test("what a machine printed becomes its files, blank lines and all", () => {
  const printed = "a banner\n\n==x status.json\n# kube-lab status\n{}\n\n==x journal.txt\none\n\n==y two\n";
  expect(sectionsOf("kube-mast01", "==x", printed)).toEqual([
    { path: "kube-mast01/status.json", content: "# kube-lab status\n{}\n\n" },
    { path: "kube-mast01/journal.txt", content: "one\n\n==y two\n\n" },
  ]);
});

test("the archive opens with tar, and is its owner's", () => {
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-archive-"));
  try {
    const path = join(folder, "below", "a.tar.gz");
    writeArchive(path, "kube-lab-dev", [
      { path: "m/journal.txt", content: "line\n" },
      { path: "host.txt", content: "here\n" },
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const list = execFileSync("tar", ["--list", "--gzip", "--file", path], { encoding: "utf8" });
    expect(list).toBe("kube-lab-dev/host.txt\nkube-lab-dev/m/journal.txt\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
