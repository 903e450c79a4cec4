import { type OptionRule, parseArguments } from "../arguments";
import { SyntaxFailure } from "../errors";
import { loadMachines } from "../machine/registry";
import type { Place } from "../place";
import { bytesOnDisk } from "../storage/content";
import { loadMedia, type MediumRecord, openMedium } from "../storage/medium";
import { mountStore } from "../storage/store";
import type { Verb } from "./verb";

const USAGE = "showmediuminfo [disk | dvd] <uuid | filename>";
const RULES: OptionRule[] = [];
const MEBIBYTE = 2 ** 20;

/** `showmediuminfo` */
export const showMedium: Verb = async ({ place, args, print }) => {
  const { positionals } = parseArguments(args, RULES, USAGE, { least: 1, most: 2 });
  const kind = positionals.length === 2 ? positionals[0] : "disk";
  if (kind !== "disk" && kind !== "dvd") throw new SyntaxFailure(`Invalid medium kind '${kind}'`, USAGE);
  const medium = openMedium(place, positionals.at(-1) ?? "", kind);
  if (kind === "disk") await mountStore(place);
  for (const line of mediumLines(place, medium, true)) print(line);
};

/** One medium's block of `list hdds`; `showmediuminfo` and `list --long` have more lines. */
export function mediumLines(place: Place, medium: MediumRecord, isLong: boolean): string[] {
  const isDisk = medium.kind === "disk";
  const rows: [string, string][] = [
    ["UUID:", medium.uuid],
    ...(isDisk ? ([["Parent UUID:", medium.parent ?? "base"]] as [string, string][]) : []),
    ["State:", medium.problem === undefined ? "created" : "inaccessible"],
    ["Type:", isDisk ? `normal (${medium.parent === undefined ? "base" : "differencing"})` : "readonly"],
    ["Location:", medium.location],
    ["Storage format:", isDisk ? "VDI" : "RAW"],
    ...(isLong && isDisk
      ? ([["Format variant:", medium.parent === undefined ? "dynamic default" : "differencing default"]] as [
          string,
          string,
        ][])
      : []),
    ["Capacity:", `${Math.floor(medium.capacityBytes / MEBIBYTE)} MBytes`],
    ...(isLong && isDisk
      ? ([["Size on disk:", `${Math.ceil(bytesOnDisk(place, medium.uuid) / MEBIBYTE)} MBytes`]] as [
          string,
          string,
        ][])
      : []),
    ["Encryption:", "disabled"],
    ...(isLong ? relations(place, medium) : []),
  ];
  return rows.map(([label, value]) => label.padEnd(16) + value);
}

/** Who uses it, and what builds on it; the label stands at the first of several only. */
function relations(place: Place, medium: MediumRecord): [string, string][] {
  const users = loadMachines(place).flatMap((machine) => {
    const uses = (attachments: readonly { medium?: string }[]) =>
      attachments.some((one) => one.medium === medium.uuid);
    const snapshots = machine.snapshots.filter((one) => uses(one.attachments));
    if (!uses(machine.attachments) && snapshots.length === 0) return [];
    const suffix = snapshots.map((one) => ` [${one.name} (UUID: ${one.uuid})]`).join("");
    return [`${machine.name} (UUID: ${machine.uuid})${suffix}`];
  });
  const children = loadMedia(place).flatMap((other) => (other.parent === medium.uuid ? [other.uuid] : []));
  const labelled = (label: string, values: string[]) =>
    values.map((value, index): [string, string] => [index === 0 ? label : "", value]);
  return [...labelled("In use by VMs:", users), ...labelled("Child UUIDs:", children)];
}
