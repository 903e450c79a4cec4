import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRootCandidates } from "../../embedded/storage/partitions";
import { standInObstacle } from "./program";

const describeHere = standInObstacle() === undefined ? describe : describe.skip;

const SECTOR = 512;
const BYTES = 40 * 2 ** 20;

describeHere("where an image may hold a root file system", () => {
  let folder: string;
  let image: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kube-lab-partitions-"));
    image = join(folder, "image.raw");
    writeFileSync(image, "");
    truncateSync(image, BYTES);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const partition = (...lines: string[]) =>
    execFileSync("sfdisk", ["--quiet", image], { input: lines.join("\n") });

  test("as a whole where it has no partition table", async () => {
    expect(await findRootCandidates(image, BYTES)).toEqual([{ start: 0, length: BYTES }]);
  });

  test("an MBR's Linux partitions, the largest first, and no others", async () => {
    partition(
      "label: dos",
      "start=2048, size=100, type=83",
      "start=4096, size=9000, type=82",
      "start=20000, size=5000, type=83",
    );
    expect(await findRootCandidates(image, BYTES)).toEqual([
      { start: 20000 * SECTOR, length: 5000 * SECTOR },
      { start: 2048 * SECTOR, length: 100 * SECTOR },
    ]);
  });

  test("no partition that ends behind the image's end", async () => {
    partition("label: dos", "start=2048, size=60000, type=83");
    truncateSync(image, 2 ** 20);
    expect(await findRootCandidates(image, 2 ** 20)).toEqual([]);
  });

  test("a GPT's root partition", async () => {
    partition(
      "label: gpt",
      "start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649",
      "start=4096, size=8192, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
    );
    expect(await findRootCandidates(image, BYTES)).toEqual([{ start: 4096 * SECTOR, length: 8192 * SECTOR }]);
  });

  test("nowhere without a word where it cannot be read", async () => {
    await expect(findRootCandidates(join(folder, "gone.raw"), BYTES)).rejects.toThrow("gone.raw");
  });
});
