import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { rootCertificates } from "node:tls";
import { proxyFor, shownProxy } from "./proxy";

/** Beside the public ones, PEM. */
let trusted: readonly string[] = [];

/** Where systems have their list; the first that is there. Source: Go, crypto/x509/root_linux.go */
const systemLists = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/**
 * From now on downloads of this process, and of Go, git, curl and Node.js that it starts, trust these authorities, too.
 * @param file where the list for those programs is written
 */
export function trustAuthorities(certificates: readonly string[], file: string): void {
  if (certificates.length === 0) return;
  trusted = certificates;
  const { SSL_CERT_FILE: given, NODE_EXTRA_CA_CERTS: extra } = process.env;
  const own = extra === undefined || extra === file ? "" : readFileSync(extra, "utf8");
  const list = [given === file ? undefined : given, ...systemLists].find((path) => path && existsSync(path));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, list === undefined ? rootCertificates.join("\n") : readFileSync(list));
  appendFileSync(file, `\n${own}\n${certificates.join("\n")}`);
  for (const name of ["SSL_CERT_FILE", "GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"])
    process.env[name] = file;
}

/**
 * The usual variables for this process and what it starts, in both spellings: Go and Node.js read one, apt and curl the other.
 * @param configured what holds where the computer has none of its own
 */
export function useProxy(
  configured: { http?: string; https?: string; noProxy?: readonly string[] } = {},
): void {
  const { env } = process;
  const names = ["http_proxy", "https_proxy", "no_proxy"] as const;
  const given = names.some((name) => env[name] || env[name.toUpperCase()]);
  const own = given ? [] : [configured.http, configured.https, configured.noProxy?.join(",")];
  for (const [i, name] of names.entries()) {
    const value = env[name] || env[name.toUpperCase()] || own[i];
    if (value) env[name] = env[name.toUpperCase()] = value;
  }
  // gRPC in Node.js, which the engine and its programs speak on this computer, would go by it.
  if (env.http_proxy || env.https_proxy) {
    const parts = [...new Set([...(env.no_proxy ?? "").split(","), "localhost", "127.0.0.1", "::1"])];
    env.no_proxy = env.NO_PROXY = parts.filter((part) => part !== "").join(",");
  }
}

/** `fetch` that goes by the proxy of the usual variables, which Node.js 20 does not read, and trusts the authorities named before. */
export async function fetchOutside(url: string, init: RequestInit = {}): Promise<Response> {
  const proxy = proxyFor(url, process.env);
  if (proxy === undefined && trusted.length === 0) return fetch(url, init);
  // Of no use to most, and all would wait for it.
  const { Agent, fetch: fetchBy, ProxyAgent }: typeof import("undici") = require("undici");
  const tls = trusted.length === 0 ? {} : { ca: [...rootCertificates, ...trusted] };
  const dispatcher =
    proxy === undefined
      ? new Agent({ connect: tls })
      : new ProxyAgent({ uri: proxy, requestTls: tls, proxyTls: tls, proxyTunnel: url.startsWith("https:") });
  return (await fetchBy(url, { ...(init as object), dispatcher })) as unknown as Response;
}

const unreached =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|Connect Timeout/;

/** Why nothing came, where a proxy, or that there is none, may be a part of it; undefined where the site alone is. */
export function proxyTrouble(url: string, error: unknown): string | undefined {
  const proxy = proxyFor(url, process.env);
  const words = reasonsOf(error).at(-1) ?? String(error);
  if (proxy === undefined)
    return unreached.test(words)
      ? `${new URL(url).host} is not reached (${words}): it is down, or this network leads outside by a proxy alone, which ${variableOf(url)} or kube-lab:proxy names`
      : undefined;
  const status = /Proxy response \((\d+)\)/.exec(words)?.[1];
  const name = `the proxy ${shownProxy(proxy)}`;
  if (status === "407")
    return `${name} wants a login: ${variableOf(url)}=http://USER:PASSWORD@${new URL(proxy).host}`;
  // Of the status that a proxy gives where the site itself does not answer.
  if (status === "502" || status === "503" || status === "504")
    return `${name} answers, and does not reach ${new URL(url).host} (status ${status}): the site is down, or the proxy has no way to it`;
  if (status !== undefined) return `${name} refuses ${new URL(url).host} (status ${status})`;
  return unreached.test(words)
    ? `${name} does not answer (${words}); ${variableOf(url)} names it`
    : undefined;
}

/** What an error and its causes say, the deepest last; several addresses that were tried in vain have but a code. */
function reasonsOf(error: unknown): string[] {
  if (typeof error !== "object" || error === null) return [];
  const { message, code, cause } = error as { message?: string; code?: string; cause?: unknown };
  const own = message || code;
  return [...(own ? [own] : []), ...reasonsOf(cause)];
}

function variableOf(url: string): string {
  return url.startsWith("https:") ? "HTTPS_PROXY" : "HTTP_PROXY";
}
