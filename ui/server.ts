import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { admission, basePath, cookie } from "./admission";
import type { Feed } from "./feed";

/** What the page is made of; nothing else is served. */
const files: Record<string, { file: string; type: string }> = {
  "": { file: "page/index.html", type: "text/html; charset=utf-8" },
  "page.js": { file: "page/page.js", type: "text/javascript; charset=utf-8" },
  "page.css": { file: "page/page.css", type: "text/css; charset=utf-8" },
  "topology.css": { file: "topology.css", type: "text/css; charset=utf-8" },
  "icon.svg": { file: "page/icon.svg", type: "image/svg+xml" },
};

/** The page needs nothing from elsewhere, and nobody else has a use for it. */
const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

export interface UiServer {
  /** With the token: who has it may look. */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves the page and its feed on 127.0.0.1 to who has the token, which is another at every start.
 * @param port 0 for any free one
 * @throws Error when the port is taken.
 */
export async function servePage(feed: Feed, port: number): Promise<UiServer> {
  const token = randomBytes(32).toString("base64url");
  const contents = new Map(
    Object.entries(files).map(([path, { file, type }]) => [
      path,
      { type, content: readFileSync(join(__dirname, file)) },
    ]),
  );
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const { method = "", url = "" } = request;
    const answer = admission({ method, url, headers: request.headers }, { token, port: portOf(server) });
    if (answer.kind === "refused") return plain(response, answer.status, answer.reason);
    if (answer.kind === "entered") {
      response.writeHead(303, { Location: basePath, "Set-Cookie": cookie({ token, port: portOf(server) }) });
      return response.end();
    }
    if (answer.path === "feed") return feed.subscribe(response);
    const found = contents.get(answer.path);
    if (found === undefined) return plain(response, 404, "There is no such page.");
    return response.writeHead(200, { "Content-Type": found.type }).end(found.content);
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${portOf(server)}/?token=${token}`,
    close: async () => {
      feed.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function plain(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${words}\n`);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`port ${port} of 127.0.0.1 is taken; choose another: npm run ui -- --port NUMBER`)
          : error,
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
}
