/** How long some work took, in seconds. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** The middle one of several runs of each, in seconds. They alternate: what else the computer does is the same for all. */
export async function medians<Name extends string>(
  runs: number,
  works: Record<Name, () => Promise<unknown>>,
): Promise<Record<Name, number>> {
  const all = Object.entries<() => Promise<unknown>>(works).map(([name, work]) => ({
    name,
    work,
    figures: [] as number[],
  }));
  for (let run = 0; run < runs; run++) for (const { work, figures } of all) figures.push(await seconds(work));
  return Object.fromEntries(all.map(({ name, figures }) => [name, middle(figures)])) as Record<Name, number>;
}

/** The middle one of several figures. */
export function middle(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}
