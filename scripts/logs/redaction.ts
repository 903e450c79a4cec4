import type { LogEntry } from "./entry";
import { sourceOf } from "./entry";

/** A key that is logged line by line has fewer; what comes after more is a log that was cut off. */
const KEY_LINES = 100;

/**
 * Takes secrets out of entries, which must all pass here in order: a private key may be logged line by line.
 * @param redact takes them out of one text
 */
export function entryRedactor(redact: (text: string) => string): (entry: LogEntry) => LogEntry {
  /** Lines of a key that may still come, by who logs it. */
  const keys = new Map<string, number>();
  return (entry) => {
    const { message } = entry;
    const origin = `${entry.machine} ${sourceOf(entry)} ${entry.container ?? ""}`;
    const left = keys.get(origin) ?? 0;
    const begins = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(message);
    const ends = /-----END [A-Z0-9 ]*PRIVATE KEY-----/.test(message);
    if (ends || (left <= 1 && !begins)) keys.delete(origin);
    else if (begins || left > 0) keys.set(origin, begins ? KEY_LINES : left - 1);
    return { ...entry, message: left > 0 && !begins ? "[redacted]" : redact(message) };
  };
}
