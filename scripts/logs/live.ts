import { setTimeout as pause } from "node:timers/promises";
import type { LogEntry } from "./entry";

/** How far lines of different machines may overtake each other on their way here, ms. */
const HOLD_MS = 1000;

/** Entries that wait for their turn; the streams wait where there are more. */
const MOST = 10_000;

interface Held {
  entry: LogEntry;
  /** ms */
  arrived: number;
}

/**
 * One stream out of several that go on for ever, of which most are silent: each entry waits a moment for those that were
 * logged before it. Ends when all have, or by `ending`.
 */
export async function* inOrder(
  streams: readonly AsyncIterable<LogEntry>[],
  ending: AbortSignal,
  holdMs = HOLD_MS,
): AsyncGenerator<LogEntry> {
  const waiting: Held[] = [];
  let open = streams.length;
  const take = async (stream: AsyncIterable<LogEntry>) => {
    for await (const entry of stream) {
      while (waiting.length >= MOST && !ending.aborted) await pause(holdMs / 4);
      if (ending.aborted) return;
      insert(waiting, { entry, arrived: Date.now() });
    }
  };
  const work = streams.map((stream) => take(stream).finally(() => open--));
  try {
    while (!ending.aborted && (open > 0 || waiting.length > 0)) {
      const due = Date.now() - holdMs;
      for (let first = waiting[0]; first && (first.arrived <= due || open === 0); first = waiting[0]) {
        waiting.shift();
        yield first.entry;
      }
      await pause(holdMs / 4, undefined, { signal: ending }).catch(() => undefined);
    }
  } finally {
    await Promise.all(ending.aborted ? [] : work);
  }
}

/** Behind those of the same time. */
function insert(waiting: Held[], held: Held): void {
  const index = waiting.findLastIndex(({ entry }) => entry.time <= held.entry.time);
  waiting.splice(index + 1, 0, held);
}
