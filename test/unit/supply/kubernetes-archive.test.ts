import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256OfFile } from "../../../lib/checksum";
import { writeTar } from "../../../lib/tar";
import {
  capabilityAttribute,
  netBindServiceCapability,
} from "../../../supply/kubernetes/image/file-capability";
import { writeProgramImage } from "../../../supply/kubernetes/image/program-image";
import { onLinux } from "../../systems";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-archive-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tar = (...tarArguments: string[]): string => execFileSync("tar", tarArguments, { encoding: "utf8" });
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("writeTar", () => {
  onLinux("system tar reads back names, modes, owners, links and content", async () => {
    const path = join(folder, "a.tar");
    const long = `${"very-long-folder-name/".repeat(8)}file`;
    writeFileSync(join(folder, "program"), Buffer.alloc(1500, 7));
    const written = await writeTar(path, [
      { path: "tmp", content: { directory: true }, mode: 0o1777 },
      {
        path: "bin/program",
        content: { file: join(folder, "program") },
        mode: 0o755,
        uid: 65532,
        gid: 65532,
      },
      { path: "bin/other", content: { link: "program" } },
      { path: long, content: { bytes: Buffer.from("deep") } },
      { path: "empty", content: { bytes: Buffer.alloc(0) } },
    ]);
    const listing = tar("--numeric-owner", "--utc", "-tvf", path);
    expect(listing).toMatch(/^drwxrwxrwt 0\/0 +0 1970-01-01 00:00 tmp\/$/m);
    expect(listing).toMatch(/^-rwxr-xr-x 65532\/65532 +1500 1970-01-01 00:00 bin\/program$/m);
    expect(listing).toMatch(/^lrwxrwxrwx .* bin\/other -> program$/m);
    expect(tar("-xOf", path, long)).toBe("deep");
    expect(execFileSync("tar", ["-xOf", path, "bin/program"])).toEqual(Buffer.alloc(1500, 7));
    expect(written.sha256).toBe(await sha256OfFile(path));
    expect(written.size).toBe(readFileSync(path).length);
    expect(written.size % 512).toBe(0);
  });

  test("the same entries give the same bytes", async () => {
    const entries = [
      { path: "a", content: { bytes: Buffer.from("x") }, xattrs: { "user.b": Buffer.from([0, 10, 61]) } },
    ];
    const first = await writeTar(join(folder, "1.tar"), entries);
    const second = await writeTar(join(folder, "2.tar"), entries);
    expect(first).toEqual(second);
  });

  onLinux("extended attributes are PAX records whose length counts itself", async () => {
    const path = join(folder, "x.tar");
    const value = netBindServiceCapability();
    await writeTar(path, [
      {
        path: "coredns",
        content: { bytes: Buffer.from("program") },
        xattrs: { [capabilityAttribute]: value },
      },
    ]);
    const bytes = readFileSync(path);
    expect(String.fromCharCode(bytes[156] ?? 0)).toBe("x");
    const length = Number.parseInt(bytes.subarray(512).toString("latin1"), 10);
    const record = bytes.subarray(512, 512 + length);
    const prefix = `${length} SCHILY.xattr.security.capability=`;
    expect(record.subarray(0, prefix.length).toString()).toBe(prefix);
    expect(record.subarray(prefix.length, -1)).toEqual(value);
    expect(record.at(-1)).toBe(10);
    expect(tar("--xattrs", "--xattrs-include=*", "-tvvf", path)).toContain("security.capability");
    // cap_net_bind_service (10), effective and permitted, revision 2.
    expect(value.toString("hex")).toBe(`01000002${"00040000"}${"00".repeat(12)}`);
  });
});

describe("writeProgramImage", () => {
  test("is a docker-archive: digests of configuration and layers hold", async () => {
    const program = join(folder, "program");
    writeFileSync(program, "#!/bin/sh\n");
    const base = join(folder, "base.tar");
    const layer = await writeTar(base, [{ path: "etc", content: { directory: true } }]);
    const image = join(folder, "image.tar");
    await writeProgramImage(image, folder, "amd64", {
      name: "registry.example/a/b:v1",
      programs: [{ file: program, path: "usr/local/bin/program" }],
      bases: [{ path: base, sha256: layer.sha256 }],
      settings: { Entrypoint: ["/usr/local/bin/program"], User: "65532:65532" },
    });
    const [manifest] = JSON.parse(tar("-xOf", image, "manifest.json"));
    expect(manifest.RepoTags).toEqual(["registry.example/a/b:v1"]);
    const configuration = execFileSync("tar", ["-xOf", image, manifest.Config]);
    expect(manifest.Config).toBe(`${sha256(configuration)}.json`);
    const parsed = JSON.parse(configuration.toString());
    expect(parsed).toMatchObject({ architecture: "amd64", os: "linux", config: { User: "65532:65532" } });
    const diffIds = manifest.Layers.map(
      (name: string) => `sha256:${sha256(execFileSync("tar", ["-xOf", image, name]))}`,
    );
    expect(parsed.rootfs.diff_ids).toEqual(diffIds);
    expect(diffIds[0]).toBe(`sha256:${layer.sha256}`);
  });

  test("without other layers it has names for users and a place for temporary files", async () => {
    const program = join(folder, "program");
    writeFileSync(program, "x");
    const image = join(folder, "image.tar");
    const programs = [{ file: program, path: "pause" }];
    await writeProgramImage(image, folder, "arm64", { name: "r.example/pause:1", programs, settings: {} });
    const [manifest] = JSON.parse(tar("-xOf", image, "manifest.json"));
    tar("-xf", image, "-C", folder, manifest.Layers[0]);
    const names = tar("-tf", join(folder, manifest.Layers[0])).trim().split("\n");
    expect(names).toEqual(["tmp/", "etc/", "etc/passwd", "etc/group", "etc/nsswitch.conf", "pause"]);
  });
});
