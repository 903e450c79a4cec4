import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { fetchOutside, proxyTrouble } from "./fetch-outside";

const attempts = 3;
const stallMs = 60_000;

/** A checksum was published for a file, and what came is something else. */
export class ChecksumError extends Error {
  constructor(what: string, expected: string, found: string) {
    super(
      `${what}: SHA-256 is ${found}, published is ${expected}. Try again; if it stays so, do not use this source.`,
    );
    this.name = "ChecksumError";
  }
}

/** Downloads a file and compares it with a SHA-256 in hexadecimal digits. Tries three times. */
async function downloadVerified(url: string, path: string, sha256: string): Promise<void> {
  await withRetries(url, async () => saveVerified(await get(url), path, sha256, url));
}

/** Downloads a release's file and the checksum published beside it as `<url>.sha256`. */
export async function downloadWithPublishedChecksum(url: string, path: string): Promise<void> {
  const published = await withRetries(url, async () => (await get(`${url}.sha256`)).text());
  const sha256 = /^[0-9a-f]{64}\b/i.exec(published.trim())?.[0];
  if (!sha256) throw new Error(`${url}.sha256: no SHA-256 in it: ${published.slice(0, 100)}`);
  await downloadVerified(url, path, sha256.toLowerCase());
}

/** GET; an error unless the status is 2xx. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const answer = await fetchOutside(url, { headers, signal: AbortSignal.timeout(stallMs * 10) });
  if (!answer.ok) throw new HttpError(url, answer);
  return answer;
}

/** A server answered with a status other than 2xx. */
export class HttpError extends Error {
  readonly status: number;
  readonly headers: Headers;
  constructor(url: string, answer: Response) {
    super(`${url}: HTTP status ${answer.status} ${answer.statusText}`.trim());
    this.name = "HttpError";
    this.status = answer.status;
    this.headers = answer.headers;
  }
}

/** Saves an answer's body; the file is removed again when its SHA-256 is not the expected one. */
export async function saveVerified(
  answer: Response,
  path: string,
  sha256: string,
  what: string,
): Promise<void> {
  if (!answer.body) throw new Error(`${what}: empty answer`);
  const hash = createHash("sha256");
  const body = Readable.fromWeb(answer.body as ReadableStream);
  try {
    await pipeline(
      body,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(path),
    );
    const found = hash.digest("hex");
    if (found !== sha256) throw new ChecksumError(what, sha256, found);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Tries up to three times what the network may spoil; a refusal (status 4xx) is final. */
export async function withRetries<T>(what: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const final = error instanceof HttpError && error.status < 500 && error.status !== 429;
      if (final) throw error;
      if (attempt === attempts)
        throw new Error(`${what}: failed ${attempts} times: ${describeFailure(error, what)}`, {
          cause: error,
        });
    }
  }
}

/** An error of `fetch` with its cause, which alone says what is wrong, or what a proxy has to do with it. */
export function describeFailure(error: unknown, url?: string): string {
  const trouble = url !== undefined && URL.canParse(url) ? proxyTrouble(url, error) : undefined;
  if (trouble !== undefined) return trouble;
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
