/** A part of a disk image, in bytes. */
export interface ByteRange {
  start: number;
  length: number;
}

/** Reads `length` bytes at `offset`; fewer at the end. */
export type ReadBytes = (offset: number, length: number) => Buffer;

const SECTOR = 512;
/** MBR partition type of a GPT's protective entry. */
const PROTECTIVE = 0xee;
/** GPT type "Linux filesystem" and "Linux root" of x86-64 and arm64, as stored: the first three fields are little-endian. */
const LINUX_TYPES = new Set([
  "af3dc60f838472478e793d69d8477de4",
  "e3bc684fcde8b14d96e7fbcaf984b709",
  "45b021b9f01dc341af444c6f280d3fae",
]);

/**
 * Where a raw disk image may hold a root file system, likeliest (largest) first: Linux partitions of its MBR or GPT, or the whole
 * image if it has no partition table. Source of the layouts: UEFI 2.10, chapter 5.
 */
export function findRootCandidates(read: ReadBytes, imageBytes: number): ByteRange[] {
  const mbr = read(0, SECTOR);
  if (mbr.length < SECTOR || mbr.readUInt16LE(510) !== 0xaa55) return [{ start: 0, length: imageBytes }];
  const entries = [0, 1, 2, 3].map((index) => mbr.subarray(446 + 16 * index, 462 + 16 * index));
  const ranges = entries.some((entry) => entry[4] === PROTECTIVE) ? gptRanges(read) : mbrRanges(entries);
  if (ranges.length === 0) return [{ start: 0, length: imageBytes }];
  return ranges
    .filter((range) => range.length > 0 && range.start + range.length <= imageBytes)
    .sort((a, b) => b.length - a.length);
}

function mbrRanges(entries: Buffer[]): ByteRange[] {
  return entries
    .filter((entry) => entry[4] === 0x83)
    .map((entry) => ({ start: entry.readUInt32LE(8) * SECTOR, length: entry.readUInt32LE(12) * SECTOR }));
}

function gptRanges(read: ReadBytes): ByteRange[] {
  const header = read(SECTOR, SECTOR);
  if (header.toString("latin1", 0, 8) !== "EFI PART") return [];
  const table = Number(header.readBigUInt64LE(72)) * SECTOR;
  const [count, size] = [header.readUInt32LE(80), header.readUInt32LE(84)];
  const ranges: ByteRange[] = [];
  for (let index = 0; index < Math.min(count, 256); index += 1) {
    const entry = read(table + index * size, size);
    if (entry.length < size || !LINUX_TYPES.has(entry.toString("hex", 0, 16))) continue;
    const first = Number(entry.readBigUInt64LE(32));
    const last = Number(entry.readBigUInt64LE(40));
    ranges.push({ start: first * SECTOR, length: (last - first + 1) * SECTOR });
  }
  return ranges;
}
