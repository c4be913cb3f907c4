/** Random numbers that are the same in every run of the bench. */
import { turningPoint } from '../../../src/analysis/sequential/search.ts';
import { incompleteBeta } from '../../../src/analysis/sequential/special-functions.ts';

export type Random = () => number;

export { random as seeded } from '../../fixtures/random.ts';

/** How many of `n` trials succeed, by skipping from success to success. */
export function binomial(random: Random, n: number, p: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  let successes = -1;
  for (let at = 0; at <= n; successes += 1) at += 1 + Math.floor(Math.log(1 - random()) / Math.log1p(-p));
  return successes;
}

/** Standard normal (Box and Muller 1958). */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A stationary autoregressive walk of order 1 around 0 with this standard deviation, value by value. */
export function walk(random: Random, rules: { readonly memory: number; readonly deviation: number }): () => number {
  const { memory, deviation } = rules;
  let at = deviation * normal(random);
  return () => {
    const here = at;
    at = memory * at + deviation * Math.sqrt(1 - memory * memory) * normal(random);
    return here;
  };
}

/** The upper end of a one-sided 99 % interval of a share, exact (Clopper and Pearson 1934). */
export function upperBound(hits: number, runs: number): number {
  if (hits >= runs) return 1;
  return turningPoint(hits / runs, 1, (p) => incompleteBeta(hits + 1, runs - hits, p) < 0.99);
}

/** The middle one of many; `null`: half of them never ended. */
export function median(values: readonly number[]): number | null {
  const middle = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.POSITIVE_INFINITY;
  return Number.isFinite(middle) ? middle : null;
}
