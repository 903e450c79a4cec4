import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { fetchOutside } from "./fetch-outside";
import { describeFailure } from "./http";

/** A digest that a file must have, and who says so. */
export interface Checksum {
  algorithm: "sha256" | "sha512";
  /** Hexadecimal, lower case. */
  digest: string;
  /** `https://…/SHA512SUMS`, `image.checksum` */
  source: string;
}

export interface DownloadOptions {
  report: (line: string) => void;
  /** Asked for when the file is there whole, since a published list may be newer than the download's beginning. */
  checksum?: () => Promise<Checksum>;
  /** How long no byte may come. */
  stallMs?: number;
  /** How often in a row it may break off without a byte more. */
  attempts?: number;
}

const STALL_MS = 60_000;
const ATTEMPTS = 4;
const PROGRESS_MS = 10_000;
const MIB = 2 ** 20;

/** A server's refusal, which no repetition changes. */
class Refusal extends Error {}

/**
 * Downloads a file that may be large. What broke off goes on where it was, in this call and in a later one, if the server
 * still has the same file; the file has its name only once it is whole and has its checksum.
 * @throws Error when it cannot be had, or is not what its checksum says; then nothing of it stays.
 */
export async function download(url: string, file: string, options: DownloadOptions): Promise<void> {
  const part = new Part(url, `${file}.partial`);
  const { attempts = ATTEMPTS, report } = options;
  for (let attempt = 1, before = await part.size(); ; attempt++) {
    try {
      await fetchRest(url, part, options);
      break;
    } catch (error) {
      const size = await part.size();
      if (size > before) attempt = 1;
      before = size;
      const why = describeFailure(error, url);
      if (error instanceof Refusal || attempt >= attempts)
        throw new Error(
          `${url}: ${why}. ${size > 0 ? `The next run goes on at ${mib(size)} MiB.` : "Is the internet within reach?"}`,
          { cause: error },
        );
      report(`${why}, going on at ${mib(size)} MiB`);
    }
  }
  const checksum = await options.checksum?.();
  if (checksum) await verify(url, part, checksum);
  await part.finish(file);
}

/** What is there of a file, and by what the server knows whether its own is still the same. */
class Part {
  private readonly note: string;

  constructor(
    private readonly url: string,
    readonly file: string,
  ) {
    this.note = `${file}.json`;
  }

  async size(): Promise<number> {
    return (await stat(this.file).catch(() => undefined))?.size ?? 0;
  }

  /** An entity tag or a time; undefined where the server gave none, and the file must be downloaded again. */
  async validator(): Promise<string | undefined> {
    try {
      const note = JSON.parse(await readFile(this.note, "utf8")) as { url: string; validator: string };
      return note.url === this.url ? note.validator : undefined;
    } catch {
      // Missing or cut short.
      return undefined;
    }
  }

  /** Starts over with what the server has now. */
  async begin(validator: string | undefined): Promise<void> {
    await this.remove();
    if (validator !== undefined) await writeFile(this.note, JSON.stringify({ url: this.url, validator }));
  }

  async remove(): Promise<void> {
    await rm(this.file, { force: true });
    await rm(this.note, { force: true });
  }

  async finish(target: string): Promise<void> {
    await rename(this.file, target);
    await rm(this.note, { force: true });
  }
}

async function fetchRest(url: string, part: Part, options: DownloadOptions): Promise<void> {
  const validator = await part.validator();
  const have = validator === undefined ? 0 : await part.size();
  const range = have > 0 && validator !== undefined ? { range: `bytes=${have}-`, "if-range": validator } : {};
  const stall = new Stall(options.stallMs ?? STALL_MS);
  try {
    const answer = await fetchOutside(url, {
      // Ranges count the file's own bytes.
      headers: { "accept-encoding": "identity", ...range },
      signal: stall.signal,
    });
    const goesOn = answer.status === 206 && answer.headers.get("content-range")?.startsWith(`bytes ${have}-`);
    await refuse(answer, part, have);
    if (!goesOn) await part.begin(validatorOf(answer));
    const start = goesOn ? have : 0;
    const total = start + Number(answer.headers.get("content-length") ?? Number.NaN);
    const progress = new Progress(start, total, options.report);
    const handle = await open(part.file, goesOn ? "a" : "w");
    try {
      for await (const chunk of answer.body as ReadableStream<Uint8Array>) {
        stall.alive();
        // Before more is asked for: what came before a break is kept.
        await handle.appendFile(chunk);
        progress.add(chunk.length);
      }
    } finally {
      await handle.close();
    }
    if (progress.bytes < total) throw new Error(`it ended at ${mib(progress.bytes)} of ${mib(total)} MiB`);
  } catch (error) {
    throw stall.signal.aborted ? stall.signal.reason : error;
  } finally {
    stall.end();
  }
}

async function refuse(answer: Response, part: Part, have: number): Promise<void> {
  if (answer.ok && answer.body) return;
  const status = `HTTP status ${answer.status} ${answer.statusText}`.trim();
  // The part is no beginning of what the server has: again.
  if (answer.status === 416 && have > 0) await part.remove();
  else if (answer.status < 500 && answer.status !== 429) throw new Refusal(status);
  throw new Error(status);
}

/** A weak tag says nothing of single bytes. */
function validatorOf({ headers }: Response): string | undefined {
  const tag = headers.get("etag");
  return (tag?.startsWith('"') ? tag : undefined) ?? headers.get("last-modified") ?? undefined;
}

/** Ends a request for which nothing comes any more. */
class Stall {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly milliseconds: number) {
    this.alive();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  alive(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => this.controller.abort(new Error(`no byte came for ${this.milliseconds / 1000} s`)),
      this.milliseconds,
    );
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

/** Counts the bytes that come and tells of them now and then. */
class Progress {
  private told = Date.now();

  constructor(
    public bytes: number,
    private readonly total: number,
    private readonly report: (line: string) => void,
  ) {}

  add(bytes: number): void {
    this.bytes += bytes;
    if (Date.now() - this.told < PROGRESS_MS) return;
    this.told = Date.now();
    const of = Number.isNaN(this.total) ? "" : ` of ${mib(this.total)}`;
    this.report(`${mib(this.bytes)}${of} MiB`);
  }
}

async function verify(url: string, part: Part, { algorithm, digest, source }: Checksum): Promise<void> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(part.file), hash);
  const found = hash.digest("hex");
  if (found === digest.toLowerCase()) return;
  await part.remove();
  throw new Error(
    `${url}: its ${algorithm} is ${found}, but ${source} says ${digest}. The download was removed. Try again; if it stays so, do not use this source.`,
  );
}

function mib(bytes: number): number {
  return Math.floor(bytes / MIB);
}
