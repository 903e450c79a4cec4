/** How long some work took, in seconds. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** The figures of several rounds by their names: each the middle one of all that the rounds have of it. */
export function middles<Name extends string>(
  rounds: readonly Record<Name, number[]>[],
): Record<Name, number> {
  const names = Object.keys(rounds[0] ?? {}) as Name[];
  const all = names.map((name) => [name, middle(rounds.flatMap((round) => round[name]))]);
  return Object.fromEntries(all) as Record<Name, number>;
}

/** The middle one of several figures. */
export function middle(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}
