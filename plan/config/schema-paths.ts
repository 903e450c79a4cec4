import { z } from "zod";
import { schema } from "./schema";
import { type Setting, sections, settings } from "./settings";

/** Where a value is: `["networks", "mast", "cidr"]`, `["upstreamResolvers", 0]`. */
export type Path = readonly PropertyKey[];

/** All keys of the schema that hold a value, with what is known of them, in the schema's order. */
export function allSettings(): Map<string, Setting> {
  const found = new Map<string, Setting>();
  const visit = (type: z.ZodType, path: string[]) => {
    const setting = settings.get(type);
    if (setting !== undefined) {
      found.set(path.join("."), setting);
    } else {
      for (const [name, child] of Object.entries(shapeOf(type))) {
        visit(child, [...path, name]);
      }
    }
  };
  visit(schema, []);
  return found;
}

/** A key's path as Pulumi writes it: `networks.mast.cidr`, `upstreamResolvers[0]`. */
export function keyOf(path: Path): string {
  return path.reduce<string>((key, part) => {
    const dotted = key === "" ? String(part) : `${key}.${String(part)}`;
    return typeof part === "number" ? `${key}[${part}]` : dotted;
  }, "");
}

/** The same without an index into a list, or a name in a map: each is one value. */
export function leafPath(path: Path): Path {
  return path.slice(0, wayTo(path).length);
}

/** What is known of the value there; undefined for a group of keys. */
export function settingAt(path: Path): Setting | undefined {
  const type = schemaAt(path);
  return type && settings.get(type);
}

/** What a group of the top level is about; undefined for what is no such group. */
export function sectionDescriptionAt(path: Path): string | undefined {
  const type = schemaAt(path);
  return type && sections.get(type)?.description;
}

/** The names of the keys in the group there. */
export function keysAt(path: Path): string[] {
  return Object.keys(shapeOf(schemaAt(path)));
}

export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), root);
}

export function remove(root: Record<string, unknown>, path: Path): void {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (isObject(parent) && last !== undefined) {
    delete parent[last];
  }
}

function schemaAt(path: Path): z.ZodType | undefined {
  return path.length === 0 ? schema : wayTo(path).at(-1);
}

/** What each part of the path leads to, as far as the first value. */
function wayTo(path: Path): (z.ZodType | undefined)[] {
  const way: (z.ZodType | undefined)[] = [];
  for (const part of path) {
    const at = way.length === 0 ? schema : way.at(-1);
    if (at !== undefined && settings.has(at)) break;
    way.push(shapeOf(at)[String(part)]);
  }
  return way;
}

/** The keys of a group; none for a leaf. */
function shapeOf(type: z.ZodType | undefined): Record<string, z.ZodType> {
  if (type instanceof z.ZodPrefault || type instanceof z.ZodOptional) {
    return shapeOf(type.def.innerType as z.ZodType);
  }
  return type instanceof z.ZodObject ? (type.shape as Record<string, z.ZodType>) : {};
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}
