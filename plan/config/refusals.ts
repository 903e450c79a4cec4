import { closest, distance } from "fastest-levenshtein";
import { type Problem, removeCommand, setCommand, visible } from "./problems";
import { allSettings, keyOf, keysAt, leafPath, type Path, settingAt } from "./schema-paths";
import type { Setting } from "./settings";

/** The default of a key, for a fix to suggest. */
export type Fallback = (key: string) => unknown;

/** A value that its key does not take. */
export function refusedValue(path: Path, value: unknown, fallback: Fallback): Problem {
  const setting = settingAt(path);
  if (setting === undefined) {
    return notAGroup(keyOf(path), visible(value), keysAt(path), fallback);
  }
  if (isSealed(value)) return sealedValue(path, setting);
  const explanation = value === null ? undefined : setting.explain?.(value);
  return {
    key: keyOf(path),
    value: setting.secret ? "(secret)" : visible(value),
    reason: explanation?.reason ?? (isEntry(path) ? entryMismatch(value) : mismatch(setting, value)),
    allowed: setting.allowed,
    fix: fixFor(path, explanation?.meant ?? fallback(keyOf(leafPath(path)))),
  };
}

/** What `pulumi config set --secret` has written, and could not be opened here. */
function isSealed(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value && typeof value.secure === "string";
}

function sealedValue(path: Path, { allowed }: Setting): Problem {
  return {
    key: keyOf(path),
    value: "(secret)",
    reason: "it is encrypted by another passphrase than this project's, or by a service",
    allowed,
    fix: "set PULUMI_CONFIG_PASSPHRASE to the stack's passphrase, or set the key without --secret",
  };
}

/** A key that the schema does not have. */
export function unknownKey(path: Path, value: unknown): Problem {
  const parent = path.slice(0, -1);
  const key = keyOf(path);
  const nearest = nearestKey(String(path.at(-1)), parent);
  const where = parent.length === 0 ? "the keys" : `below ${keyOf(parent)}:`;
  return {
    key,
    value,
    reason: `there is no such key${nearest === undefined ? "" : `; the nearest is ${nearest}`}`,
    allowed: `${where} ${keysAt(parent).join(", ")}`,
    fix: fixUnknown(key, nearest, value),
  };
}

/** `gluster: 3` where `gluster: {count: 3}` was meant. */
function notAGroup(key: string, value: unknown, keys: string[], fallback: Fallback): Problem {
  const first = `${key}.${keys[0]}`;
  const meant = keys[0] === "count" && /^\d+$/.test(String(value)) ? value : fallback(first);
  return {
    key,
    value,
    reason: "it is a group of keys, not a single value",
    allowed: `an object with ${keys.join(", ")}`,
    fix: [removeCommand(key), ...(isPlain(meant) ? [setCommand(first, meant)] : [])].join(" && "),
  };
}

/** A list's element is set by its index; a whole list, a map's entry, or what has no default, is taken out. */
function fixFor(path: Path, suggestion: unknown): string {
  const single = Array.isArray(suggestion) && typeof path.at(-1) === "number" ? suggestion[0] : suggestion;
  const whole = typeof path.at(-1) === "number" ? leafPath(path) : path;
  return isPlain(single) ? setCommand(keyOf(path), single) : removeCommand(keyOf(whole));
}

function fixUnknown(key: string, nearest: string | undefined, value: unknown): string {
  if (nearest === undefined) {
    return removeCommand(key);
  }
  return isPlain(value)
    ? `${removeCommand(key)} && ${setCommand(nearest, value)}`
    : `call it ${nearest} in the stack's configuration file`;
}

/** A sibling that looks alike or begins alike, else a key elsewhere of the very same name. */
function nearestKey(name: string, parent: Path): string | undefined {
  const siblings = keysAt(parent);
  const lower = name.toLowerCase();
  const near = siblings.length === 0 ? "" : closest(name, siblings);
  const isNear = distance(lower, near.toLowerCase()) <= Math.max(2, Math.floor(name.length / 3));
  const alike = isNear ? near : siblings.find((sibling) => sibling.toLowerCase().startsWith(lower));
  return alike === undefined ? elsewhere(name) : keyOf([...parent, alike]);
}

/** A key or group of that very name anywhere. */
function elsewhere(name: string): string | undefined {
  return [...allSettings().keys()]
    .map((key) => key.split("."))
    .filter((path) => path.includes(name))
    .map((path) => path.slice(0, path.indexOf(name) + 1).join("."))[0];
}

/** In a map: the value itself is deeper than the key that the schema has. */
function isEntry(path: Path): boolean {
  return leafPath(path).length < path.length && typeof path.at(-1) !== "number";
}

function entryMismatch(value: unknown): string {
  return value === null ? "it is empty" : "its name or its value is not what the key takes";
}

function mismatch(setting: Setting, value: unknown): string {
  if (value === null) {
    return "it is empty";
  }
  const wanted = { integer: "number", list: "list", map: "map", object: "object" }[setting.type] ?? "string";
  const asObject = wanted === "map" ? "map" : "object";
  const found = Array.isArray(value) ? "list" : typeof value === "object" ? asObject : typeof value;
  return found === wanted || (wanted !== "map" && (found === "number" || found === "string"))
    ? text(setting, value)
    : `it is ${withArticle(found)}, not ${withArticle(wanted)}`;
}

function withArticle(noun: string): string {
  return `${noun === "object" ? "an" : "a"} ${noun}`;
}

function text(setting: Setting, value: unknown): string {
  return setting.type === "integer" && Number.isNaN(Number(value))
    ? "it is not a number"
    : "it is not one of the allowed values";
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}
