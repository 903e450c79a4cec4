import { table } from "../lib/table";
import type { Check } from "./check";

/** Columns and rows of a terminal. */
export interface Size {
  columns: number;
  rows: number;
}

/** One sentence about all checks together. */
export function verdict(checks: readonly Check[]): string {
  const { failed, unknown } = counts(checks);
  if (failed + unknown === 0) return "The lab is healthy.";
  const unmade = `${unknown} could not be made.`;
  if (failed === 0) return `Of ${checks.length} checks none failed, but ${unmade}`;
  return `${failed} of ${checks.length} checks failed${unknown === 0 ? "." : `, ${unmade}`}`;
}

/** How many checks are known to have failed, and how many nobody could make. */
export function counts(checks: readonly Check[]): { failed: number; unknown: number } {
  const unknown = checks.filter((check) => check.unknown).length;
  return { failed: checks.filter(({ healthy }) => !healthy).length - unknown, unknown };
}

/** `ok`, `BAD`, or `?` where nobody could tell. */
export function mark({ healthy, unknown }: Check): string {
  return healthy ? "ok" : unknown ? "?" : "BAD";
}

/** Every check in a line of a table, and the verdict. */
export function statusText(checks: readonly Check[]): string {
  const rows = checks.map((check) => [mark(check), check.kind, check.name, check.detail]);
  return `${table(["", "what", "name", "state"], rows)}\n\n${verdict(checks)}`;
}

/**
 * The same in no more than a terminal's columns and rows: where lines must go, what is wrong stays, and the last line but
 * one says how many are left out.
 */
export function fittedStatusText(checks: readonly Check[], { columns, rows }: Size): string[] {
  const room = rows - 3;
  const kept =
    checks.length <= room
      ? checks
      : [...checks].sort((a, b) => Number(a.healthy) - Number(b.healthy)).slice(0, Math.max(room - 1, 0));
  const lines = statusText(kept)
    .split("\n")
    .slice(0, kept.length + 1);
  const left = checks.length - kept.length;
  const more = left === 0 ? "" : `… and ${left} more`;
  return [...lines, more, verdict(checks)].slice(-rows).map((line) => clipped(line, columns));
}

function clipped(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}
