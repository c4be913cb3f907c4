/**
 * The two-sided p-value of the Mann-Whitney U test, with average ranks for ties, the normal approximation and its
 * continuity correction: what "compare the series every minute at 5 %" does.
 */
export function mannWhitneyPValue(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, ours: true })), ...b.map((value) => ({ value, ours: false }))];
  all.sort((x, y) => x.value - y.value);
  const n = all.length;
  let [rankSum, ties] = [0, 0];
  for (let i = 0; i < n; ) {
    let j = i;
    while (j < n && all[j]?.value === all[i]?.value) j += 1;
    const [rank, tied] = [(i + 1 + j) / 2, j - i];
    for (let k = i; k < j; k += 1) if (all[k]?.ours) rankSum += rank;
    ties += tied ** 3 - tied;
    i = j;
  }
  const product = a.length * b.length;
  const u = rankSum - (a.length * (a.length + 1)) / 2;
  const variance = (product / 12) * (n + 1 - ties / (n * (n - 1)));
  if (!(variance > 0)) return 1;
  const z = Math.max(0, Math.abs(u - product / 2) - 0.5) / Math.sqrt(variance);
  return Math.min(1, 2 * upperTail(z));
}

/** Abramowitz and Stegun 26.2.17, to 7.5e-8. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
