/** A line that a unit or a container of a machine has logged. */
export interface LogEntry {
  /** By the machine's own clock, µs since 1970. */
  time: number;
  machine: string;
  /** A unit without its `.service`, `kernel`, or a program's own name where no unit is known. */
  unit?: string;
  /** `namespace/name` */
  pod?: string;
  container?: string;
  message: string;
}

/** Which lines of a machine are wanted; times by its own clock, µs since 1970. */
export interface Span {
  since: number;
  /** The first that is too late; all that will come are wanted where it is left out. */
  until?: number;
}

/** Who logged it: a unit, or `namespace/pod`. */
export function sourceOf({ unit, pod }: LogEntry): string {
  return pod ?? unit ?? "";
}
