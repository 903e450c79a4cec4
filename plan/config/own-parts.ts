import { type MachineName, machineNames } from "../machine-names";
import { isLabsPath, mergedParts, type OwnCommand, type OwnFile, type OwnPart, partOf } from "../own-part";
import type { Configuration } from "./defaults";

/** What is wrong with one value below `cloudInit`; nothing of a content or a command is in it. */
interface PartFault {
  key: string;
  value: unknown;
  reason: string;
  allowed: string;
}

interface ReadPart {
  part: OwnPart;
  faults: PartFault[];
}

/** The keys of `cloudInit` that hold for whole roles, in the order in which they are merged. */
const rolesParts = ["all", ...Object.values(partOf)] as const;

/** What a machine gets in all. */
const mostBytes = 512 * 1024;
const fileKeys = ["path", "content", "source", "permissions", "owner"];
const partKeys = ["files", "commands", "packages"];

/** By the names of the machines that get something; what is wrong in the configuration is left out. */
export function ownParts(configuration: Configuration): ReadonlyMap<string, OwnPart> {
  const own = configuration.cloudInit;
  const read = (given: unknown, key: string) => readPart(given, key).part;
  const all = read(own.all, "cloudInit.all");
  const parts = machineNames(configuration).map(({ name, role }): [string, OwnPart] => [
    name,
    mergedParts([
      all,
      read(own[partOf[role]], `cloudInit.${partOf[role]}`),
      read(own.machines?.[name], `cloudInit.machines.${name}`),
    ]),
  ]);
  return new Map(parts.filter(([, part]) => Object.values(part).some((list) => list.length > 0)));
}

/** The files of the host that machines get, each key once, however many machines have it. */
export function ownSources(configuration: Configuration): { key: string; source: string }[] {
  const files = [...ownParts(configuration).values()].flatMap((part) => part.files);
  const sources = files.flatMap(({ key, from }) => ("source" in from ? [[key, from.source] as const] : []));
  return [...new Map(sources)].map(([key, source]) => ({ key, source }));
}

/** All that is wrong below `cloudInit`. */
export function partFaults(configuration: Configuration): PartFault[] {
  const { machines = {}, ...roles } = configuration.cloudInit;
  const names = machineNames(configuration);
  return [
    ...rolesParts.flatMap((part) => readPart(roles[part], `cloudInit.${part}`).faults),
    ...Object.entries(machines).flatMap(([name, given]) => machineFaults(name, given, names)),
    ...sizeFaults(ownParts(configuration)),
  ];
}

function machineFaults(name: string, given: unknown, names: readonly MachineName[]): PartFault[] {
  const key = `cloudInit.machines.${name}`;
  if (names.some((machine) => machine.name === name)) return readPart(given, key).faults;
  const allowed = `one of ${names.map((machine) => machine.name).join(", ")}`;
  return [{ key, value: "(a part)", reason: `no machine of the lab is called ${name}`, allowed }];
}

function sizeFaults(parts: ReadonlyMap<string, OwnPart>): PartFault[] {
  return [...parts].flatMap(([machine, part]): PartFault[] => {
    const bytes = bytesOf(part);
    if (bytes <= mostBytes) return [];
    const key = part.files[0]?.key ?? part.commands[0]?.key ?? "cloudInit";
    const reason = `${machine} would get ${Math.ceil(bytes / 1024)} KiB, by a seed and a state that are made for less`;
    return [{ key, value: "(contents)", reason, allowed: `${mostBytes / 1024} KiB a machine in all` }];
  });
}

function bytesOf({ files, commands }: OwnPart): number {
  const texts = [
    ...files.map(({ from }) => ("content" in from ? from.content : "")),
    ...commands.map(({ command }) => command),
  ];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function readPart(given: unknown, key: string): ReadPart {
  const part: OwnPart = { files: [], commands: [], packages: [] };
  const faults: PartFault[] = [];
  if (given === undefined) return { part, faults };
  if (!isObject(given)) {
    return {
      part,
      faults: [{ key, value: shown(given), reason: "it is no object", allowed: listed(partKeys) }],
    };
  }
  faults.push(...unknownKeys(given, key, partKeys));
  const list = (name: string) => itemsOf(given[name], `${key}.${name}`, faults);
  for (const [item, at] of list("files")) {
    const file = readFile(item, at, faults);
    const twin = part.files.find(({ path }) => path === file?.path);
    if (twin !== undefined) {
      faults.push({
        key: `${at}.path`,
        value: twin.path,
        reason: `${twin.key} has the same`,
        allowed: "each path once in a list",
      });
    } else if (file !== undefined) part.files.push(file);
  }
  for (const [item, at] of list("commands")) {
    const command = readCommand(item, at, faults);
    if (command !== undefined) part.commands.push(command);
  }
  for (const [item, at] of list("packages")) {
    if (typeof item === "string" && /^[a-z0-9][a-z0-9+.-]+$/.test(item)) part.packages.push(item);
    else
      faults.push({
        key: at,
        value: shown(item),
        reason: "it is no package's name",
        allowed: "Debian's name of a package, such as htop",
      });
  }
  return { part, faults };
}

function readFile(item: unknown, key: string, faults: PartFault[]): OwnFile | undefined {
  const before = faults.length;
  if (!isObject(item)) {
    faults.push({ key, value: shown(item), reason: "it is no object", allowed: listed(fileKeys) });
    return undefined;
  }
  faults.push(...unknownKeys(item, key, fileKeys));
  const { path, content, source, permissions = "0644", owner = "root:root" } = item;
  const refuse = (name: string, value: unknown, reason: string, allowed: string) =>
    faults.push({ key: `${key}.${name}`, value, reason, allowed });
  const aPath = "a full path inside the machine, without .., of letters, digits and ._+@:=,~- in each name";
  if (typeof path !== "string" || !isPath(path)) {
    refuse("path", path, path === undefined ? "it is missing" : "it is no path that can be written", aPath);
  } else if (isLabsPath(path)) {
    refuse(
      "path",
      path,
      "that is the lab's own or the system's, which a pass would write again",
      "a path of yours",
    );
  }
  const text = textIn(content);
  if ((content === undefined) === (source === undefined)) {
    refuse(
      "content",
      "(not shown)",
      content === undefined ? "neither it nor source is given" : "source is given, too",
      "one of content and source",
    );
  } else if (content !== undefined && text === undefined) {
    refuse("content", "(not shown)", `it is a ${typeof content}, not a text`, "a text");
  } else if (source !== undefined && (typeof source !== "string" || source.trim() === "")) {
    refuse(
      "source",
      source,
      "it is no file's name",
      "a file, relative to the project's folder or a full path",
    );
  }
  if (typeof permissions !== "string" || !/^0?[0-7]{3}$/.test(permissions)) {
    const reason =
      typeof permissions === "number"
        ? "YAML reads 0644 as another number: quote it"
        : "they are no octal digits";
    refuse("permissions", shown(permissions), reason, 'octal digits in quotes, such as "0644"');
  }
  if (typeof owner !== "string" || !/^[a-z0-9_][-a-z0-9_.]*(:[a-z0-9_][-a-z0-9_.]*)?$/.test(owner)) {
    refuse("owner", shown(owner), "it is no user of Linux", "USER or USER:GROUP, such as root:root");
  }
  if (faults.length > before) return undefined;
  const user = String(owner);
  return {
    key,
    path: String(path),
    permissions: String(permissions).padStart(4, "0"),
    owner: user.includes(":") ? user : `${user}:${user}`,
    from: text === undefined ? { source: String(source) } : { content: text },
  };
}

function readCommand(item: unknown, key: string, faults: PartFault[]): OwnCommand | undefined {
  const command = textIn(item);
  if (command !== undefined && command.trim() !== "") return { key, command };
  const reason = command === undefined ? `it is a ${typeof item}, not a text` : "it is empty";
  faults.push({ key, value: "(not shown)", reason, allowed: "a command for bash, a line or more" });
  return undefined;
}

/** A text; one that is a secret and not opened here, as in the stack's file, stands for itself. */
function textIn(value: unknown): string | undefined {
  if (isObject(value) && typeof value.secure === "string" && Object.keys(value).length === 1)
    return "(secret)";
  return typeof value === "string" ? value : undefined;
}

function itemsOf(value: unknown, key: string, faults: PartFault[]): [unknown, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map((item, i) => [item, `${key}[${i}]`]);
  faults.push({
    key,
    value: "(not shown)",
    reason: `it is a ${typeof value}, not a list`,
    allowed: "a list",
  });
  return [];
}

function unknownKeys(given: Record<string, unknown>, key: string, known: readonly string[]): PartFault[] {
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      key: `${key}.${name}`,
      value: "(not shown)",
      reason: "there is no such key",
      allowed: listed(known),
    }));
}

function isPath(path: string): boolean {
  return path.length <= 255 && /^(\/[\w.+@:=,~-]+)+$/.test(path) && !/\/\.\.?(\/|$)/.test(path);
}

/** A number or a word may be shown; anything larger may have a secret in it. */
function shown(value: unknown): unknown {
  return typeof value === "number" || (typeof value === "string" && value.length <= 64)
    ? value
    : "(not shown)";
}

function listed(keys: readonly string[]): string {
  return `an object with ${keys.join(", ")}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
