/** One request to the API. */
export interface Sample {
  /** Milliseconds since 1970. */
  sentAt: number;
  milliseconds: number;
  succeeded: boolean;
}

/** How the API did while a machine was lost. */
export interface ApiFigures {
  /** The longest time during which requests failed; those that failed less than a second apart are one loss. */
  lossSeconds: number;
  failed: number;
  requests: number;
  slowestSeconds: number;
}

/** What the writer on a Gluster client had. */
export interface StorageFigures {
  written: number;
  failed: number;
  /** Longest time that one write took. */
  longestSeconds: number;
  lastError: string;
  /** Lines that were in the file afterwards as another client sees it. */
  found: number;
}

export const SAMPLE_INTERVAL_MS = 100;
const ONE_LOSS_MS = 1000;

export function apiFigures(samples: readonly Sample[]): ApiFigures {
  const failures = samples.filter(({ succeeded }) => !succeeded).sort((a, b) => a.sentAt - b.sentAt);
  let longest = 0;
  let begin: number | undefined;
  let last = 0;
  for (const { sentAt } of failures) {
    if (begin === undefined || sentAt - last > ONE_LOSS_MS) begin = sentAt;
    last = sentAt;
    longest = Math.max(longest, last - begin + SAMPLE_INTERVAL_MS);
  }
  return {
    lossSeconds: longest / 1000,
    failed: failures.length,
    requests: samples.length,
    slowestSeconds: Math.max(0, ...samples.map(({ milliseconds }) => milliseconds)) / 1000,
  };
}

/** Why a goal was missed, in words; empty when all were reached. */
export function missedGoals(
  goalSeconds: number | undefined,
  api: ApiFigures,
  storage: StorageFigures | undefined,
): string[] {
  const missed: string[] = [];
  if (goalSeconds !== undefined && api.lossSeconds > goalSeconds)
    missed.push(`the API was lost for ${api.lossSeconds.toFixed(1)} s, the goal is ${goalSeconds} s`);
  if (storage && storage.failed > 0) missed.push(`${storage.failed} writes failed: ${storage.lastError}`);
  // A line of a write that was told to have failed may be there: only fewer are a loss.
  if (storage && storage.found < storage.written)
    missed.push(`${storage.written - storage.found} written lines are gone`);
  return missed;
}
