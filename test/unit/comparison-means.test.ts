import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mostSquares } from '../../src/analysis/comparison/mean-look.ts';
import { relativeUplift } from '../../src/analysis/sequential/asymptotic.ts';
import {
  logEvidenceOfMore,
  meanRatioInterval,
  NO_MEANS,
  withMeanLook,
} from '../../src/analysis/sequential/mean-ratio.ts';
import type { ComparisonPlan } from '../../src/plan/plan.ts';
import { random as seeded } from '../fixtures/random.ts';
import { looks, means } from './comparison-answers.ts';

const MEAN: ComparisonPlan = { of: 'mean', alpha: 0.05, margin: null, minimumRequests: 100 };

/** `times` hundred requests, of which 90 take at most 0.1 s, 9 at most 0.5 s and 1 at most 1 s. */
const side = (times: number, sum: number) => ({
  '0.1': 90 * times,
  '0.5': 99 * times,
  '1': 100 * times,
  '+Inf': 100 * times,
  sum: sum * times,
});
const slower = (times: number) => ({
  '0.1': 60 * times,
  '0.5': 90 * times,
  '1': 100 * times,
  '+Inf': 100 * times,
  sum: 24 * times,
});
const START = means(side(0, 0), side(1, 8));

describe('a mean', () => {
  test('a canary whose requests take three times as long is slower, said in words and numbers', () => {
    const last = looks(MEAN, [START, means(slower(10), side(91, 8))]).at(-1);
    assert.equal(last?.verdict, 'fail');
    assert.equal(
      last?.because
        .replace(/interval: [^)]*/, 'interval: L to H')
        .replace(/evidence of harm .*? : 1,/, 'evidence of harm E : 1,'),
      'slower than the stable side: 0.24 s on average of 1000 on the canary, 0.08 s on average of 9000 on the stable side; ' +
        'at equal means 0.096 s were expected of the canary; 3 times as long (the interval: L to H); ' +
        'evidence of harm E : 1, 20 : 1 decides; 1 look',
    );
    assert.equal(last?.value, '0.24 s on average of 1000');
  });

  test('an equal one has nothing against it', () => {
    const last = looks(MEAN, [START, means(side(10, 8), side(91, 8))]).at(-1);
    assert.equal(last?.verdict, 'pass');
    assert.match(last?.because ?? '', /^nothing against it: .* no number of requests would decide$/);
  });

  test('a suspicion says about how many more requests would decide, and so many do', () => {
    const at = (times: number) => means(side(2 * times, 10), side(1 + 18 * times, 8));
    const because = looks(MEAN, [START, at(1)]).at(-1)?.because ?? '';
    const more = Number(/about (\d+) more requests would decide$/.exec(because)?.[1]);
    assert.ok(more > 0, because);
    assert.equal(looks(MEAN, [START, at(Math.ceil(1 + more / 2_000))]).at(-1)?.verdict, 'fail');
  });

  test('with a margin, it is shown to be within it, at every weight anew', () => {
    const plan = { ...MEAN, margin: 0.5 };
    const all = looks(plan, [START, means(side(50, 8), side(500, 8)), means(side(60, 8), side(510, 8))], [10, 10, 50]);
    assert.deepEqual(
      all.map(({ safe }) => safe),
      [false, true, false],
    );
    assert.match(all[1]?.because ?? '', /^shown to be less than 1\.5 times as long at 10 %/);
  });

  test('what is slower, but by less than the margin, does no harm', () => {
    const answers = [START, means(side(1_000, 10), side(9_000, 8))];
    assert.equal(looks(MEAN, answers).at(-1)?.verdict, 'fail');
    assert.equal(looks({ ...MEAN, margin: 0.5 }, answers).at(-1)?.verdict, 'pass');
  });

  test('requests beyond the last bound: how long nobody knows, so nothing is judged', () => {
    const beyond = { ...side(10, 8), '+Inf': 1_002 };
    const last = looks(MEAN, [START, means(beyond, side(91, 8))]).at(-1);
    assert.equal(last?.verdict, 'inconclusive');
    assert.match(last?.because ?? '', /2 of 1002 requests of the canary took longer than the last bucket's bound/);
  });

  test('a level that wanders for both sides while the weight grows is no difference', () => {
    let evidence = NO_MEANS;
    for (let look = 1; look <= 200; look += 1) {
      // Twenty times as long at the end as at the start; the canary's share grows with it.
      const mean = 0.1 * (1 + look / 10);
      const of = (n: number) => ({ n, sum: n * mean, squares: 2 * n * mean * mean });
      evidence = withMeanLook(evidence, { canary: of(5 * look), stable: of(1_000 - 5 * look || 1) });
    }
    assert.ok(evidence.canary.sum / evidence.canary.n > 1.2 * (evidence.stable.sum / evidence.stable.n));
    assert.ok(logEvidenceOfMore(evidence, 1) < 0);
  });

  for (const [what, answer, verdict, because] of [
    [
      'no sum',
      { ...START, raw: START.raw.replace('"shiplock_part":"sum"', '"le":"7"') },
      'error',
      /0 series have no le/,
    ],
    ['a sum that is NaN', means({ ...side(1, 8), sum: 'NaN' }, side(1, 8)), 'error', /the sum is NaN/],
    ['a sum that is infinite', means({ ...side(1, 8), sum: '+Inf' }, side(1, 8)), 'error', /the sum is \+Inf/],
    ['a sum of 1e308', means({ ...side(1, 8), sum: '1e308' }, side(1, 8)), 'error', /the sum is 1e\+308/],
    ['a negative sum', means({ ...side(1, 8), sum: -1 }, side(1, 8)), 'error', /the sum is -1/],
    ['a bound of 1e308', means({ ...side(1, 8), '1e308': 100 }, side(1, 8)), 'error', /1e\+308 is no latency/],
    ['a negative bound', means({ ...side(1, 8), '-1': 0 }, side(1, 8)), 'error', /-1 is no latency/],
    ['no +Inf', means({ '1': 5, sum: 1 }, { '1': 5, sum: 1 }), 'error', /no bucket le="\+Inf"/],
    ['other buckets', means(side(1, 8), { '1': 5, '+Inf': 5, sum: 1 }), 'error', /different buckets/],
    [
      'nothing',
      { ...START, raw: '{"status":"success","data":{"resultType":"vector","result":[]}}' },
      'inconclusive',
      /counted nothing yet/,
    ],
  ] as const) {
    test(`${what}: ${verdict}`, () => {
      const [compared] = looks(MEAN, [answer]);
      assert.equal(compared?.verdict, verdict, compared?.because);
      assert.match(compared?.because ?? '', because);
    });
  }

  for (const [what, answer, verdict, because] of [
    ['a sum in milliseconds', means({ ...side(10, 8), sum: 80_000 }, side(91, 8)), 'error', /does not fit the buckets/],
    ['a sum that stands still', means({ ...slower(1_000), sum: 0 }, side(91, 8)), 'error', /does not fit the buckets/],
    [
      'buckets that do not grow',
      means({ ...side(10, 8), '0.5': 5 }, side(91, 8)),
      'error',
      /counts less than the one before/,
    ],
    [
      'a reset',
      means(side(10, 8), { ...side(91, 8), sum: 7 }),
      'inconclusive',
      /sum fell from 8 to 7: a counter was reset/,
    ],
    [
      'a new bucket',
      means({ ...side(10, 8), '2': 1_000 }, { ...side(91, 8), '2': 9_100 }),
      'inconclusive',
      /le="2" was not there/,
    ],
  ] as const) {
    test(`${what}: ${verdict}`, () => {
      const compared = looks(MEAN, [START, answer]).at(-1);
      assert.equal(compared?.verdict, verdict, compared?.because);
      assert.match(compared?.because ?? '', because);
    });
  }
});

describe('how much latencies in buckets can vary', () => {
  test('never less than they do, whatever they are', () => {
    const random = seeded(5);
    const bounds = [0, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    for (let round = 0; round < 200; round += 1) {
      const values = Array.from({ length: 1 + Math.floor(50 * random()) }, () => 10 * random() ** (1 + round / 20));
      const counted = bounds.slice(1).map((high, i) => {
        const low = bounds[i] ?? 0;
        return { low, high, n: values.filter((value) => value > low && value <= high).length };
      });
      const sum = values.reduce((so, value) => so + value, 0);
      const squares = values.reduce((so, value) => so + value * value, 0);
      const most = mostSquares(counted, sum) ?? assert.fail();
      const plain = counted.reduce((so, { high, n }) => so + high * high * n, 0);
      assert.ok(most >= squares * (1 - 1e-12), `${most} < ${squares}`);
      assert.ok(most <= plain * (1 + 1e-12), 'the sum makes it no larger than upper ends alone');
    }
  });

  test('is reached where values lie at the ends of their buckets', () => {
    const most = mostSquares(
      [
        { low: 0, high: 1, n: 4 },
        { low: 1, high: 3, n: 2 },
      ],
      3 + 3 + 1,
    );
    assert.equal(most, 9 + 9 + 1);
  });
});

test('for one look at much traffic, the interval is that of the published asymptotic sequence', () => {
  const [n, m] = [50_000, 50_000];
  const canary = { n, sum: 1.1 * n, squares: 2.2 * n };
  const stable = { n: m, sum: m, squares: 2 * m };
  const evidence = withMeanLook(NO_MEANS, { canary, stable });
  const { low, estimate, high } = meanRatioInterval(evidence, 0.05);
  // The published sequence counts both sides' requests, ours n·m / (n + m): a quarter of them.
  const published = relativeUplift(
    { n: m, sum: m, sumOfSquares: 2 * m },
    { n, sum: canary.sum, sumOfSquares: canary.squares },
    { alpha: 0.05, tuning: 1_200 },
  );
  assert.ok(published && estimate !== null);
  assert.ok(Math.abs(estimate - 1 - published.uplift) < 1e-12);
  assert.ok(Math.abs(low - 1 - published.low) < 0.01 * (published.high - published.low), `${low - 1} ${published.low}`);
  assert.ok(
    Math.abs(high - 1 - published.high) < 0.01 * (published.high - published.low),
    `${high - 1} ${published.high}`,
  );
});
