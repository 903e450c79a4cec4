import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { readArchive } from "../../../hypervisor/containers/archive";
import { wholeImageName } from "../../../hypervisor/containers/image-name";
import { scratch } from "./fixtures";
import { dockerArchive, ociLayout, written } from "./image-archives";

const { folder, remove } = scratch();
afterAll(remove);

const refName = "org.opencontainers.image.ref.name";
const read = (file: string) => readArchive(file, "amd64");

test.each([
  ["shop", "docker.io/library/shop:latest"],
  ["shop:1", "docker.io/library/shop:1"],
  ["team/shop:1.0_a", "docker.io/team/shop:1.0_a"],
  ["index.docker.io/shop", "docker.io/library/shop:latest"],
  ["localhost/shop:1", "localhost/shop:1"],
  ["localhost:5000/shop", "localhost:5000/shop:latest"],
  ["registry.example/team/sub/shop:1", "registry.example/team/sub/shop:1"],
])("%s is %s to the kubelet", (name, whole) => expect(wholeImageName(name)).toBe(whole));

test.each([
  "",
  "Shop",
  "shop:",
  "shop:1:2",
  "a//b",
  "shop@sha256:00",
  "./shop.tar",
  "shop one",
  `${"a".repeat(300)}`,
])("%j is no name of an image", (name) => expect(wholeImageName(name)).toBeUndefined());

test("docker's archive is known by the names in it, whole", async () => {
  const file = written(folder, "docker.tar", dockerArchive(["shop:1", "registry.example/shop:2"]));
  const bytes = readFileSync(file).length;
  expect(await read(file)).toEqual({
    bytes,
    neededBytes: 2 * bytes,
    images: [{ name: "docker.io/library/shop:1" }, { name: "registry.example/shop:2" }],
  });
});

test("an archive that gzip has packed is what is in it", async () => {
  const plain = written(folder, "plain.tar", dockerArchive(["shop:1"]));
  const packed = path.join(folder, "packed.tar.gz");
  writeFileSync(packed, gzipSync(readFileSync(plain)));
  expect(await read(packed)).toEqual(await read(plain));
});

test("of OCI's layout each name has its digest, and of an index the one for all processors", async () => {
  const files = ociLayout([
    { annotations: { [refName]: "team/one:1" }, architectures: ["amd64"] },
    {
      annotations: { "io.containerd.image.name": "docker.io/library/two:1", [refName]: "1" },
      architectures: ["arm64", "amd64"],
      packed: true,
    },
  ]);
  const { images, bytes, neededBytes } = await read(written(folder, "oci.tar", files));
  const index = JSON.parse(files[0]?.content ?? "") as { manifests: { digest: string }[] };
  expect(images).toEqual([
    { name: "docker.io/team/one:1", digest: index.manifests[0]?.digest },
    { name: "docker.io/library/two:1", digest: index.manifests[1]?.digest },
  ]);
  expect(neededBytes).toBe(4 * bytes);
});

const layoutOf = (name: string, ...architectures: string[]) =>
  ociLayout([{ annotations: { [refName]: name }, architectures }]);

test.each([
  [
    "other processors",
    dockerArchive(["shop:1"], { architecture: "arm64", os: "linux" }),
    /linux\/arm64.*linux\/amd64/,
  ],
  ["another system", dockerArchive(["shop:1"], { architecture: "amd64", os: "windows" }), /windows\/amd64/],
  ["an index of other processors", layoutOf("shop:1", "arm64", "s390x"), /linux\/arm64, linux\/s390x/],
  ["no name", dockerArchive(null), /have no name/],
  ["a tag for a name", layoutOf("latest", "amd64"), /"latest", which is no whole name/],
  ["no list of images", dockerArchive(["shop:1"]).slice(0, 2), /neither manifest.json nor index.json/],
  ["a lost configuration", dockerArchive(["shop:1"]).slice(1), /c0ffee.json is missing/],
  [
    "a list of something else",
    [{ path: "manifest.json", mode: 0o644, content: "{}" }],
    /its manifest.json is not/,
  ],
])("an archive with %s is refused with what is wrong", async (_, files, words) => {
  await expect(read(written(folder, "bad.tar", files))).rejects.toMatchObject({
    message: expect.stringMatching(words),
  });
});

test("what is cut off, damaged, empty or something else is refused", async () => {
  const whole = readFileSync(written(folder, "whole.tar", dockerArchive(["shop:1"])));
  const cases: [Buffer, string][] = [
    [whole.subarray(0, 1700), "it was cut off"],
    [gzipSync(whole).subarray(0, 100), "it is damaged: unexpected end of file"],
    [Buffer.alloc(0), "it is empty"],
    [Buffer.from("not an archive at all".repeat(100)), "it is no tar archive"],
  ];
  for (const [content, words] of cases) {
    const file = path.join(folder, "bad");
    writeFileSync(file, content);
    await expect(read(file)).rejects.toThrow(words);
  }
  await expect(read(path.join(folder, "none"))).rejects.toThrow("there is no such file");
});
