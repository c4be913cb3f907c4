/**
 * Descriptive statistics as Kayenta has them, from Apache Commons Math 3.6: means and variances in two passes,
 * percentiles of type 7 (Hyndman and Fan 1996). No value may be NaN.
 */

export interface Summary {
  readonly count: number;
  readonly mean: number;
  /** Of the sample: divided by n - 1. */
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
}

/** All zeros without data, as in Kayenta's report. */
export function summary(values: readonly number[]): Summary {
  if (values.length === 0) return { count: 0, mean: 0, standardDeviation: 0, min: 0, max: 0 };
  const [min, max] = extremes(values);
  return {
    count: values.length,
    mean: mean(values),
    standardDeviation: Math.sqrt(values.length === 1 ? 0 : squares(values) / (values.length - 1)),
    min,
    max,
  };
}

/** Smallest and largest; of a series that is not empty. */
export function extremes(values: readonly number[]): readonly [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** NaN without data. */
export function mean(values: readonly number[]): number {
  const first = sum(values) / values.length;
  return first + sum(values.map((value) => value - first)) / values.length;
}

/** Divided by n. */
export function populationStandardDeviation(values: readonly number[]): number {
  return Math.sqrt(values.length === 1 ? 0 : squares(values) / values.length);
}

/** @param percent in 0..100; NaN without data. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(at);
  const lower = sorted[below] ?? Number.NaN;
  const upper = sorted[below + 1] ?? lower;
  return lower + (at - below) * (upper - lower);
}

/** The sum of squared deviations, corrected for the rounding of the mean. */
function squares(values: readonly number[]): number {
  const centre = mean(values);
  let [squared, deviation] = [0, 0];
  for (const value of values) {
    squared += (value - centre) * (value - centre);
    deviation += value - centre;
  }
  return squared - (deviation * deviation) / values.length;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
