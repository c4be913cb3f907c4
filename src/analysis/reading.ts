import type { Reading } from '../../activities/metrics/port.ts';
import type { Compatibility, LowTraffic, MetricPlan } from '../plan/plan.ts';
import { isJob } from '../plan/provider.ts';
import { parseAnswer } from './answer.ts';
import { type Circumstances, evaluateCondition, type Value } from './condition/index.ts';
import { assessJob } from './job.ts';
import { parsePrometheus } from './prometheus.ts';
import { showNumber, showResult } from './show.ts';

/** `skipped`: there was too little traffic to judge it. */
export type ReadingVerdict = 'pass' | 'fail' | 'inconclusive' | 'error' | 'skipped';

/** What one reading is worth, and why, in words and numbers. */
export interface ReadingAssessment {
  readonly verdict: ReadingVerdict;
  /** As the condition saw it, in short: `[0.9934…]`; empty where there is no answer. */
  readonly value: string;
  readonly because: string;
}

/** The answer of one condition; `null`: the metric has none. */
type Answer =
  | { readonly ok: true; readonly value: boolean; readonly metNaN: boolean }
  | { readonly ok: false; readonly message: string }
  | null;

/** Why a reading is not judged for want of traffic; `null`: there was enough. No series at all is no traffic. */
function tooQuiet(
  { requests: query, atLeast }: LowTraffic,
  answer: Reading['requests'],
): Pick<ReadingAssessment, 'verdict' | 'because'> | null {
  const unknown = (why: string) => ({ verdict: 'error' as const, because: `how much traffic there was: ${why}` });
  if (!answer) return unknown('was not asked');
  if (answer.error !== null) return unknown(answer.error);
  const read = parsePrometheus(answer.raw);
  if (!read.ok) return unknown(read.message);
  const values = typeof read.result === 'number' ? [read.result] : read.result;
  if (values.length > 1) return unknown(`${query} answers ${values.length} series, where one number is needed`);
  const [seen = 0] = values;
  if (seen >= atLeast) return null;
  const because = `${showNumber(seen)} requests, at least ${atLeast} are needed: not judged`;
  return { verdict: 'skipped', because };
}

type Conditions = Pick<MetricPlan, 'successCondition' | 'failureCondition'>;

/**
 * Judges one reading of a metric's provider: what went wrong on the way is an error, a job is judged by its exit code, any
 * other answer by `assessResult`.
 *
 * @example assessReading({ ...metric, successCondition: 'result[0] >= 0.99' }, reading).because
 * // 'result[0] >= 0.99 holds for [0.995]'
 */
export function assessReading(
  metric: Conditions & Pick<MetricPlan, 'provider' | 'lowTraffic'>,
  reading: Pick<Reading, 'raw' | 'error'> & Partial<Pick<Reading, 'at' | 'requests'>>,
  compatibility?: Compatibility,
): ReadingAssessment {
  if (reading.error !== null) return { verdict: 'error', value: '', because: `no answer: ${reading.error}` };
  const { provider } = metric;
  if (isJob(provider)) return assessJob(reading.raw);
  if (provider.kind === 'web' && reading.raw === '' && compatibility === undefined) return assessNoBody(metric);
  const answer = parseAnswer(provider, reading.raw, compatibility);
  const quiet = metric.lowTraffic ? tooQuiet(metric.lowTraffic, reading.requests) : null;
  if (quiet !== null) return { ...quiet, value: '' };
  if (!answer.ok) return { verdict: 'error', value: '', because: answer.message };
  const shape = provider.kind === 'prometheus' ? 'numbers' : 'any';
  return assessResult(metric, answer.result, { compatibility, at: reading.at, shape });
}

/** A 2xx answer without a body, such as 204, shows that it was accepted, and nothing that a condition could look at. */
function assessNoBody({ successCondition, failureCondition }: Conditions): ReadingAssessment {
  const condition = successCondition ?? failureCondition;
  if (condition === null) return { verdict: 'pass', value: '', because: 'answered with 2xx, and no body' };
  return { verdict: 'error', value: '', because: `answers nothing that ${condition} could be asked of` };
}

/**
 * Judges what a condition sees as `result` by Argo's rules: with `successCondition` alone its falsehood fails; with
 * `failureCondition` alone its falsehood passes; with both failure wins and neither is inconclusive; with none every
 * answer passes. Other than in Argo, nothing passes without a number: an empty answer, or one in which a comparison met
 * NaN, is at best an error. With `compatibility: 'argo'` it passes. `around.at` is when it was measured, for `now()`.
 *
 * @example assessResult({ successCondition: 'result.ok', failureCondition: null }, { ok: false }).verdict // 'fail'
 */
export function assessResult(metric: Conditions, result: Value, around: Circumstances = {}): ReadingAssessment {
  const value = showResult(result);
  const success = conditionAnswer(metric.successCondition, result, around);
  const failure = conditionAnswer(metric.failureCondition, result, around);
  for (const [field, condition, outcome] of [
    ['successCondition', metric.successCondition, success],
    ['failureCondition', metric.failureCondition, failure],
  ] as const) {
    if (outcome !== null && !outcome.ok)
      return { verdict: 'error', value, because: unanswerable(field, condition ?? '', outcome.message, result) };
  }
  return { value, ...byArgosRules(metric, success, failure, result, around.compatibility) };
}

function conditionAnswer(condition: string | null, result: Value, around: Circumstances): Answer {
  return condition === null ? null : evaluateCondition(condition, result, around);
}

function unanswerable(field: string, condition: string, message: string, result: Value): string {
  // Argo's words for an empty vector, whatever the condition stumbled over.
  if (isEmpty(result)) return 'metric result is nil or empty: no data returned from the metric provider';
  return `${field} "${condition}" has no answer for ${showResult(result)}: ${message}`;
}

function byArgosRules(
  metric: Conditions,
  success: Answer,
  failure: Answer,
  result: Value,
  compatibility?: Compatibility,
): Pick<ReadingAssessment, 'verdict' | 'because'> {
  const seen = showResult(result);
  const succeeds = success?.ok === true && success.value;
  const fails = failure?.ok === true && failure.value;
  if (fails) return { verdict: 'fail', because: `failureCondition ${metric.failureCondition} holds for ${seen}` };
  if (success !== null && !succeeds) {
    if (failure === null) return { verdict: 'fail', because: `${metric.successCondition} does not hold for ${seen}` };
    return {
      verdict: 'inconclusive',
      because: `neither ${metric.successCondition} nor ${metric.failureCondition} holds for ${seen}`,
    };
  }
  const missing = compatibility === 'argo' ? null : noEvidence([success, failure], result);
  if (missing !== null) return { verdict: 'error', because: `${missing}: never a pass` };
  if (success !== null) return { verdict: 'pass', because: `${metric.successCondition} holds for ${seen}` };
  if (failure !== null)
    return { verdict: 'pass', because: `failureCondition ${metric.failureCondition} does not hold for ${seen}` };
  return { verdict: 'pass', because: `answered ${seen}; the metric has no condition` };
}

/** Why a result supports no pass; `null`: it may. */
function noEvidence(answers: readonly Answer[], result: Value): string | null {
  if (isEmpty(result)) return 'the answer is empty';
  const values = Array.isArray(result) ? result : [result];
  if (values.every(Number.isNaN)) return `${showResult(result)} holds no number`;
  if (answers.some((answer) => answer?.ok === true && answer.metNaN))
    return `a comparison met NaN in ${showResult(result)}`;
  return null;
}

function isEmpty(result: Value): boolean {
  return result === null || (Array.isArray(result) && result.length === 0);
}
