/** Answers of Prometheus as comparisons read them, and looks at them one after the other. */
import assert from 'node:assert/strict';
import { compareLook } from '../../src/analysis/comparison/compare.ts';
import { type ComparisonProgress, NOT_COMPARED } from '../../src/analysis/comparison/evidence.ts';
import type { ComparisonPlan } from '../../src/plan/plan.ts';

export type Parts = Readonly<Record<string, number | string>>;

const series = (label: string, parts: Parts) =>
  Object.entries(parts).map(([name, value]) => ({ metric: { [label]: name }, value: [1, String(value)] }));

const answer = (result: unknown): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });

export const counts = (canary: Parts, stable: Parts) => ({
  raw: answer(series('shiplock_part', canary)),
  beside: answer(series('shiplock_part', stable)),
  error: null,
});
export const buckets = (canary: Parts, stable: Parts) => ({
  raw: answer(series('le', canary)),
  beside: answer(series('le', stable)),
  error: null,
});

/** Buckets, and under `sum` the sum. */
const withSum = ({ sum = 0, ...le }: Parts): string =>
  answer([...series('le', le), ...series('shiplock_part', { sum })]);
export const means = (canary: Parts, stable: Parts) => ({
  raw: withSum(canary),
  beside: withSum(stable),
  error: null,
});

export type Answer = Parameters<typeof compareLook>[2];

/** Looks one after the other at a weight of 10 %, through JSON as a workflow's state goes. */
export function looks(plan: ComparisonPlan, answers: readonly Answer[], weights: readonly number[] = []) {
  let progress: ComparisonProgress = NOT_COMPARED;
  return answers.map((one, i) => {
    const compared = compareLook(plan, progress, one, weights[i] ?? 10);
    progress = JSON.parse(JSON.stringify(compared.progress));
    assert.deepEqual(progress, compared.progress, 'what is known survives the state');
    return compared;
  });
}

export function binomial(random: () => number, n: number, p: number): number {
  let events = 0;
  for (let i = 0; i < n; i += 1) if (random() < p) events += 1;
  return events;
}
