import { Address4 } from "ip-address";

/**
 * The proxy by which a URL is reached, as curl and Go read the usual variables; undefined where there is none for it.
 * @param environment HTTP_PROXY, HTTPS_PROXY, NO_PROXY, or in lower case, which goes first
 */
export function proxyFor(url: string | URL, environment: NodeJS.ProcessEnv): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const variable = (name: string) => environment[name.toLowerCase()] || environment[name];
  const proxy = variable(protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (!proxy || isLoopback(hostname)) return undefined;
  const exceptions = (variable("NO_PROXY") ?? "").split(",").map((each) => each.trim().toLowerCase());
  if (exceptions.some((exception) => excepts(exception, hostname, port || defaultPorts[protocol])))
    return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** The same without a login, for people. */
export function shownProxy(proxy: string): string {
  return new URL(proxy).origin;
}

const defaultPorts: Record<string, string> = { "http:": "80", "https:": "443" };

function isLoopback(host: string): boolean {
  return host === "localhost" || host.startsWith("127.") || host === "[::1]";
}

/** `example.org` and `.example.org` stand for all names in it, too; `10.0.0.0/8` for addresses; a port may follow a name. */
function excepts(exception: string, host: string, port: string | undefined): boolean {
  if (exception === "") return false;
  if (exception === "*") return true;
  if (exception.includes("/")) return isIn(host, exception);
  const [, name = "", onlyPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(exception) ?? [];
  return (onlyPort === undefined || onlyPort === port) && (host === name || host.endsWith(`.${name}`));
}

function isIn(host: string, cidr: string): boolean {
  return (
    Address4.isValid(host) && Address4.isValid(cidr) && new Address4(host).isInSubnet(new Address4(cidr))
  );
}
