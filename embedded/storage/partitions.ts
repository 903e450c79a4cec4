import { runOnHost } from "../process";

/** A part of a disk image, in bytes. */
export interface ByteRange {
  start: number;
  length: number;
}

/** Partition types of an MBR's Linux partitions, and of a GPT's: "Linux filesystem", "Linux root" of x86-64 and of arm64. */
const LINUX_TYPES = [
  "83",
  "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
  "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
  "B921B045-1DF0-41C3-AF44-4C6F280D3FAE",
];

/** What `sfdisk --json` says of an image; start and size in sectors. */
interface PartitionTable {
  sectorsize: number;
  partitions?: { start: number; size: number; type: string }[];
}

/**
 * Where a raw disk image may hold a root file system, likeliest (largest) first: its Linux partitions, or the whole image if it has
 * none.
 */
export async function findRootCandidates(image: string, imageBytes: number): Promise<ByteRange[]> {
  const { sectorsize, partitions = [] } = await readTable(image);
  const linux = partitions.filter(({ type }) => LINUX_TYPES.includes(type));
  if (linux.length === 0) return [{ start: 0, length: imageBytes }];
  return linux
    .map(({ start, size }) => ({ start: start * sectorsize, length: size * sectorsize }))
    .filter(({ start, length }) => length > 0 && start + length <= imageBytes)
    .sort((a, b) => b.length - a.length);
}

async function readTable(image: string): Promise<PartitionTable> {
  try {
    return JSON.parse(await runOnHost("sfdisk", ["--json", image])).partitiontable;
  } catch (error) {
    if (!(error as Error).message.includes("does not contain a recognized partition table")) throw error;
    return { sectorsize: 512 };
  }
}
