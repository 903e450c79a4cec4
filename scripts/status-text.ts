import type { Check } from "./lab-status";
import { table } from "./table";

/** Columns and rows of a terminal. */
export interface Size {
  columns: number;
  rows: number;
}

/** One sentence about all checks together. */
export function verdict(checks: readonly Check[]): string {
  const bad = checks.filter(({ healthy }) => !healthy).length;
  return bad === 0 ? "The lab is healthy." : `${bad} of ${checks.length} checks failed.`;
}

/** Every check in a line of a table, and the verdict. */
export function statusText(checks: readonly Check[]): string {
  const rows = checks.map(({ kind, name, healthy, detail }) => [healthy ? "ok" : "BAD", kind, name, detail]);
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
