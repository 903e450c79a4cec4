/** Whether version `a` is the same as `b` or later. */
export function isAtLeast(a: readonly number[], b: readonly number[]): boolean {
  for (let index = 0; index < b.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Three numbers: 7.2.10. */
export type Version = readonly [number, number, number];

/** Compares dotted versions (`v` in front and anything after the numbers are ignored): negative, 0 or positive. */
export function compareVersions(left: string, right: string): number {
  const numbers = (version: string) => (/\d+(\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
  const [before, after] = [numbers(left), numbers(right)];
  for (let index = 0; index < Math.max(before.length, after.length); index++) {
    const difference = (before[index] ?? 0) - (after[index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
