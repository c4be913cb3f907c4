/** What is done to the points of a series before it is judged. */
import type { KayentaMetric, KayentaOutliers } from '../../plan/kayenta-plan.ts';
import { mean, percentile, populationStandardDeviation } from './statistics.ts';

/** First NaN, then outliers, as Kayenta does. */
export function transformed(
  values: readonly number[],
  { nan, outliers }: Pick<KayentaMetric, 'nan' | 'outliers'>,
): readonly number[] {
  return withoutOutliers(nan === 'replace' ? replaceNaN(values, 0) : removeNaN(values), outliers);
}

export function removeNaN(values: readonly number[]): readonly number[] {
  return values.filter((value) => !Number.isNaN(value));
}

export function replaceNaN(values: readonly number[], by: number): readonly number[] {
  return values.map((value) => (Number.isNaN(value) ? by : value));
}

function withoutOutliers(values: readonly number[], outliers: KayentaOutliers): readonly number[] {
  if (outliers.strategy === 'keep') return values;
  const { detector, factor } = outliers;
  const is =
    detector === 'iqr' ? iqrOutliers(values, factor, { reduceSensitivity: true }) : kSigmaOutliers(values, factor);
  return values.filter((_, i) => !is[i]);
}

/**
 * Which values lie beyond Tukey's fences, `factor` interquartile ranges outside the quartiles. With reduced sensitivity
 * the fences are never within the 1st and 99th percentile.
 */
export function iqrOutliers(
  values: readonly number[],
  factor: number,
  { reduceSensitivity }: { readonly reduceSensitivity: boolean },
): readonly boolean[] {
  const [lowerQuartile, upperQuartile] = [percentile(values, 25), percentile(values, 75)];
  const range = factor * (upperQuartile - lowerQuartile);
  let [low, high] = [lowerQuartile - range, upperQuartile + range];
  if (reduceSensitivity) {
    low = Math.min(percentile(values, 1), low);
    high = Math.max(percentile(values, 99), high);
  }
  return values.map((value) => value < low || value > high);
}

/** Which values lie more than `k` standard deviations (of the population) from the mean. */
export function kSigmaOutliers(values: readonly number[], k: number): readonly boolean[] {
  const centre = mean(values);
  const most = k * populationStandardDeviation(values);
  return values.map((value) => Math.abs(value - centre) > most);
}
