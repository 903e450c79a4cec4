import { open } from "node:fs/promises";

/** What starts a machine; a disk is made for one of them or both. */
export type Firmware = "bios" | "efi";

/** Offsets in a VDI file's header, little endian. Source: VirtualBox's src/VBox/Storage/VDICore.h, VDIPREHEADER and VDIHEADER1. */
const SIGNATURE_AT = 0x40;
const SIGNATURE = 0xbeda107f;
const BLOCK_MAP_AT = 0x154;
const DATA_AT = 0x158;
const BLOCK_BYTES_AT = 0x178;
const HEADER_BYTES = 0x200;
/** Blocks from here on in the map have no place in the file: they are zeros. */
const NO_PLACE = 0xfffffffe;

/** The part of the first sector that the BIOS runs; partitions and signatures follow. */
const BOOT_CODE_BYTES = 440;

/**
 * What a disk boots with: the BIOS if its first sector has code for it, else EFI. A disk for both, as most cloud images are,
 * gets the BIOS, which every version of VirtualBox has in its oldest form.
 * @param disk a VDI file; of what is none, as the stand-in's disks are, nothing is known: BIOS
 */
export async function firmwareOf(disk: string): Promise<Firmware> {
  const code = await firstBytes(disk, BOOT_CODE_BYTES);
  return code?.every((byte) => byte === 0) ? "efi" : "bios";
}

/** The beginning of a VDI's content; undefined for another kind of file. */
async function firstBytes(disk: string, count: number): Promise<Buffer | undefined> {
  const handle = await open(disk);
  try {
    const read = async (position: number, length: number) =>
      (await handle.read(Buffer.alloc(length), 0, length, position)).buffer;
    const header = await read(0, HEADER_BYTES);
    if (header.readUInt32LE(SIGNATURE_AT) !== SIGNATURE) return undefined;
    const place = (await read(header.readUInt32LE(BLOCK_MAP_AT), 4)).readUInt32LE();
    if (place >= NO_PLACE) return Buffer.alloc(count);
    return await read(header.readUInt32LE(DATA_AT) + place * header.readUInt32LE(BLOCK_BYTES_AT), count);
  } finally {
    await handle.close();
  }
}
