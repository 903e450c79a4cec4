import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import type { Endpoint } from "../../plan/endpoint";

/** What the lab's gateway is to send to a service of the namespace that this is applied in. */
export function httpRoute(service: string, host: string): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: service },
    spec: {
      parentRefs: [{ name: "applications", namespace: "traefik" }],
      hostnames: [host],
      rules: [{ backendRefs: [{ name: service, port: 80 }] }],
    },
  };
}

export interface ApplicationRequest {
  /** The application's name, whatever the address it is asked at. */
  host: string;
  /** PEM of the authority that its certificate must be of; without one it is asked by HTTP. */
  authority?: string;
  /** Sent as a form, by POST. */
  form?: Record<string, string>;
}

export interface ApplicationAnswer {
  status: number;
  body: string;
}

const TIMEOUT_MS = 5_000;

/**
 * Asks an application by its name at an address that no resolver knows it by, as `curl --resolve` does.
 * @throws Error without an answer in time, or where the certificate is not the authority's or not for that name.
 */
export function askApplication(
  { address, port }: Endpoint,
  { host, authority, form }: ApplicationRequest,
): Promise<ApplicationAnswer> {
  const body = form && new URLSearchParams(form).toString();
  const type = { "Content-Type": "application/x-www-form-urlencoded" };
  const options = {
    ...{ host: address, port, path: "/", method: body === undefined ? "GET" : "POST" },
    headers: { Host: host, Connection: "close", ...(body !== undefined && type) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  return new Promise((resolve, reject) => {
    const asked =
      authority === undefined
        ? overHttp(options)
        : overHttps({ ...options, servername: host, ca: authority, agent: false });
    asked.on("error", reject);
    asked.on("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
      answer.on("error", reject);
    });
    asked.end(body);
  });
}
