import { findRootCandidates } from "../../../embedded/storage/partitions";

const SECTOR = 512;
const GIBIBYTE = 2 ** 30;
const reader = (image: Buffer) => (offset: number, length: number) => image.subarray(offset, offset + length);

function mbr(...partitions: { type: number; start: number; sectors: number }[]): Buffer {
  const image = Buffer.alloc(4096);
  for (const [index, { type, start, sectors }] of partitions.entries()) {
    image[446 + 16 * index + 4] = type;
    image.writeUInt32LE(start, 446 + 16 * index + 8);
    image.writeUInt32LE(sectors, 446 + 16 * index + 12);
  }
  image.writeUInt16LE(0xaa55, 510);
  return image;
}

test("an image without a partition table is a file system as a whole", () => {
  expect(findRootCandidates(reader(Buffer.alloc(4096)), 4096)).toEqual([{ start: 0, length: 4096 }]);
});

test("an MBR's Linux partitions, the largest first, and no others", () => {
  const image = mbr(
    { type: 0x83, start: 2048, sectors: 100 },
    { type: 0x82, start: 4096, sectors: 9000 },
    { type: 0x83, start: 20000, sectors: 5000 },
  );
  expect(findRootCandidates(reader(image), GIBIBYTE)).toEqual([
    { start: 20000 * SECTOR, length: 5000 * SECTOR },
    { start: 2048 * SECTOR, length: 100 * SECTOR },
  ]);
});

test("a partition that ends behind the image's end is none", () => {
  expect(findRootCandidates(reader(mbr({ type: 0x83, start: 2048, sectors: 2 ** 31 })), GIBIBYTE)).toEqual(
    [],
  );
});

test("a GPT's root partition", () => {
  const image = mbr({ type: 0xee, start: 1, sectors: 0xffffffff });
  image.write("EFI PART", SECTOR, "latin1");
  image.writeBigUInt64LE(2n, SECTOR + 72);
  image.writeUInt32LE(2, SECTOR + 80);
  image.writeUInt32LE(128, SECTOR + 84);
  const entry = 2 * SECTOR + 128;
  Buffer.from("e3bc684fcde8b14d96e7fbcaf984b709", "hex").copy(image, entry);
  image.writeBigUInt64LE(262144n, entry + 32);
  image.writeBigUInt64LE(264191n, entry + 40);
  expect(findRootCandidates(reader(image), GIBIBYTE)).toEqual([
    { start: 262144 * SECTOR, length: 2048 * SECTOR },
  ]);
});
