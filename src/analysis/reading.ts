import type { Reading } from '../../activities/metrics/port.ts';
import type { MetricPlan } from '../plan/plan.ts';
import { evaluateCondition } from './condition/index.ts';
import { parsePrometheus } from './prometheus.ts';
import { showResult } from './show.ts';

export type ReadingVerdict = 'pass' | 'fail' | 'inconclusive' | 'error';

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

/**
 * Judges one reading by Argo's rules: with `successCondition` alone its falsehood fails; with `failureCondition` alone
 * its falsehood passes; with both failure wins and neither is inconclusive; with none every answer passes. Other than
 * in Argo, nothing passes without a number: an empty answer, or one in which a comparison met NaN, is at best an error.
 *
 * @example assessReading({ ...metric, successCondition: 'result[0] >= 0.99' }, reading).because
 * // 'result[0] >= 0.99 holds for [0.995]'
 */
export function assessReading(
  metric: Pick<MetricPlan, 'successCondition' | 'failureCondition'>,
  reading: Pick<Reading, 'raw' | 'error'>,
): ReadingAssessment {
  if (reading.error !== null) return { verdict: 'error', value: '', because: `no answer: ${reading.error}` };
  const answer = parsePrometheus(reading.raw);
  if (!answer.ok) return { verdict: 'error', value: '', because: answer.message };
  const { result } = answer;
  const value = showResult(result);
  const success = conditionAnswer(metric.successCondition, result);
  const failure = conditionAnswer(metric.failureCondition, result);
  for (const [field, condition, outcome] of [
    ['successCondition', metric.successCondition, success],
    ['failureCondition', metric.failureCondition, failure],
  ] as const) {
    if (outcome !== null && !outcome.ok)
      return { verdict: 'error', value, because: unanswerable(field, condition ?? '', outcome.message, result) };
  }
  return { value, ...byArgosRules(metric, success, failure, result) };
}

function conditionAnswer(condition: string | null, result: readonly number[] | number): Answer {
  return condition === null ? null : evaluateCondition(condition, result);
}

function unanswerable(field: string, condition: string, message: string, result: readonly number[] | number): string {
  // Argo's words for an empty vector, whatever the condition stumbled over.
  if (isEmpty(result)) return 'metric result is nil or empty: no data returned from the metric provider';
  return `${field} "${condition}" has no answer for ${showResult(result)}: ${message}`;
}

function byArgosRules(
  metric: Pick<MetricPlan, 'successCondition' | 'failureCondition'>,
  success: Answer,
  failure: Answer,
  result: readonly number[] | number,
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
  const missing = noEvidence([success, failure], result);
  if (missing !== null) return { verdict: 'error', because: `${missing}: never a pass` };
  if (success !== null) return { verdict: 'pass', because: `${metric.successCondition} holds for ${seen}` };
  if (failure !== null)
    return { verdict: 'pass', because: `failureCondition ${metric.failureCondition} does not hold for ${seen}` };
  return { verdict: 'pass', because: `answered ${seen}; the metric has no condition` };
}

/** Why a result supports no pass; `null`: it may. */
function noEvidence(answers: readonly Answer[], result: readonly number[] | number): string | null {
  if (isEmpty(result)) return 'the answer is empty';
  const values = typeof result === 'number' ? [result] : result;
  if (values.every(Number.isNaN)) return `${showResult(result)} holds no number`;
  if (answers.some((answer) => answer?.ok === true && answer.metNaN))
    return `a comparison met NaN in ${showResult(result)}`;
  return null;
}

function isEmpty(result: readonly number[] | number): boolean {
  return typeof result !== 'number' && result.length === 0;
}
