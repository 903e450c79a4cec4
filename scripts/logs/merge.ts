import type { LogEntry } from "./entry";

/**
 * One stream, in order of time, out of several that are so themselves. Of each no more than its next entry is read ahead, so
 * that a reader who takes their time holds all of them up.
 */
export async function* merged(streams: readonly AsyncIterable<LogEntry>[]): AsyncGenerator<LogEntry> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => nextOf(iterator)));
    for (;;) {
      const index = earliest(heads);
      const [entry, iterator] = [heads[index], iterators[index]];
      if (entry === undefined || iterator === undefined) return;
      yield entry;
      heads[index] = await nextOf(iterator);
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

async function nextOf(iterator: AsyncIterator<LogEntry>): Promise<LogEntry | undefined> {
  const { done, value } = await iterator.next();
  return done ? undefined : value;
}

/** Of two at the same time the first; -1 where all have ended. */
function earliest(heads: readonly (LogEntry | undefined)[]): number {
  let found = -1;
  let time = Number.POSITIVE_INFINITY;
  heads.forEach((head, index) => {
    if (head === undefined || head.time >= time) return;
    found = index;
    time = head.time;
  });
  return found;
}
