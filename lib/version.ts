/** Three numbers: 7.2.10. */
export type Version = readonly [number, number, number];

/** Compares dotted versions (`v` in front and anything after the numbers are ignored): negative, 0 or positive. */
export function compareVersions(left: string, right: string): number {
  const numbers = (version: string) => (/\d+(\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
  return compareNumbers(numbers(left), numbers(right));
}

/** Whether version `a` is the same as `b` or later. */
export function isAtLeast(a: readonly number[], b: readonly number[]): boolean {
  return compareNumbers(a, b) >= 0;
}

/** What one has and the other has not counts as 0. */
function compareNumbers(left: readonly number[], right: readonly number[]): number {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
