import { stripVTControlCharacters } from "node:util";
import { type LogEntry, sourceOf } from "./entry";

/** How entries become lines. */
export interface Style {
  /** All machines' names, for columns and colours. */
  machines: readonly string[];
  colours: boolean;
  /** Whether lines may be of another day than today. */
  dated: boolean;
}

/** Numbers of a terminal's colours that are read on dark and on light: SGR, cyan to blue. */
const colours = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];

/** `HH:MM:SS machine unit-or-namespace/pod message` of this computer's zone; several lines where the message has them. */
export function textOf(entry: LogEntry, { machines, colours: coloured, dated }: Style): string {
  const width = Math.max(...machines.map((name) => name.length));
  const name = entry.machine.padEnd(width);
  const colour = colours[machines.indexOf(entry.machine) % colours.length];
  const machine = coloured ? `\x1b[${colour}m${name}\x1b[0m` : name;
  const head = `${clock(entry.time, dated)} ${machine} ${clean(sourceOf(entry))}`;
  return entry.message
    .trimEnd()
    .split("\n")
    .map((line) => `${head} ${clean(line)}\n`)
    .join("");
}

/** The entry as a line of JSON; its time in UTC, to the microsecond. */
export function jsonOf({ time, ...entry }: LogEntry): string {
  const ms = new Date(Math.floor(time / 1000)).toISOString();
  const micro = String(time % 1000).padStart(3, "0");
  return `${JSON.stringify({ time: ms.replace("Z", `${micro}Z`), ...entry })}\n`;
}

function clock(time: number, dated: boolean): string {
  const date = new Date(Math.floor(time / 1000));
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join("-");
  const hour = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return dated ? `${day} ${hour}` : hour;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** What a container prints must not steer the terminal of who reads it. */
function clean(line: string): string {
  return stripVTControlCharacters(line).replace(/[^\P{Cc}\t]/gu, "");
}
