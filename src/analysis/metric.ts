import type { Compatibility, MetricPlan } from '../plan/plan.ts';
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
  | 'intervalMs'
  | 'count'
  | 'initialDelayMs'
  | 'failureLimit'
  | 'inconclusiveLimit'
  | 'consecutiveErrorLimit'
  | 'consecutiveSuccessLimit'
>;

interface Tally {
  readonly good: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly errors: number;
}

/**
 * What the readings so far, oldest first, make of a metric. Argo's rules (`analysis.go: assessMetricStatus`), with
 * three differences on purpose: more failures than `failureLimit` are a failure, also where there are too many
 * inconclusive readings or errors besides; a metric without a single good reading never passes; and the retry after an
 * error waits 10 s, but never longer than the interval. With `compatibility: 'argo'` there is no difference.
 */
export function assessMetric(
  metric: MetricRules,
  all: readonly { readonly verdict: ReadingVerdict }[],
  compatibility?: Compatibility,
): MetricAssessment {
  // What there was too little traffic for counts for nothing, neither way.
  const readings = all.filter(({ verdict }) => verdict !== 'skipped');
  const number = { pass: 0, fail: 0, inconclusive: 0, error: 0, skipped: all.length - readings.length };
  for (const { verdict } of readings) number[verdict] += 1;
  const inARow = (verdict: ReadingVerdict) =>
    readings.length - 1 - readings.findLastIndex((reading) => reading.verdict !== verdict);
  const tally: Tally = {
    good: number.pass,
    failed: number.fail,
    inconclusive: number.inconclusive,
    errors: number.error,
  };
  const ended = ({ state, because }: End): MetricAssessment => ({ state, because, ...tally, nextInMs: null });

  const beyond = readings.length === 0 ? [] : beyondALimit(metric, tally, inARow('error'));
  // Of several limits the first here says what it is; Argo's last test wins, and so hides a failure.
  const over =
    compatibility === 'argo' ? beyond.at(-1) : (beyond.find(({ state }) => state !== 'inconclusive') ?? beyond[0]);
  if (over) return ended(over);
  const needed = metric.consecutiveSuccessLimit ?? 0;
  if (needed > 0 && inARow('pass') >= needed)
    return ended({ state: 'pass', because: `${needed} good readings in a row, as consecutiveSuccessLimit asks` });
  const wanted = readingsWanted(metric);
  // Errors are no readings: they do not count towards `count`.
  const taken = tally.good + tally.failed + tally.inconclusive;
  if (wanted !== null && readings.length > 0 && taken >= wanted)
    return ended(countReached(metric, tally, taken, compatibility));
  const because =
    all.length === 0
      ? 'no reading yet'
      : `${taken}${wanted === null ? '' : ` of ${wanted}`} readings taken, ${tallyInWords(tally, metric)}${number.skipped > 0 ? `, ${number.skipped} with too little traffic` : ''}`;
  return { state: 'running', because, ...tally, nextInMs: nextInMs(metric, all.at(-1)?.verdict, compatibility) };
}

interface End {
  readonly state: Exclude<MetricState, 'running'>;
  readonly because: string;
}

/** The limits that are passed, in the order of Argo's tests: failed, inconclusive, errors in a row. */
function beyondALimit(metric: MetricRules, tally: Tally, errorsInARow: number): End[] {
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit } = metric;
  const passed: End[] = [];
  if (failureLimit >= 0 && tally.failed > failureLimit) {
    const because = `${counted(tally.failed, 'failed reading')}, more than failureLimit ${failureLimit}`;
    passed.push({ state: 'fail', because });
  }
  if (tally.inconclusive > inconclusiveLimit) {
    const because = `${counted(tally.inconclusive, 'inconclusive reading')}, more than inconclusiveLimit ${inconclusiveLimit}`;
    passed.push({ state: 'inconclusive', because });
  }
  if (errorsInARow > consecutiveErrorLimit) {
    const because = `${counted(errorsInARow, 'error')} in a row, more than consecutiveErrorLimit ${consecutiveErrorLimit}`;
    passed.push({ state: 'error', because });
  }
  return passed;
}

function countReached(metric: MetricRules, tally: Tally, taken: number, compatibility?: Compatibility): End {
  const needed = metric.consecutiveSuccessLimit ?? 0;
  if (needed > 0) {
    const because = `${counted(taken, 'reading')} taken, never ${needed} good ones in a row (consecutiveSuccessLimit)`;
    return { state: metric.failureLimit < 0 ? 'fail' : 'inconclusive', because };
  }
  if (tally.good === 0 && compatibility !== 'argo')
    return { state: 'inconclusive', because: `${counted(taken, 'reading')} taken, none of them good` };
  return { state: 'pass', because: `${counted(taken, 'reading')} taken, ${tallyInWords(tally, metric)}` };
}

/** Argo's `EffectiveCount`; `null`: until the analysis is ended. Any first reading reaches a negative one. */
function readingsWanted(metric: MetricRules): number | null {
  if (metric.count !== null && metric.count !== 0) return metric.count;
  return metric.intervalMs === null ? 1 : null;
}

function nextInMs(metric: MetricRules, last: ReadingVerdict | undefined, compatibility?: Compatibility): number {
  if (last === undefined) return metric.initialDelayMs;
  const interval = metric.intervalMs ?? ERROR_RETRY_MS;
  if (last !== 'error') return interval;
  return compatibility === 'argo' ? ERROR_RETRY_MS : Math.min(ERROR_RETRY_MS, interval);
}

function tallyInWords(tally: Tally, metric: MetricRules): string {
  return [
    `${tally.good} good`,
    ...(tally.failed > 0
      ? [`${tally.failed} failed (failureLimit ${metric.failureLimit < 0 ? 'off' : metric.failureLimit})`]
      : []),
    ...(tally.inconclusive > 0
      ? [`${tally.inconclusive} inconclusive (inconclusiveLimit ${metric.inconclusiveLimit})`]
      : []),
    ...(tally.errors > 0 ? [counted(tally.errors, 'error')] : []),
  ].join(', ');
}
