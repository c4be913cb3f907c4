import type { KayentaMetric, KayentaScoring } from '../../plan/kayenta-plan.ts';
import type { ReadingVerdict } from '../reading.ts';
import { type Classified, classify } from './classify.ts';
import { type Score, scoreOf } from './score.ts';
import { type Summary, summary } from './statistics.ts';
import { removeNaN, transformed } from './transforms.ts';
import { inWords } from './words.ts';

/** The points of one metric, in any order; NaN for one that is missing. */
export interface Samples {
  readonly canary: readonly number[];
  readonly baseline: readonly number[];
}

export interface JudgedMetric extends Classified {
  readonly metric: KayentaMetric;
  /** After NaN and outliers were dealt with. */
  readonly canary: Summary;
  readonly baseline: Summary;
  /** Both sides had a number before anything was replaced. */
  readonly seen: boolean;
}

export interface KayentaJudgement {
  readonly verdict: Exclude<ReadingVerdict, 'error'>;
  /** In words and numbers. */
  readonly because: string;
  readonly score: Score;
  readonly metrics: readonly JudgedMetric[];
}

/**
 * Judges a canary as Kayenta's `NetflixACAJudge-v1.0` does: every metric is labelled, labels make the groups' scores,
 * those the summary score. Score at or below `marginal`: `fail`. Below `pass`: `inconclusive`. Else `pass`; but other
 * than in Kayenta, nothing passes without numbers: where no metric had some on both sides, or one could not be judged,
 * a pass is `inconclusive`. Never throws; the same data has the same answer.
 *
 * @param samples by the metric's name; a metric without an entry has no data
 */
export function judgeKayenta(scoring: KayentaScoring, samples: Readonly<Record<string, Samples>>): KayentaJudgement {
  const metrics = scoring.metrics.map((metric) => judged(metric, samplesOf(samples, metric.name)));
  const counting = metrics.filter(({ metric }) => !metric.muted);
  const score = scoreOf(
    counting.map(({ metric, label, critical }) => ({ name: metric.name, groups: metric.groups, label, critical })),
    scoring.groups,
  );
  const byScore = verdictOf(score.summary, scoring);
  const doubt = byScore === 'pass' ? doubtOf(counting) : null;
  const verdict = doubt === null ? byScore : 'inconclusive';
  return { verdict, because: inWords(scoring, { score, metrics, byScore, doubt }), score, metrics };
}

/** What a summary score is worth. Source: Kayenta's `GenerateCanaryAnalysisResultTask`, and `MonitorCanaryTask`. */
export function verdictOf(
  score: number,
  { marginal, pass }: Pick<KayentaScoring, 'marginal' | 'pass'>,
): KayentaJudgement['verdict'] {
  if (marginal !== null && score <= marginal) return 'fail';
  return pass !== null && score < pass ? 'inconclusive' : 'pass';
}

function samplesOf(samples: Readonly<Record<string, Samples>>, name: string): Samples {
  return (Object.hasOwn(samples, name) ? samples[name] : undefined) ?? { canary: [], baseline: [] };
}

function judged(metric: KayentaMetric, samples: Samples): JudgedMetric {
  const canary = transformed(samples.canary, metric);
  const baseline = transformed(samples.baseline, metric);
  return {
    ...classify(canary, baseline, metric),
    metric,
    canary: summary(canary),
    baseline: summary(baseline),
    seen: removeNaN(samples.canary).length > 0 && removeNaN(samples.baseline).length > 0,
  };
}

/** Why a good score is no pass; `null`: it is. */
function doubtOf(metrics: readonly JudgedMetric[]): string | null {
  if (!metrics.some(({ seen }) => seen)) return 'no metric had numbers on both sides';
  const errors = metrics.filter(({ label }) => label === 'Error').map(({ metric }) => metric.name);
  return errors.length > 0 ? `${errors.join(', ')} could not be judged` : null;
}
