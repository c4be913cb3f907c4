/** Judgements and conditions a second, on one core. */
import { compareLook } from '../../../src/analysis/comparison/compare.ts';
import { NOT_COMPARED } from '../../../src/analysis/comparison/evidence.ts';
import { evaluateCondition } from '../../../src/analysis/index.ts';
import type { ComparisonPlan } from '../../../src/plan/plan.ts';
import { type Figure, percentile } from '../figure.ts';

const PLAN: ComparisonPlan = { of: 'counts', alpha: 0.05, margin: 0.5, minimumRequests: 100 };
const ROUNDS = 9;

export function measureSpeed(): Figure[] {
  return [
    { ...timed('a judgement of counts, from two raw answers', judgements, 2_000), aim: 100 },
    { ...timed('a condition', conditions, 20_000), aim: 10 },
  ];
}

function timed(name: string, run: (times: number) => void, times: number): Omit<Figure, 'aim'> {
  run(times);
  const micros = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    run(times);
    return ((performance.now() - began) * 1_000) / times;
  });
  return { name, value: percentile(micros, 50), unit: 'µs', how: `median of ${ROUNDS} rounds of ${times}` };
}

function judgements(times: number): void {
  let progress = NOT_COMPARED;
  const answer = (events: number, total: number): string =>
    JSON.stringify({
      status: 'success',
      data: {
        resultType: 'vector',
        result: [
          { metric: { shiplock_part: 'events' }, value: [1, String(events)] },
          { metric: { shiplock_part: 'total' }, value: [1, String(total)] },
        ],
      },
    });
  for (let i = 0; i < times; i += 1) {
    const look = { raw: answer(i, 100 * i), beside: answer(9 * i, 900 * i), error: null };
    progress = compareLook(PLAN, progress, look, 10).progress;
  }
}

function conditions(times: number): void {
  const result = [0.995];
  for (let i = 0; i < times; i += 1) evaluateCondition('len(result) > 0 && result[0] >= 0.99', result);
}
