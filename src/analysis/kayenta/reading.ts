/** From two answers of Prometheus to a judged window. */
import type { KayentaPlan } from '../../plan/kayenta-plan.ts';
import { PART_LABEL } from '../comparison/look.ts';
import { parseMatrix } from '../prometheus.ts';
import type { ReadingAssessment } from '../reading.ts';
import { showNumber } from '../show.ts';
import { judgeKayenta, type Samples } from './judge.ts';

/** By the metric's name. */
type Points = ReadonlyMap<string, readonly number[]>;
type PointsAnswer = { readonly ok: true; readonly points: Points } | { readonly ok: false; readonly message: string };

/**
 * Judges the window that both sides answered. An answer that is none, or in which a metric is more than one series, is
 * an error. Missing points count as NaN, up to the expected number, as Kayenta's `MetricSetMixerService` has them.
 *
 * @param answer the canary's side (`raw`) and the other one (`beside`), of a range query whose series are told apart by
 * the label `shiplock_part`
 */
export function judgeWindow(
  plan: KayentaPlan,
  answer: { readonly raw: string; readonly beside: string; readonly error: string | null },
  expected: number,
): ReadingAssessment {
  if (answer.error !== null) return noReading(`no answer: ${answer.error}`);
  if (answer.beside === '') return noReading('no answer about the stable side');
  const [canary, baseline] = [pointsOf(answer.raw, plan), pointsOf(answer.beside, plan)];
  if (!canary.ok) return noReading(`canary: ${canary.message}`);
  if (!baseline.ok) return noReading(`stable side: ${baseline.message}`);
  const samples: Record<string, Samples> = {};
  for (const { name } of plan.metrics)
    samples[name] = {
      canary: padded(canary.points.get(name) ?? [], expected),
      baseline: padded(baseline.points.get(name) ?? [], expected),
    };
  const { verdict, because, score } = judgeKayenta(plan, samples);
  return { verdict, because, value: `score ${showNumber(score.summary)}` };
}

const noReading = (because: string): ReadingAssessment => ({ verdict: 'error', value: '', because });

function pointsOf(raw: string, plan: KayentaPlan): PointsAnswer {
  const matrix = parseMatrix(raw);
  if (!matrix.ok) return matrix;
  const points = new Map<string, readonly number[]>();
  for (const { labels, values } of matrix.series) {
    const name = labels[PART_LABEL];
    if (name === undefined || !plan.metrics.some((metric) => metric.name === name))
      return { ok: false, message: `a series belongs to no metric (label ${PART_LABEL})` };
    if (points.has(name))
      return { ok: false, message: `${name} is more than one series; make it one, for example with sum()` };
    points.set(name, values);
  }
  return { ok: true, points };
}

function padded(values: readonly number[], expected: number): readonly number[] {
  const missing = Math.max(0, expected - values.length);
  return [...values, ...Array.from({ length: missing }, () => Number.NaN)];
}
