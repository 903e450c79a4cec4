import { equal, isObject, type PropertyMap, type Value } from "./value";

/** What happened to one property. */
export type PropertyChange = "add" | "delete" | "update";

/** Property path (`subject.commonName`, `triggers[0]`) → what happened to it. */
export type Changes = Map<string, PropertyChange>;

/** The changed properties between two objects, as deep as both sides have objects or lists. */
export function diffMaps(before: PropertyMap, after: PropertyMap, prefix = ""): Changes {
  const changes: Changes = new Map();
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    merge(changes, diffValues(before[key], after[key], join(prefix, key)));
  }
  return changes;
}

/** The first step of a property path. */
export function topLevel(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}

function diffValues(before: Value | undefined, after: Value | undefined, path: string): Changes {
  if (before === undefined || after === undefined) {
    return before === after ? new Map() : new Map([[path, before === undefined ? "add" : "delete"]]);
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const changes: Changes = new Map();
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      merge(changes, diffValues(before[index], after[index], `${path}[${index}]`));
    }
    return changes;
  }
  if (isObject(before) && isObject(after)) {
    return diffMaps(before, after, path);
  }
  return equal(before, after) ? new Map() : new Map([[path, "update"]]);
}

function merge(into: Changes, from: Changes): void {
  for (const [path, change] of from) {
    into.set(path, change);
  }
}

/** Paths as Pulumi's property path parser reads them: names with anything but letters, digits, `_`, `$`, `-` are quoted. */
function join(prefix: string, key: string): string {
  if (/^[\w$-]+$/.test(key)) {
    return prefix === "" ? key : `${prefix}.${key}`;
  }
  return `${prefix}[${JSON.stringify(key)}]`;
}
