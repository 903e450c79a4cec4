/** One member of a tar archive, as it is read. */
interface TarMember {
  /** Without a leading `./`. */
  path: string;
  /** Bytes of its content in the archive. */
  size: number;
  /** Target of a link. */
  link?: string;
  /** Where the reader wanted it. */
  content?: Buffer;
}

/** Thrown for what is no tar archive, or one that was cut off. */
export class BrokenTar extends Error {}

/** Whether a member's content is to be kept. */
type Wants = (member: { path: string; size: number }) => boolean;

const block = 512;

/** Types of members that say something of the next one: PAX for it or for all, GNU's long names. */
const PAX = "x";
const GLOBAL_PAX = "g";
const LONG_NAME = "L";
const LONG_LINK = "K";
const LINKS = ["1", "2"];

/** Most bytes of such a member: anything larger is no name. */
const LARGEST_HEADER = 1 << 20;

/**
 * Reads an uncompressed tar archive (USTAR, PAX, GNU) from its beginning to its end; nothing but the wanted content is kept in memory.
 * @throws BrokenTar
 */
export async function* tarMembers(stream: AsyncIterable<Buffer>, wants: Wants): AsyncGenerator<TarMember> {
  const bytes = new Bytes(stream);
  try {
    yield* membersOf(bytes, wants);
  } finally {
    await bytes.close();
  }
}

async function* membersOf(bytes: Bytes, wants: Wants): AsyncGenerator<TarMember> {
  let said: Record<string, string> = {};
  for (let count = 0; ; count += 1) {
    const header = await bytes.take(block);
    if (header === undefined && count === 0) throw new BrokenTar("it is empty");
    if (header === undefined || header.every((byte) => byte === 0)) return bytes.skipAll();
    if (!hasItsSum(header)) throw new BrokenTar(count === 0 ? "it is no tar archive" : "it is damaged");
    const type = header.toString("latin1", 156, 157);
    const size = said.size === undefined ? numberIn(header, 124, 12) : Number(said.size);
    if ([PAX, GLOBAL_PAX, LONG_NAME, LONG_LINK].includes(type)) {
      if (size > LARGEST_HEADER) throw new BrokenTar("it is damaged");
      const content = await bytes.content(size);
      if (type === PAX) said = { ...said, ...paxRecords(content) };
      if (type === LONG_NAME) said = { ...said, path: textIn(content, 0, content.length) };
      if (type === LONG_LINK) said = { ...said, linkpath: textIn(content, 0, content.length) };
      continue;
    }
    const path = (said.path ?? ustarPath(header)).replace(/^(?:\.\/)+/, "");
    const isLink = LINKS.includes(type);
    const link = isLink ? { link: said.linkpath ?? textIn(header, 157, 100) } : {};
    const kept = type === "0" || type === "\0" ? wants({ path, size }) : false;
    if (kept) yield { path, size, content: await bytes.content(size) };
    else {
      await bytes.skip(isLink ? 0 : padded(size));
      yield { path, size, ...link };
    }
    said = {};
  }
}

const padded = (size: number) => Math.ceil(size / block) * block;

/** What a stream gives, in pieces of the wanted length. */
class Bytes {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  /** Whoever made the stream may close what it reads. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  /** @returns undefined at the end. @throws BrokenTar where the end comes before all of it. */
  async take(length: number): Promise<Buffer | undefined> {
    if (this.rest.length >= length) {
      const found = this.rest.subarray(0, length);
      this.rest = this.rest.subarray(length);
      return found;
    }
    const pieces = [this.rest];
    let there = this.rest.length;
    while (there < length) {
      const { done, value } = await this.chunks.next();
      if (done === true) {
        if (there === 0) return undefined;
        throw new BrokenTar("it was cut off");
      }
      pieces.push(value);
      there += value.length;
    }
    const all = Buffer.concat(pieces);
    this.rest = all.subarray(length);
    return all.subarray(0, length);
  }

  async content(size: number): Promise<Buffer> {
    if (size === 0) return Buffer.alloc(0);
    const all = await this.take(padded(size));
    if (all === undefined) throw new BrokenTar("it was cut off");
    return all.subarray(0, size);
  }

  async skip(length: number): Promise<void> {
    let left = length - this.rest.length;
    if (left <= 0) {
      this.rest = this.rest.subarray(length);
      return;
    }
    for (;;) {
      const { done, value } = await this.chunks.next();
      if (done === true) throw new BrokenTar("it was cut off");
      if (value.length >= left) {
        this.rest = value.subarray(left);
        return;
      }
      left -= value.length;
    }
  }

  /** To the stream's end: who counts its bytes counts all. */
  async skipAll(): Promise<void> {
    while ((await this.chunks.next()).done !== true);
  }
}

/** The sum of a header's bytes, its own field taken for blanks. */
function hasItsSum(header: Buffer): boolean {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return sum === numberIn(header, 148, 8);
}

/** Octal digits, or, with the highest bit set, a big-endian number as GNU tar writes sizes of 8 GiB and more. */
function numberIn(header: Buffer, offset: number, length: number): number {
  if (((header[offset] ?? 0) & 0x80) === 0) return Number.parseInt(textIn(header, offset, length), 8) || 0;
  return Number(header.readBigUInt64BE(offset + length - 8));
}

function ustarPath(header: Buffer): string {
  const prefix = header.toString("latin1", 257, 262) === "ustar" ? textIn(header, 345, 155) : "";
  const name = textIn(header, 0, 100);
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textIn(bytes: Buffer, offset: number, length: number): string {
  const text = bytes.toString("utf8", offset, offset + length);
  const end = text.indexOf("\0");
  return (end < 0 ? text : text.slice(0, end)).trim();
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function paxRecords(content: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString("latin1", at, at + 20), 10);
    if (!(length > 0)) break;
    const record = content.toString("utf8", at, at + length - 1);
    const [key = "", ...value] = record.slice(record.indexOf(" ") + 1).split("=");
    records[key] = value.join("=");
    at += length;
  }
  return records;
}
