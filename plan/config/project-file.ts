import { defaultConfiguration } from "./configuration";
import { schema } from "./schema";
import { keysAt, type Path, sectionDescriptionAt, settingAt, valueAt } from "./schema-paths";

/** What Pulumi.yaml says of a key of the top level. */
interface ProjectKey {
  type: string;
  items?: { type: "string" };
  description: string;
  default: unknown;
}

/** The configuration part of Pulumi.yaml. Defaults are the constant ones: what follows from other keys is left out. */
export function projectConfiguration(): Record<string, ProjectKey> {
  return Object.fromEntries(keysAt([]).map((key) => [key, projectKey(key)]));
}

/** The configuration part of Pulumi.dev.yaml: the reference lab with every value that it has, by key of the top level. */
export function referenceConfiguration(): Record<string, unknown> {
  const values = { ...defaultConfiguration("dev"), hypervisor: "auto" };
  return Object.fromEntries(keysAt([]).map((key) => [key, settingsIn([key], values, () => true) ?? {}]));
}

/** One line on a key of the top level, without the marks of Markdown. */
export function descriptionOf(key: string): string {
  const description = sectionDescriptionAt([key]) ?? settingAt([key])?.description ?? "";
  return description.replaceAll("`", "");
}

function projectKey(key: string): ProjectKey {
  const isConstant = (path: Path) => settingAt(path)?.derived === undefined;
  // Without a default a key would have to be set.
  const fallback = settingsIn([key], schema.parse({}), isConstant) ?? {};
  const isList = Array.isArray(fallback);
  return {
    type: isList ? "array" : typeof fallback,
    ...(isList ? { items: { type: "string" } } : {}),
    description: `${descriptionOf(key)}${newLabNote(key)}`,
    default: fallback,
  };
}

/** The values there, of the settings that are `chosen`; undefined where there is none. */
function settingsIn(path: Path, values: unknown, chosen: (path: Path) => boolean): unknown {
  if (settingAt(path) !== undefined) return chosen(path) ? valueAt(values, path) : undefined;
  const entries = keysAt(path)
    .map((key) => [key, settingsIn([...path, key], values, chosen)])
    .filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Says which of the keys below are for a new lab only; those in question are named where it is not all of them. */
function newLabNote(key: string): string {
  const named = newLabOnly([key]);
  if (named.length === 0) return "";
  return named.includes(key) ? ". For a new lab only" : `. For a new lab only: ${named.join(", ")}`;
}

/** The last names of the keys and whole groups at and below a path that are for a new lab only, each once. */
function newLabOnly(path: Path): string[] {
  const children = keysAt(path).map((key) => [...path, key]);
  if (settingsBelow(path).every((setting) => setting?.change.means === "for a new lab only"))
    return [String(path.at(-1))];
  return [...new Set(children.flatMap(newLabOnly))];
}

function settingsBelow(path: Path): ReturnType<typeof settingAt>[] {
  const setting = settingAt(path);
  return setting === undefined ? keysAt(path).flatMap((key) => settingsBelow([...path, key])) : [setting];
}
