import type { MetricPlan } from '../plan/plan.ts';
import type { ReadingVerdict } from './reading.ts';
import { counted } from './show.ts';

/** Argo's `DefaultErrorRetryInterval`: after an error the next reading comes sooner, or later, than the interval. */
const ERROR_RETRY_MS = 10_000;

export type MetricState = 'running' | 'pass' | 'fail' | 'inconclusive' | 'error';

/** Where one metric of an analysis stands. */
export interface MetricAssessment {
  readonly state: MetricState;
  readonly because: string;
  readonly good: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly errors: number;
  /**
   * When the next reading is due: milliseconds from the start of the last reading, or of the analysis where there is
   * none yet; `null`: none any more.
   */
  readonly nextInMs: number | null;
}

type MetricRules = Pick<
  MetricPlan,
  'intervalMs' | 'count' | 'initialDelayMs' | 'failureLimit' | 'inconclusiveLimit' | 'consecutiveErrorLimit'
>;

/**
 * What the readings so far, oldest first, make of a metric. Argo's rules (`analysis.go: assessMetricStatus`), with
 * three differences on purpose: more failures than `failureLimit` are a failure, also where there are too many
 * inconclusive readings besides; a metric without a single good reading never passes; and the retry after an error
 * waits 10 s, but never longer than the interval.
 */
export function assessMetric(
  metric: MetricRules,
  readings: readonly { readonly verdict: ReadingVerdict }[],
): MetricAssessment {
  const number = (verdict: ReadingVerdict): number => readings.filter((reading) => reading.verdict === verdict).length;
  const tally = {
    good: number('pass'),
    failed: number('fail'),
    inconclusive: number('inconclusive'),
    errors: number('error'),
  };
  const errorsInARow = readings.length - 1 - readings.findLastIndex((reading) => reading.verdict !== 'error');
  const ended = (state: MetricState, because: string): MetricAssessment => ({
    state,
    because,
    ...tally,
    nextInMs: null,
  });

  if (tally.failed > metric.failureLimit) {
    return ended('fail', `${counted(tally.failed, 'failed reading')}, more than failureLimit ${metric.failureLimit}`);
  }
  if (errorsInARow > metric.consecutiveErrorLimit) {
    return ended(
      'error',
      `${counted(errorsInARow, 'error')} in a row, more than consecutiveErrorLimit ${metric.consecutiveErrorLimit}`,
    );
  }
  if (tally.inconclusive > metric.inconclusiveLimit) {
    return ended(
      'inconclusive',
      `${counted(tally.inconclusive, 'inconclusive reading')}, more than inconclusiveLimit ${metric.inconclusiveLimit}`,
    );
  }
  const wanted = readingsWanted(metric);
  // Errors are no readings: they do not count towards `count`.
  const taken = tally.good + tally.failed + tally.inconclusive;
  if (wanted !== null && taken >= wanted) {
    if (tally.good === 0) return ended('inconclusive', `${counted(taken, 'reading')} taken, none of them good`);
    return ended('pass', `${counted(taken, 'reading')} taken, ${tallyInWords(tally, metric)}`);
  }
  const because =
    readings.length === 0
      ? 'no reading yet'
      : `${taken}${wanted === null ? '' : ` of ${wanted}`} readings taken, ${tallyInWords(tally, metric)}`;
  return { state: 'running', because, ...tally, nextInMs: nextInMs(metric, readings.at(-1)?.verdict) };
}

/** Argo's `EffectiveCount`; `null`: until the analysis is ended. */
function readingsWanted(metric: MetricRules): number | null {
  if (metric.count !== null && metric.count > 0) return metric.count;
  return metric.intervalMs === null ? 1 : null;
}

function nextInMs(metric: MetricRules, last: ReadingVerdict | undefined): number {
  if (last === undefined) return metric.initialDelayMs;
  const interval = metric.intervalMs ?? ERROR_RETRY_MS;
  return last === 'error' ? Math.min(ERROR_RETRY_MS, interval) : interval;
}

function tallyInWords(
  tally: { good: number; failed: number; inconclusive: number; errors: number },
  metric: MetricRules,
): string {
  return [
    `${tally.good} good`,
    ...(tally.failed > 0 ? [`${tally.failed} failed (failureLimit ${metric.failureLimit})`] : []),
    ...(tally.inconclusive > 0
      ? [`${tally.inconclusive} inconclusive (inconclusiveLimit ${metric.inconclusiveLimit})`]
      : []),
    ...(tally.errors > 0 ? [counted(tally.errors, 'error')] : []),
  ].join(', ');
}
