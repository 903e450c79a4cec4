import { posixWord } from "../../lib/shell-words";
import type { LogEntry, Span } from "./entry";

/** What the lab is made of; a machine has some of them. */
const usualUnits = [
  "kube-lab",
  "kubelet",
  "containerd",
  "haproxy",
  "pacemaker",
  "corosync",
  "dnsmasq",
  "nftables",
  "glusterd",
  "chrony",
  "systemd-networkd",
  "cloud-init-local",
  "cloud-init-main",
  "cloud-init-network",
  "cloud-config",
  "cloud-final",
];

const kernel = "kernel";

/** syslog's emergency to warning: what a kernel says beyond is of no fault. */
const warnings = [0, 1, 2, 3, 4].map((priority) => `PRIORITY=${priority}`);

/** Which part of the journal: all, the lab's units with the kernel's warnings, or units by name; `kernel` is one. */
export type Units = "all" | "usual" | readonly string[];

/** What prints a part of a machine's journal in order of time, a line of JSON for each entry. */
export function journalCommand({ since, until }: Span, units: Units): string {
  const words = [
    "--quiet",
    "--no-pager",
    // Without it a message of more than 4096 bytes is left out.
    "--all",
    "--output=json",
    "--output-fields=MESSAGE,UNIT,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER",
    `--since=@${seconds(since)}`,
    // Whoever goes on has no end; the last ten lines are journalctl's own idea of that.
    ...(until === undefined ? ["--follow", "--no-tail"] : [`--until=@${seconds(until - 1)}`]),
    ...matches(units),
  ];
  return `sudo journalctl ${words.map(posixWord).join(" ")}`;
}

/** A value of the same field is one more, `+` begins another set: journalctl(1). */
function matches(units: Units): string[] {
  if (units === "all") return [];
  const names = units === "usual" ? usualUnits : units.filter((unit) => unit !== kernel);
  const ofUnits = names.map((name) => (/\.[a-z]+$/.test(name) ? name : `${name}.service`));
  const sets = [
    ofUnits.map((unit) => `_SYSTEMD_UNIT=${unit}`),
    // What systemd itself says of a unit.
    ofUnits.map((unit) => `UNIT=${unit}`),
    units === "usual"
      ? ["_TRANSPORT=kernel", ...warnings]
      : units.includes(kernel)
        ? ["_TRANSPORT=kernel"]
        : [],
  ];
  return sets.filter((set) => set.length > 0).flatMap((set, index) => (index === 0 ? set : ["+", ...set]));
}

/** As journalctl takes a time: seconds since 1970, with their fraction. */
function seconds(microseconds: number): string {
  const fraction = String(microseconds % 1_000_000).padStart(6, "0");
  return `${Math.floor(microseconds / 1_000_000)}.${fraction}`;
}

/** A text; bytes where it is none; several where an entry has the field several times; null where it was too large. */
type Field = string | number[] | (string | number[])[] | null;

/** @returns undefined where the line is none of journalctl's, or was too long to be whole */
export function journalEntry(machine: string, line: string): LogEntry | undefined {
  const fields = parsed(line);
  if (fields === undefined) return undefined;
  const unit = text(fields.UNIT) || text(fields._SYSTEMD_UNIT) || text(fields.SYSLOG_IDENTIFIER) || kernel;
  return {
    time: Number(fields.__REALTIME_TIMESTAMP),
    machine,
    unit: unit.replace(/\.service$/, ""),
    message: text(fields.MESSAGE),
  };
}

function parsed(line: string): Record<string, Field> | undefined {
  try {
    return JSON.parse(line) as Record<string, Field>;
  } catch {
    return undefined;
  }
}

function text(field: Field | undefined): string {
  if (field === undefined || field === null) return "";
  if (typeof field === "string") return field;
  return field.every((part) => typeof part === "number")
    ? Buffer.from(field as number[]).toString()
    : field.map((part) => text(part as Field)).join("\n");
}
