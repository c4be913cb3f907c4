/** What ranks of two samples say, where ties share the mean of their ranks. */
export interface RankSum {
  /** Of the first sample. */
  readonly sum: number;
  /** Sum of t³ - t over every group of t equal values. */
  readonly ties: number;
}

export function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

/**
 * Ranks the values of both samples together after `shift` was taken from each of the first, in time proportional to
 * their number. Both must be sorted.
 */
export function rankSum(first: readonly number[], second: readonly number[], shift = 0): RankSum {
  let [i, j, sum, ties] = [0, 0, 0, 0];
  const end = Number.POSITIVE_INFINITY;
  while (i < first.length || j < second.length) {
    const before = i + j;
    const value = Math.min((first[i] ?? end) - shift, second[j] ?? end);
    const from = i;
    while (i < first.length && (first[i] ?? end) - shift === value) i += 1;
    while (j < second.length && second[j] === value) j += 1;
    const tied = i + j - before;
    sum += (i - from) * (before + (tied + 1) / 2);
    ties += tied ** 3 - tied;
  }
  return { sum, ties };
}
