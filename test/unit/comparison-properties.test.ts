/** What holds of a comparison whatever it is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareLook } from '../../src/analysis/comparison/compare.ts';
import { type ComparisonProgress, NOT_COMPARED } from '../../src/analysis/comparison/evidence.ts';
import type { ComparisonPlan } from '../../src/plan/plan.ts';
import { random as seeded } from '../fixtures/random.ts';
import { type Answer, buckets, counts, means, type Parts } from './comparison-answers.ts';

const PLANS: readonly ComparisonPlan[] = (['counts', 'histogram', 'mean'] as const).flatMap((of) =>
  [null, 0.5].map((margin) => ({ of, alpha: 0.05, margin, minimumRequests: 50 })),
);
const HOSTILE = ['NaN', '+Inf', '-Inf', '1e308', '-1', '0.5', '9007199254740991', '1e400', '', 'x', '-0', '1e-320'];
const BOUNDS = ['0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];

type Random = () => number;
const whole = (random: Random, below: number): number => Math.floor(random() * below);
const oneOf = <T>(random: Random, all: readonly T[]): T => all[whole(random, all.length)] as T;

/** A side's counters as they grow, now and then wrong in one of the ways in which counters are wrong. */
function grown(random: Random, before: Parts, of: ComparisonPlan['of'], wrong: number): Parts {
  const next: Record<string, number | string> = { ...before };
  if (of === 'counts') {
    const requests = whole(random, 1_000);
    next.total = Number(before.total ?? 0) + requests;
    next.events = Number(before.events ?? 0) + whole(random, requests + 1);
  } else {
    let [at, sum] = [0, 0];
    for (const [i, bound] of BOUNDS.entries()) {
      const n = bound === '+Inf' ? 0 : whole(random, 300 / (i + 1));
      at += n;
      sum += (n * Number(bound === '+Inf' ? 10 : bound)) / 1.2;
      next[bound] = Number(before[bound] ?? 0) + at;
    }
    if (of === 'mean') next.sum = Number(before.sum ?? 0) + sum;
  }
  if (random() >= wrong) return next;
  const name = oneOf(random, Object.keys(next));
  const { [name]: _, ...without } = next;
  return oneOf(random, [
    { ...next, [name]: oneOf(random, HOSTILE) },
    without,
    { ...without, [oneOf(random, HOSTILE)]: 3 },
    Object.fromEntries(Object.keys(next).map((key) => [key, 0])),
    {},
  ]);
}

function told(random: Random, of: ComparisonPlan['of'], canary: Parts, stable: Parts, wrong: number): Answer {
  const make = of === 'counts' ? counts : of === 'histogram' ? buckets : means;
  const answer = make(canary, stable);
  if (random() >= wrong) return answer;
  return oneOf<Answer>(random, [
    { ...answer, error: 'timeout' },
    { ...answer, beside: '' },
    { ...answer, raw: answer.raw.slice(0, whole(random, answer.raw.length)) },
    { ...answer, raw: '{"status":"error","errorType":"bad_data","error":"x"}' },
    { ...answer, beside: '{"status":"success","data":{"resultType":"matrix","result":[]}}' },
  ]);
}

for (const plan of PLANS) {
  test(`${plan.of}, margin ${plan.margin}: it never throws, says why, and says the same twice`, () => {
    const random = seeded(plan.margin === null ? 3 : 4);
    const seen = new Set<string>();
    for (let release = 0; release < 300; release += 1) {
      let progress: ComparisonProgress = NOT_COMPARED;
      let [canary, stable]: [Parts, Parts] = [{}, {}];
      for (let look = 0; look < 12; look += 1) {
        [canary, stable] = [grown(random, canary, plan.of, 0.1), grown(random, stable, plan.of, 0.1)];
        const answer = told(random, plan.of, canary, stable, 0.05);
        const weight = oneOf(random, [0, 1, 10, 50, 100]);
        const once = compareLook(plan, progress, answer, weight);
        const again = compareLook(plan, JSON.parse(JSON.stringify(progress)), answer, weight);
        assert.deepEqual(again, once);
        assert.notEqual(once.because, '');
        assert.doesNotMatch(once.because, /Infinity|undefined|null/);
        if (once.verdict === 'pass' || once.verdict === 'fail') assert.doesNotMatch(once.because, /NaN/);
        assert.deepEqual(JSON.parse(JSON.stringify(once.progress)), once.progress, 'plain, finite numbers');
        if (once.safe) assert.equal(once.verdict, 'pass');
        seen.add(once.verdict);
        progress = once.progress;
      }
    }
    assert.deepEqual([...seen].sort(), ['error', 'fail', 'inconclusive', 'pass']);
  });
}

test('what is worse from one side is not worse from the other', () => {
  const random = seeded(9);
  let failed = 0;
  for (const plan of PLANS.filter(({ margin }) => margin === null)) {
    for (let release = 0; release < 300; release += 1) {
      let [ours, swapped]: ComparisonProgress[] = [NOT_COMPARED, NOT_COMPARED];
      let [canary, stable]: [Parts, Parts] = [{}, {}];
      for (let look = 0; look < 4; look += 1) {
        [canary, stable] = [grown(random, canary, plan.of, 0), grown(random, stable, plan.of, 0)];
        const there = compareLook(plan, ours as ComparisonProgress, told(random, plan.of, canary, stable, 0), 10);
        const back = compareLook(plan, swapped as ComparisonProgress, told(random, plan.of, stable, canary, 0), 90);
        [ours, swapped] = [there.progress, back.progress];
        if (there.verdict === 'fail') failed += 1;
        // A histogram may be worse at one bound and better at another; then both sides are right.
        if (plan.of !== 'histogram' && look === 1) assert.ok(!(there.verdict === 'fail' && back.verdict === 'fail'));
      }
    }
  }
  assert.ok(failed > 50, String(failed));
});

test('the time of an answer plays no part: a clock that steps back changes nothing', () => {
  const at = (seconds: number, answer: Answer): Answer => ({
    ...answer,
    raw: answer.raw.replaceAll('[1,', `[${seconds},`),
    beside: answer.beside.replaceAll('[1,', `[${seconds},`),
  });
  const plan = PLANS[0] ?? assert.fail();
  const first = counts({ events: 0, total: 0 }, { events: 0, total: 0 });
  const second = counts({ events: 30, total: 1_000 }, { events: 100, total: 9_000 });
  const judge = (times: readonly [number, number]) =>
    compareLook(plan, compareLook(plan, NOT_COMPARED, at(times[0], first), 10).progress, at(times[1], second), 10);
  assert.deepEqual(judge([1_000, 900]), judge([1_000, 1_030]));
});
