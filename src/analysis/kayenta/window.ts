import type { KayentaPlan } from '../../plan/kayenta-plan.ts';
import type { PrometheusQuery } from '../../plan/plan.ts';

/** What is read of one answer (`MAX_ANSWER_BYTES` of the activity `measure`). */
export const ANSWER_BYTES = 64 * 1024;
/** `[1764140000.123,"-1.2345678901234567e-308"],`: the longest there is. */
const POINT_BYTES = 44;
/** A series' labels; those of one that is aggregated are a tenth of it. */
const SERIES_BYTES = 512;

/** The part of time that one reading judges. */
export interface Window {
  readonly range: NonNullable<PrometheusQuery['range']>;
  /** Points that a series should have in it. */
  readonly expected: number;
}

/** How many points a series may have so that those of all metrics fit into one answer. */
export function mostPoints(metrics: number): number {
  return Math.floor((ANSWER_BYTES / metrics - SERIES_BYTES) / POINT_BYTES);
}

/**
 * The window of a reading: to now, from the comparison's beginning or as far back as `lookbackMs` says. Where its points
 * would not fit into an answer the step is doubled, tripled and so on: it still covers the canary's whole time.
 *
 * @param elapsedMs since the comparison began
 */
export function windowOf(
  { stepMs, lookbackMs, metrics }: Pick<KayentaPlan, 'stepMs' | 'lookbackMs' | 'metrics'>,
  elapsedMs: number,
): Window {
  const spanMs = Math.max(0, Math.min(elapsedMs, lookbackMs ?? elapsedMs));
  const coarser = Math.max(1, Math.ceil(spanMs / stepMs / (mostPoints(metrics.length) - 1)));
  // Kayenta's count, which leaves out the point at the end: `MetricSet.expectedDataPoints`.
  const expected = Math.floor(spanMs / (stepMs * coarser));
  return { range: { startMs: expected * stepMs * coarser, endMs: 0, stepMs: stepMs * coarser }, expected };
}
