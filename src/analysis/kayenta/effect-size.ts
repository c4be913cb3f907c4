import { rankSum, sorted } from './ranks.ts';
import { mean } from './statistics.ts';

/** The canary's mean by the baseline's; NaN where either is 0. */
export function meanRatio(canary: readonly number[], baseline: readonly number[]): number {
  const [ours, theirs] = [mean(canary), mean(baseline)];
  return ours === 0 || theirs === 0 ? Number.NaN : ours / theirs;
}

/**
 * The share of pairs in which the canary's value is the larger one, an equal pair counted half: the common language
 * effect size (Vargha and Delaney 2000).
 */
export function cles(canary: readonly number[], baseline: readonly number[]): number {
  const [m, n] = [canary.length, baseline.length];
  const { sum } = rankSum(sorted(canary), sorted(baseline));
  return (2 * sum - m * (m + 1)) / (2 * m * n);
}
