/** A time in UTC, to the second: `2026-11-21T04:33:10Z`. */
export function utcSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
