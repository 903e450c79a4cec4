import { createHash } from "node:crypto";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileDigest } from "../../../lib/file-digest";
import { scratch } from "../hypervisor/fixtures";

const { folder, remove } = scratch();
afterAll(remove);

const image = join(folder, "disk.img");
const cache = join(folder, "cache");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

it("is the content's, whatever the name and the time of change", async () => {
  const copy = join(folder, "copy.img");
  for (const file of [image, copy]) writeFileSync(file, "a disk");
  expect(await fileDigest(image, cache)).toBe(sha256("a disk"));
  utimesSync(image, 1, 1);
  expect(await fileDigest(image, cache)).toBe(sha256("a disk"));
  expect(await fileDigest(copy, cache)).toBe(sha256("a disk"));
  expect(readdirSync(cache)).toEqual(["file-digests.json"]);
});

it("is another when the content is, and survives a cache that says nothing", async () => {
  writeFileSync(image, "another disk");
  expect(await fileDigest(image, cache)).toBe(sha256("another disk"));
  writeFileSync(join(cache, "file-digests.json"), '{"cut');
  expect(await fileDigest(image, cache)).toBe(sha256("another disk"));
});
