import { parseArguments } from "../arguments";
import { callEnd } from "../call-end";
import { SyntaxFailure, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import type { StoredMachine } from "../machine/record";
import { findMachine, saveMachine } from "../machine/registry";
import type { Place } from "../place";
import type { Call, Verb } from "./verb";

const GET_USAGE = "getextradata <global | uuid | vmname> <keyword | enumerate>";
const SET_USAGE = "setextradata <global | uuid | vmname> <keyword> [value]";

/** `getextradata` */
export const getExtraData: Verb = async ({ place, args, print }) => {
  const [name = "", key = ""] = parseArguments(args, [], GET_USAGE, { least: 2, most: 2 }).positionals;
  const { extraData } = findMachine(place, name);
  if (key === "enumerate")
    for (const [each, value] of Object.entries(extraData)) print(`Key: ${each}, Value: ${value}`);
  else print(valueLine(extraData[key]));
};

/** `setextradata`; without a value the key goes. */
export const setExtraData: Verb = async ({ place, args }) => {
  // A value may begin with a hyphen.
  const [name, key, value, ...more] = args;
  if (name === undefined || key === undefined || more.length > 0)
    throw new SyntaxFailure("Incorrect number of parameters", SET_USAGE);
  await changeMachine(place, name, (machine) => {
    if (value === undefined || value === "") delete machine.extraData[key];
    else machine.extraData[key] = value;
  });
};

const PROPERTY_USAGE =
  "guestproperty get <uuid | vmname> <property-name> | set <uuid | vmname> <property-name> [property-value [--flags=flags]] | unset … | enumerate <uuid | vmname> [pattern] | wait <uuid | vmname> <patterns> [--timeout=msec]";

/** `guestproperty`: the host's side of it; nothing in a machine sets any. */
export const guestProperty: Verb = async (call) => {
  const [action, ...rest] = call.args;
  switch (action) {
    case "get":
      return getProperty(call, rest);
    case "set":
    case "unset":
      return setProperty(call, rest);
    case "enumerate":
      return enumerateProperties(call, rest);
    case "wait":
      return waitForProperty(call, rest);
    default:
      throw new SyntaxFailure(`Unknown subcommand '${action ?? ""}'`, PROPERTY_USAGE);
  }
};

async function getProperty({ place, print }: Call, rest: string[]): Promise<void> {
  const rules = [{ names: ["verbose"], values: 0 as const }];
  const [name = "", key = ""] = parseArguments(rest, rules, PROPERTY_USAGE, {
    least: 2,
    most: 2,
  }).positionals;
  print(valueLine(findMachine(place, name).guestProperties[key]?.value));
}

async function setProperty({ place }: Call, rest: string[]): Promise<void> {
  const rules = [{ names: ["flags"], values: 1 as const }];
  const parsed = parseArguments(rest, rules, PROPERTY_USAGE, { least: 2, most: 3 });
  const [name = "", key = "", value] = parsed.positionals;
  const flags = parsed.options[0]?.values[0] ?? "";
  await changeMachine(place, name, (machine) => {
    if (value === undefined) delete machine.guestProperties[key];
    else machine.guestProperties[key] = { value, flags, at: new Date().toISOString() };
  });
}

async function enumerateProperties({ place, print }: Call, rest: string[]): Promise<void> {
  const [name = "", pattern = "*"] = parseArguments(rest, [], PROPERTY_USAGE, {
    least: 1,
    most: 2,
  }).positionals;
  const { guestProperties } = findMachine(place, name);
  for (const [key, { value, flags, at }] of Object.entries(guestProperties).sort(([a], [b]) =>
    a < b ? -1 : 1,
  ))
    if (matches(key, pattern)) print(`${key} = '${value}' @ ${at}${flags ? ` ${flags}` : ""}`);
}

/** Polls, as the record is a file; ends with an error after the time given, 0: never. */
async function waitForProperty({ place, print }: Call, rest: string[]): Promise<void> {
  const rules = [
    { names: ["timeout"], values: 1 as const },
    { names: ["fail-on-timeout"], values: 0 as const },
  ];
  const parsed = parseArguments(rest, rules, PROPERTY_USAGE, { least: 2, most: 2 });
  const [name = "", pattern = "*"] = parsed.positionals;
  const limit = Number(parsed.options.find((option) => option.name === "timeout")?.values[0] ?? 0);
  const before = findMachine(place, name).guestProperties;
  for (const started = Date.now(); limit === 0 || Date.now() - started < limit; ) {
    for (const [key, { value, flags, at }] of Object.entries(findMachine(place, name).guestProperties))
      if (matches(key, pattern) && before[key]?.at !== at)
        return print(`Name: ${key}, value: ${value}, flags: ${flags}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    callEnd()?.throwIfAborted();
  }
  throw new VirtualBoxError("Time out or interruption while waiting for a notification.");
}

function matches(key: string, patterns: string): boolean {
  return patterns.split("|").some((pattern) => {
    const source = pattern
      .replace(/[.+^${}()[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".");
    return new RegExp(`^${source}$`).test(key);
  });
}

function valueLine(value: string | undefined): string {
  return value === undefined ? "No value set!" : `Value: ${value}`;
}

async function changeMachine(
  place: Place,
  name: string,
  change: (machine: StoredMachine) => void,
): Promise<void> {
  await withPlaceLock(place, "registry", () => {
    const machine = findMachine(place, name);
    change(machine);
    saveMachine(place, machine);
  });
}
