import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Everything but the entrance is below this path, and so is the cookie: other servers of this computer never get it. */
export const basePath = "/lab/";

export interface Asked {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
}

/** Who holds the token may look. */
export interface Pass {
  token: string;
  port: number;
}

export type Admission =
  | { kind: "refused"; status: 403 | 405; reason: string }
  /** With the token in the address: give the cookie, and an address without it. */
  | { kind: "entered" }
  /** `path` is below the base path, or begins with / where it is outside. */
  | { kind: "admitted"; path: string };

/**
 * Decides on a request before anything else looks at it. The Host header keeps out pages of other sites whose name was made
 * to lead here (DNS rebinding): only the two names of this server are its own.
 */
export function admission({ method, url, headers }: Asked, pass: Pass): Admission {
  const hosts = [`127.0.0.1:${pass.port}`, `localhost:${pass.port}`];
  if (!hosts.includes(headers.host ?? "")) {
    return { kind: "refused", status: 403, reason: "This server answers only to its own address." };
  }
  if (method !== "GET") return { kind: "refused", status: 405, reason: "There is nothing to change here." };
  // What is no path (a proxy's absolute address, *) can't be parsed after a host, and has no token.
  const address = `http://127.0.0.1${url}`;
  const { pathname, searchParams } = new URL(URL.canParse(address) ? address : "http://127.0.0.1");
  const entrance = pathname === "/";
  const given = entrance ? searchParams.get("token") : cookieOf(headers, pass.port);
  if (given === null || !isSame(given, pass.token)) {
    return { kind: "refused", status: 403, reason: "Open the address that npm run ui printed." };
  }
  if (entrance) return { kind: "entered" };
  return {
    kind: "admitted",
    path: pathname.startsWith(basePath) ? pathname.slice(basePath.length) : pathname,
  };
}

/**
 * Lax, not Strict: the browser comes here from a file (see scripts/ui/open-browser.ts), so the first step counts as another
 * site's; and nothing here changes anything.
 */
export function cookie({ token, port }: Pass): string {
  return `${cookieName(port)}=${token}; Path=${basePath}; HttpOnly; SameSite=Lax`;
}

/** Cookies know no ports: two labs' pages would take each other's. */
function cookieName(port: number): string {
  return `kube-lab-${port}`;
}

function cookieOf({ cookie = "" }: IncomingHttpHeaders, port: number): string | null {
  const start = `${cookieName(port)}=`;
  const found = cookie.split("; ").find((pair) => pair.startsWith(start));
  return found?.slice(start.length) ?? null;
}

/** In the same time whatever the difference; digests have the same length. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
