const PROGRESS_MS = 60_000;

/**
 * Tests that build on each other: each says every minute how long it has been at work, and at its end how long it took. After one
 * that failed, the others are not tried.
 */
export function stepsOf(): (name: string, work: () => Promise<void>) => void {
  const begun = Date.now();
  let broken: string | undefined;
  return (name, work) =>
    test(name, async () => {
      if (broken !== undefined) throw new Error(`not tried, because this failed: ${broken}`);
      broken = name;
      const started = Date.now();
      const progress = setInterval(() => say(`${name}: ${secondsSince(started)} s so far`), PROGRESS_MS);
      try {
        await work();
        broken = undefined;
      } finally {
        clearInterval(progress);
        const result = broken === undefined ? "took" : "failed after";
        say(`${name}: ${result} ${secondsSince(started)} s (${secondsSince(begun)} s in all)`);
      }
    });
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function secondsSince(time: number): number {
  return Math.round((Date.now() - time) / 1000);
}
