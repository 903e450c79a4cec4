import type { Readable } from "node:stream";
import { BrokenTar, tarMembers } from "../../lib/tar-reading";
import { BadArchive, type ImageArchive, imagesIn } from "./archive-content";
import { openArchive } from "./open-archive";

/** Documents of an archive are small; what is larger is a layer. */
const LARGEST_DOCUMENT = 4 << 20;

/** Most bytes of documents that an archive of many images may have. */
const ALL_DOCUMENTS = 256 << 20;

/**
 * Reads an archive of `docker save`, `podman save`, `skopeo copy` and the like to its end.
 * @param architecture in Go's words: `amd64`
 * @throws BadArchive with why it cannot be loaded
 */
export async function readArchive(file: string, architecture: string): Promise<ImageArchive> {
  const documents = new Map<string, Buffer>();
  let [documentBytes, bytes] = [0, 0];
  const small = ({ size }: { size: number }) => size <= LARGEST_DOCUMENT;
  try {
    const content = counted(await openArchive(file), (length) => {
      bytes += length;
    });
    for await (const member of tarMembers(content, small)) {
      if (member.content === undefined || !isDocument(member.content)) continue;
      documentBytes += member.size;
      if (documentBytes > ALL_DOCUMENTS) throw new BadArchive("its documents are too large");
      documents.set(member.path, member.content);
    }
    return { bytes, ...imagesIn(documents, bytes, architecture) };
  } catch (error) {
    throw asBadArchive(error as NodeJS.ErrnoException);
  }
}

async function* counted(stream: Readable, count: (length: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    count(chunk.length);
    yield chunk;
  }
}

/** JSON's objects and lists; all else of that size is a small layer. */
function isDocument(content: Buffer): boolean {
  return content[0] === 0x7b || content[0] === 0x5b;
}

function asBadArchive(error: NodeJS.ErrnoException): Error {
  if (error instanceof BrokenTar) return new BadArchive(error.message);
  if (error.code === "ENOENT") return new BadArchive("there is no such file");
  if (error.code === "EISDIR") return new BadArchive("it is a folder");
  if (error.code?.startsWith("Z_")) return new BadArchive(`it is damaged: ${error.message}`);
  return error;
}
