import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** The content of an archive of images, unpacked where gzip has packed it. */
export async function openArchive(file: string): Promise<Readable> {
  const handle = await open(file);
  const { buffer: magic } = await handle.read(Buffer.alloc(2), 0, 2, 0).finally(() => handle.close());
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return stream;
  const unpacked = createGunzip({ chunkSize: 1 << 20 });
  stream.on("error", (error) => unpacked.destroy(error));
  unpacked.on("close", () => stream.destroy());
  return stream.pipe(unpacked);
}
