import { execFileSync } from "node:child_process";
import { createReadStream, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeTar } from "../../../lib/tar";
import { tarMembers } from "../../../lib/tar-reading";
import { onLinux } from "../../systems";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-tar-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function listed(file: string, chunkBytes?: number): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const stream = createReadStream(file, chunkBytes === undefined ? {} : { highWaterMark: chunkBytes });
  for await (const { path, size, content, link } of tarMembers(stream, (member) => member.size < 1000))
    found[path] = link === undefined ? (content?.toString("utf8") ?? `${size} bytes`) : `to ${link}`;
  return found;
}

const long = `${"very-long-folder-name/".repeat(8)}file`;

test.each([100, 512, 1 << 20])(
  "members come out as they went in, by pieces of %d bytes",
  async (chunkBytes) => {
    const file = join(folder, "a.tar");
    await writeTar(file, [
      { path: "a", content: { directory: true } },
      { path: "a/large", content: { bytes: Buffer.alloc(5000, 1) } },
      { path: "a/link", content: { link: "large" } },
      { path: long, content: { bytes: Buffer.from("deep") } },
      { path: "empty", content: { bytes: Buffer.alloc(0) } },
    ]);
    expect(await listed(file, chunkBytes)).toEqual({
      "a/": "0 bytes",
      "a/large": "5000 bytes",
      "a/link": "to large",
      [long]: "deep",
      empty: "",
    });
  },
);

onLinux("so do those of the system's tar, in each of its formats", async () => {
  const tree = join(folder, "tree");
  mkdirSync(join(tree, long, ".."), { recursive: true });
  writeFileSync(join(tree, long), "deep");
  writeFileSync(join(tree, "short"), "near");
  symlinkSync(long, join(tree, "link"));
  for (const format of ["gnu", "pax", "ustar"]) {
    const file = join(folder, `${format}.tar`);
    const files = format === "ustar" ? ["./short", `./${long}`] : ["."];
    execFileSync("tar", [`--format=${format}`, "-cf", file, "-C", tree, ...files]);
    const found = await listed(file);
    expect(found).toMatchObject({ short: "near", [long]: "deep" });
    if (format !== "ustar") expect(found.link).toBe(`to ${long}`);
  }
});
