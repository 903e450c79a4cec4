import type { RegistryPlan } from "../lab-plan";
import type { Configuration } from "./defaults";

/** What a registry is asked with; the password is a secret. */
export interface RegistryLogin {
  username: string;
  password: string;
}

/** What is wrong with one value below `registries`; no password is in it. */
interface RegistryFault {
  key: string;
  value: unknown;
  reason: string;
  allowed: string;
}

interface ReadRegistry {
  registry: RegistryPlan;
  login?: RegistryLogin;
}

const keys = ["mirrors", "username", "password", "insecure", "authority"];
const hostForm = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[1-9]\d{0,4})?$/;
const aHost =
  "as images' names begin: a host's name with a dot, or with a port, such as docker.io or registry.example:5000";
const aUrl = "URLs http(s)://HOST[:PORT][/PATH], tried in this order";

/** All but the logins; what is wrong in the configuration is left out. */
export function planRegistries(configuration: Configuration): RegistryPlan[] {
  return readAll(configuration, []).map(({ registry }) => registry);
}

/** By registries' hosts. Secret: make it one before it goes into any resource. */
export function registryLogins(configuration: Configuration): ReadonlyMap<string, RegistryLogin> {
  const read = readAll(configuration, []);
  return new Map(read.flatMap(({ registry, login }) => (login ? [[registry.host, login] as const] : [])));
}

/** All that is wrong below `registries`. */
export function registryFaults(configuration: Configuration): RegistryFault[] {
  const faults: RegistryFault[] = [];
  readAll(configuration, faults);
  return faults;
}

function readAll({ registries }: Configuration, faults: RegistryFault[]): ReadRegistry[] {
  return Object.entries(registries).flatMap(([host, given]) => {
    const key = `registries["${host}"]`;
    const before = faults.length;
    const reason = hostFault(host);
    if (reason !== undefined) faults.push({ key, value: "(a registry)", reason, allowed: aHost });
    if (!isObject(given)) {
      faults.push({
        key,
        value: "(not shown)",
        reason: "it is no object",
        allowed: `an object with ${keys.join(", ")}`,
      });
      return [];
    }
    const read = readRegistry(host, given, key, faults);
    return faults.length > before ? [] : [read];
  });
}

function hostFault(host: string): string | undefined {
  if (/^https?:\/\//.test(host)) return "no image's name begins with a URL; leave out http(s)://";
  if (["index.docker.io", "registry-1.docker.io"].includes(host))
    return "images' names have docker.io for it";
  if (!hostForm.test(host) || host.length > 253) return "it is no registry's host";
  return /[.:]|^localhost$/.test(host) ? undefined : `an image's name that begins so is one of docker.io`;
}

function readRegistry(
  host: string,
  given: Record<string, unknown>,
  key: string,
  faults: RegistryFault[],
): ReadRegistry {
  const refuse = (name: string, value: unknown, reason: string, allowed: string) =>
    faults.push({ key: `${key}.${name}`, value, reason, allowed });
  for (const name of Object.keys(given).filter((each) => !keys.includes(each)))
    refuse(name, "(not shown)", "there is no such key", `an object with ${keys.join(", ")}`);
  const { insecure = false, authority } = given;
  const isInsecure = insecure === true || insecure === "true";
  if (!isInsecure && insecure !== false && insecure !== "false")
    refuse("insecure", shown(insecure), "it is neither of them", "true, false");
  if (authority !== undefined && (typeof authority !== "string" || authority.trim() === ""))
    refuse(
      "authority",
      shown(authority),
      "it is no file's name",
      "a PEM file, relative to the project's folder or a full path",
    );
  const login = readLogin(given, refuse);
  return {
    registry: {
      host,
      mirrors: readMirrors(given.mirrors, key, faults),
      insecure: isInsecure,
      ...(typeof authority === "string" && { authority }),
    },
    ...(login && { login }),
  };
}

function readMirrors(given: unknown, key: string, faults: RegistryFault[]): string[] {
  // `pulumi config set` stores text.
  const list = typeof given === "string" ? given.split(",").map((each) => each.trim()) : (given ?? []);
  if (!Array.isArray(list)) {
    faults.push({
      key: `${key}.mirrors`,
      value: "(not shown)",
      reason: "it is no list",
      allowed: `a list of ${aUrl}`,
    });
    return [];
  }
  return list.flatMap((url: unknown, i) => {
    const reason = urlFault(url);
    if (reason === undefined) return [String(url).replace(/\/+$/, "")];
    const value = reason.startsWith("a login") ? "(not shown)" : shown(url);
    faults.push({ key: `${key}.mirrors[${i}]`, value, reason, allowed: aUrl });
    return [];
  });
}

function urlFault(given: unknown): string | undefined {
  if (typeof given !== "string" || !/^https?:\/\/[^\s"\\]+$/.test(given) || !URL.canParse(given))
    return "it is no such URL";
  const { username, password, search, hash, host } = new URL(given);
  if (username !== "" || password !== "")
    return `a login is in it; it belongs into registries["${host}"].username and .password`;
  return search === "" && hash === "" ? undefined : "it has more than a path";
}

function readLogin(
  given: Record<string, unknown>,
  refuse: (name: string, value: unknown, reason: string, allowed: string) => void,
): RegistryLogin | undefined {
  const [username, password] = (["username", "password"] as const).map((name) => {
    const text = textIn(given[name]);
    if (given[name] !== undefined && (text === undefined || text === "" || /\p{Cc}/u.test(text)))
      refuse(name, "(secret)", "it is empty, or no text of one line", "a text of one line");
    return text;
  });
  if (username?.includes(":"))
    refuse("username", "(secret)", "registries are asked with USERNAME:PASSWORD", "a text without :");
  if (username === undefined && given.password !== undefined)
    refuse("username", undefined, "there is a password", "both of username and password");
  if (password === undefined && given.username !== undefined)
    refuse("password", undefined, "there is a username", "both of username and password");
  return username === undefined || password === undefined ? undefined : { username, password };
}

/** A text; `pulumi config set --path` makes numbers of digits; one that is encrypted and can't be opened here stands for itself. */
function textIn(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  if (isObject(value) && typeof value.secure === "string") return "(secret)";
  return typeof value === "string" ? value : undefined;
}

function shown(value: unknown): unknown {
  return typeof value === "number" || (typeof value === "string" && value.length <= 200)
    ? value
    : "(not shown)";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
