import { writeFileSync } from "node:fs";
import path from "node:path";
import { firmwareOf } from "../../../hypervisor/image/firmware";
import { scratch } from "./fixtures";

const { folder, remove } = scratch();
afterAll(remove);

const BLOCK = 2 ** 20;

/** A VDI whose first block is the file's second, as VirtualBox may place it. */
function vdi(name: string, firstSector: Buffer | undefined): string {
  const file = path.join(folder, name);
  const content = Buffer.alloc(BLOCK + 2 * BLOCK);
  content.writeUInt32LE(0xbeda107f, 0x40);
  content.writeUInt32LE(0x200, 0x154);
  content.writeUInt32LE(BLOCK, 0x158);
  content.writeUInt32LE(BLOCK, 0x178);
  content.writeUInt32LE(firstSector ? 1 : 0xffffffff, 0x200);
  firstSector?.copy(content, BLOCK + BLOCK);
  writeFileSync(file, content);
  return file;
}

/** Partition table and signature are there either way. */
function sector(code: string): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write(code, 0, "latin1");
  bytes.writeUInt32LE(0xee, 0x1c2);
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
}

it("is the BIOS where the disk has code for it", async () => {
  expect(await firmwareOf(vdi("grub.vdi", sector("\xeb\x63\x90")))).toBe("bios");
});

it("is EFI where it has none", async () => {
  expect(await firmwareOf(vdi("esp.vdi", sector("")))).toBe("efi");
  expect(await firmwareOf(vdi("empty.vdi", undefined))).toBe("efi");
});

it("is the BIOS where nothing can be known", async () => {
  const file = path.join(folder, "stand-in.vdi");
  writeFileSync(file, '{"standIn":"kube-lab"}\n');
  expect(await firmwareOf(file)).toBe("bios");
});
