import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { finished } from "node:stream/promises";

/** One member of a tar archive. Owner is root, the time is 1970: the same entries always give the same bytes. */
export interface TarEntry {
  /** Path without a leading `/`; a directory's needs no trailing one. */
  path: string;
  /** A directory, a symbolic link's target, content, or the path of a file on this computer. */
  content: { directory: true } | { link: string } | { bytes: Buffer } | { file: string };
  /** Permission bits; default 0755 for directories and 0644 for files. */
  mode?: number;
  uid?: number;
  gid?: number;
  /** Extended attributes by name, such as security.capability. */
  xattrs?: Record<string, Buffer>;
}

/** What was written. */
export interface WrittenTar {
  /** Hexadecimal digits. */
  sha256: string;
  size: number;
}

const block = 512;
const largestUstarSize = 8 * 1024 ** 3 - 1;
const longestUstarPath = 100;

/**
 * Writes an uncompressed POSIX tar archive; what USTAR cannot say (long names, extended attributes, huge files)
 * is in PAX headers.
 */
export async function writeTar(path: string, entries: TarEntry[]): Promise<WrittenTar> {
  const hash = createHash("sha256");
  const output = createWriteStream(path);
  let size = 0;
  const put = async (bytes: Buffer): Promise<void> => {
    hash.update(bytes);
    size += bytes.length;
    if (!output.write(bytes)) await once(output, "drain");
  };
  try {
    for (const entry of entries) await putEntry(entry, put);
    await put(Buffer.alloc(2 * block));
  } finally {
    output.end();
    await finished(output);
  }
  return { sha256: hash.digest("hex"), size };
}

/** The same archive of small files, in memory. @param files paths without a leading `/` */
export function tarOf(files: { path: string; mode: number; content: string }[]): Buffer {
  const members = files.flatMap(({ path, mode, content }) => {
    const bytes = Buffer.from(content);
    return [...headers({ path, mode, content: { bytes } }, bytes.length), padded(bytes)];
  });
  return Buffer.concat([...members, Buffer.alloc(2 * block)]);
}

async function putEntry(entry: TarEntry, put: (bytes: Buffer) => Promise<void>): Promise<void> {
  const { content } = entry;
  const size =
    "bytes" in content ? content.bytes.length : "file" in content ? (await stat(content.file)).size : 0;
  for (const bytes of headers(entry, size)) await put(bytes);
  if ("bytes" in content) await put(padded(content.bytes));
  if ("file" in content) {
    let seen = 0;
    for await (const chunk of createReadStream(content.file, { highWaterMark: 1 << 20 })) {
      seen += (chunk as Buffer).length;
      await put(chunk as Buffer);
    }
    if (seen !== size)
      throw new Error(`${content.file}: changed from ${size} to ${seen} bytes while it was read`);
    await put(Buffer.alloc((block - (size % block)) % block));
  }
}

/** What comes before a member's content: USTAR's header, and before it a PAX one where that cannot say it all. */
function headers(entry: TarEntry, size: number): Buffer[] {
  const own = header(entry, size, typeFlag(entry));
  const records = paxRecords(entry, size);
  if (records.length === 0) return [own];
  const pax = header({ ...entry, path: "PaxHeader", content: { bytes: records } }, records.length, "x");
  return [pax, padded(records), own];
}

function typeFlag({ content }: TarEntry): "0" | "2" | "5" {
  if ("directory" in content) return "5";
  return "link" in content ? "2" : "0";
}

function header(entry: TarEntry, size: number, type: "0" | "2" | "5" | "x"): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, offset: number, length: number): void => {
    bytes.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
  };
  const path = type === "5" ? `${entry.path}/` : entry.path;
  bytes.write(path.slice(0, longestUstarPath), 0, longestUstarPath, "utf8");
  octal(entry.mode ?? (type === "5" ? 0o755 : type === "2" ? 0o777 : 0o644), 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(size > largestUstarSize ? 0 : size, 124, 12);
  octal(0, 136, 12);
  bytes.write("        ", 148, "latin1");
  bytes.write(type, 156, "latin1");
  if ("link" in entry.content) bytes.write(entry.content.link.slice(0, 100), 157, 100, "utf8");
  bytes.write("ustar\x0000", 257, "latin1");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

function paxRecords(entry: TarEntry, size: number): Buffer {
  const records: Buffer[] = [];
  if (Buffer.byteLength(entry.path) >= longestUstarPath)
    records.push(paxRecord("path", Buffer.from(entry.path)));
  if ("link" in entry.content && Buffer.byteLength(entry.content.link) > 100) {
    records.push(paxRecord("linkpath", Buffer.from(entry.content.link)));
  }
  if (size > largestUstarSize) records.push(paxRecord("size", Buffer.from(String(size))));
  for (const [name, value] of Object.entries(entry.xattrs ?? {})) {
    records.push(paxRecord(`SCHILY.xattr.${name}`, value));
  }
  return Buffer.concat(records);
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits too. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((block - (bytes.length % block)) % block)]);
}
