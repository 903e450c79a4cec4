import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, readSync } from "node:fs";

/** Where VirtualBox's disk format has the count of blocks that are there. Source: VirtualBox, VDICore.h. */
const ALLOCATED_BLOCKS = 0x184;
/** The same for the disk's size in bytes. */
const SIZE = 0x170;

/** A medium's own file and that of its parent, out of `showmediuminfo`. */
export interface Medium {
  location: string;
  parent?: string;
}

/**
 * Makes the disk that QEMU runs a machine from, once: what the machine writes is in it, all else is read from the template's disk. QEMU
 * does not know VirtualBox's linked clones, so the clone's own disk stays as empty as it was made.
 * @param open looks a medium up by path or UUID
 */
export function ensureRootDisk(file: string, disk: string, open: (medium: string) => Medium): void {
  if (existsSync(file)) return;
  let medium = open(disk);
  while (medium.parent !== undefined) {
    if (header(medium.location).readUInt32LE(ALLOCATED_BLOCKS) > 0)
      throw new Error(
        `${medium.location} has content of its own; only clones that never ran can be run here`,
      );
    medium = open(medium.parent);
  }
  const size = header(disk).readBigUInt64LE(SIZE);
  const backing = ["-b", medium.location, "-F", "vdi"];
  execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", ...backing, file, String(size)]);
}

function header(file: string): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(512);
    readSync(descriptor, bytes, 0, bytes.length, 0);
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}
