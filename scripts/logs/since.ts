const unitsMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const ago = /^(\d+)([smhd])$/;

const moment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** What `--since` takes, for who got it wrong. */
export const sinceForms =
  "10m, 90s, 2h, 1d, or a time such as 2026-11-27T10:00, of this computer's zone unless it has one";

/**
 * The moment that a person means, ms since 1970.
 * @returns undefined where it is none, or has not come yet
 */
export function sinceMs(text: string, nowMs: number): number | undefined {
  const [, count, unit = ""] = ago.exec(text) ?? [];
  const ms = count === undefined ? momentMs(text) : nowMs - Number(count) * (unitsMs[unit] ?? Number.NaN);
  return ms >= 0 && ms <= nowMs ? ms : undefined;
}

function momentMs(text: string): number {
  if (!moment.test(text)) return Number.NaN;
  // A date alone would be read as UTC.
  return Date.parse(text.includes("T") ? text : `${text}T00:00`);
}
