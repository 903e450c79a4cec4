import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CloudImage, cloudImage, ensureCloudImage } from "../../../supply/base/cloud-image";
import { listDownloads, removeBase } from "../../../supply/base/prune";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const sha512 = createHash("sha512").update(content).digest("hex");

let cache: string;
let server: Server;
let address: string;
let requests: { range?: string; condition?: string }[];
let lines: string[];
/** The server's file, and what becomes of a request. */
let etag: string;
let answer: (request: IncomingMessage, response: ServerResponse, from: number) => void;

beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), "kube-lab-download-"));
  requests = [];
  lines = [];
  etag = '"one"';
  answer = whole;
  server = createServer((request, response) => {
    if (request.url === "/SHA512SUMS")
      return void response.end(`${"0".repeat(128)}  other\n${sha512} *disk.qcow2\n`);
    const { range, "if-range": condition } = request.headers;
    requests.push({ ...(range && { range }), ...(condition && { condition: String(condition) }) });
    const from = range !== undefined && condition === etag ? Number(/^bytes=(\d+)-$/.exec(range)?.[1]) : 0;
    answer(request, response, from);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(cache, { recursive: true, force: true });
});

function head(response: ServerResponse, from: number): void {
  const range = from > 0 ? { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { etag, "content-length": content.length - from, ...range });
}

function whole(_request: IncomingMessage, response: ServerResponse, from: number): void {
  head(response, from);
  response.end(content.subarray(from));
}

/** Sends so many bytes, waits until they are on disk, and cuts the line. */
function cutAfter(bytes: number) {
  return (_request: IncomingMessage, response: ServerResponse, from: number): void => {
    head(response, from);
    const end = Math.min(from + bytes, content.length);
    response.write(content.subarray(from, end));
    if (end === content.length) return void response.end();
    const timer = setInterval(() => {
      if (written() < end) return;
      clearInterval(timer);
      response.destroy();
    }, 2);
  };
}

/** Bytes of the unfinished file. */
function written(): number {
  return files().includes("disk.qcow2.partial") ? statSync(join(folder(), "disk.qcow2.partial")).size : 0;
}

const image = (): CloudImage => ({
  url: `${address}/disk.qcow2`,
  checksum: { list: `${address}/SHA512SUMS`, algorithm: "sha512" },
});
const ensure = (wanted: CloudImage = image(), limits: { stallMs?: number; attempts?: number } = {}) =>
  ensureCloudImage(wanted, (line) => lines.push(line), { cache, ...limits });
const isWhole = (file: string) => readFileSync(file).equals(content);
const folder = () =>
  join(cache, "base", readdirSync(join(cache, "base")).find((name) => name.startsWith("download-")) ?? "");
const files = () => readdirSync(folder());

describe("an image's download", () => {
  it("is compared with the published checksum, and done once", async () => {
    const file = await ensure();
    expect(isWhole(file)).toBe(true);
    expect(files()).toEqual(["disk.qcow2"]);
    expect(await ensure()).toBe(file);
    expect(requests).toHaveLength(1);
  });

  it("is a cache that can be pruned", async () => {
    await ensure();
    const [found, ...others] = await listDownloads(cache);
    expect([found?.name, others]).toEqual(["disk.qcow2", []]);
    if (found) await removeBase(found, cache);
    expect(await listDownloads(cache)).toEqual([]);
  });

  it("is made by one process at a time", async () => {
    const both = await Promise.all([ensure(), ensure()]);
    expect(new Set(both).size).toBe(1);
    expect(requests).toHaveLength(1);
  });

  it("goes on where the line broke, as often as it gets further", async () => {
    answer = cutAfter(70_000);
    expect(isWhole(await ensure(image(), { attempts: 2 }))).toBe(true);
    expect(requests.map(({ range }) => range)).toEqual([
      undefined,
      ...[70_000, 140_000, 210_000, 280_000].map((from) => `bytes=${from}-`),
    ]);
    expect(new Set(requests.slice(1).map(({ condition }) => condition))).toEqual(new Set(['"one"']));
  });

  it("goes on in a later run", async () => {
    let first = true;
    answer = (request, response, from) => {
      if (first) cutAfter(70_000)(request, response, from);
      else response.writeHead(503).end();
      first = false;
    };
    await expect(ensure(image(), { attempts: 2 })).rejects.toThrow(
      /HTTP status 503.*The next run goes on at 0 MiB/,
    );
    expect(files().sort()).toEqual(["disk.qcow2.partial", "disk.qcow2.partial.json"]);
    answer = whole;
    requests = [];
    expect(isWhole(await ensure())).toBe(true);
    expect(requests).toEqual([{ range: "bytes=70000-", condition: '"one"' }]);
  });

  it("starts over when the server has another file by then, and never mixes the two", async () => {
    let first = true;
    answer = (request, response, from) => {
      (first ? cutAfter(70_000) : whole)(request, response, from);
      if (first) etag = '"two"';
      first = false;
    };
    expect(isWhole(await ensure())).toBe(true);
    expect(requests.map(({ range }) => range)).toEqual([undefined, "bytes=70000-"]);
  });

  it("starts over where the server tells nothing to know the file by, or no part of it", async () => {
    etag = 'W/"weak"';
    let first = true;
    answer = (request, response, from) => {
      (first ? cutAfter(70_000) : whole)(request, response, from);
      first = false;
    };
    expect(isWhole(await ensure())).toBe(true);
    expect(requests).toEqual([{}, {}]);
  });

  it("of something else is refused, said and removed", async () => {
    answer = (_request, response) => void response.writeHead(200, { etag }).end("something else");
    const found = createHash("sha512").update("something else").digest("hex");
    await expect(ensure()).rejects.toThrow(
      new RegExp(
        `its sha512 is ${found}, but ${address}/SHA512SUMS says ${sha512}\\. The download was removed`,
      ),
    );
    expect(files()).toEqual([]);
  });

  it("is compared with the configuration's checksum; another one is another download", async () => {
    const own = (digest: string) => cloudImage(`${address}/disk.qcow2`, "amd64", `sha512:${digest}`);
    await expect(ensure(own("0".repeat(128)))).rejects.toThrow(/but kube-lab:image\.checksum says 0{128}/);
    expect(existsSync(await ensure(own(sha512.toUpperCase())))).toBe(true);
  });

  it("that the list does not know is refused", async () => {
    await expect(ensure({ ...image(), url: `${address}/new.qcow2` })).rejects.toThrow(
      /SHA512SUMS has no checksum of new\.qcow2/,
    );
  });

  it("of what is not there is asked for once", async () => {
    answer = (_request, response) => void response.writeHead(404).end();
    await expect(ensure()).rejects.toThrow(/disk\.qcow2: HTTP status 404 Not Found/);
    expect(requests).toHaveLength(1);
  });

  it("does not wait for ever for a server that sends nothing more", async () => {
    answer = (_request, response, from) => {
      head(response, from);
      response.write(content.subarray(from, from + 10));
    };
    await expect(ensure({ url: `${address}/disk.qcow2` }, { stallMs: 50, attempts: 1 })).rejects.toThrow(
      /no byte came for 0\.05 s/,
    );
  });
});

describe("what a base means", () => {
  it.each([
    ["debian-13", "amd64", /^https:\/\/cloud\.debian\.org\/.*\/debian-13-generic-amd64\.qcow2$/],
    ["debian-13", "arm64", /generic-arm64\.qcow2$/],
    [
      "ubuntu-24.04",
      "amd64",
      /^https:\/\/cloud-images\.ubuntu\.com\/.*\/ubuntu-24\.04-server-cloudimg-amd64\.img$/,
    ],
  ] as const)(
    "%s on %s is the distribution's own, with its published checksum",
    (base, architecture, url) => {
      expect(cloudImage(base, architecture)).toEqual({
        url: expect.stringMatching(url),
        checksum: { list: expect.stringMatching(/\/SHA(?:512|256)SUMS$/), algorithm: expect.any(String) },
      });
    },
  );

  it("an address is itself, with the configuration's checksum or none; a file or machine is no download", () => {
    const url = "https://mirror.example/a.vmdk";
    expect(cloudImage(url, "amd64")).toEqual({ url });
    expect(cloudImage(url, "amd64", `sha256:${"a".repeat(64)}`)?.checksum).toMatchObject({
      algorithm: "sha256",
    });
    for (const base of ["/vms/debian.vdi", "C:\\vms\\debian.vdi", "machine:Debian"])
      expect(cloudImage(base, "amd64")).toBeUndefined();
  });
});
