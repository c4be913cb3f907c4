import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logEvidenceOfHarm, NO_EVIDENCE, ratioInterval, withLook } from '../../src/analysis/sequential/ratio.ts';
import type { ComparisonPlan } from '../../src/plan/plan.ts';
import { random as seeded } from '../fixtures/random.ts';
import { binomial, buckets, counts, looks } from './comparison-answers.ts';

const COUNTS: ComparisonPlan = { of: 'counts', alpha: 0.05, margin: null, minimumRequests: 100 };
const LATENCY: ComparisonPlan = { ...COUNTS, of: 'histogram', quantile: 0.99 };

const START = counts({ events: 0, total: 0 }, { events: 100, total: 10_000 });

describe('counts', () => {
  test('the first look only says where both sides stand', () => {
    const [first] = looks(COUNTS, [START]);
    assert.equal(first?.verdict, 'inconclusive');
    assert.match(first?.because ?? '', /from now on both sides are counted/);
  });

  test('a canary that fails five times as often is worse, said in words and numbers', () => {
    const last = looks(COUNTS, [START, counts({ events: 50, total: 1_000 }, { events: 190, total: 19_000 })]).at(-1);
    assert.equal(last?.verdict, 'fail');
    assert.equal(
      last?.because
        .replace(/evidence of harm .*? : 1,/, 'evidence of harm E : 1,')
        .replace(/interval: [^)]*/, 'interval: L to H'),
      'worse than the stable side: 5 % of 1000 on the canary, 1 % of 9000 on the stable side; ' +
        "at equal rates 14 of the canary's were expected, 50 were seen; 5 times as often (the interval: L to H); " +
        'evidence of harm E : 1, 20 : 1 decides; 1 look',
    );
  });

  test('equal versions have nothing against them, and no number of requests would decide', () => {
    const last = looks(COUNTS, [START, counts({ events: 10, total: 1_000 }, { events: 190, total: 19_000 })]).at(-1);
    assert.equal(last?.verdict, 'pass');
    assert.match(last?.because ?? '', /^nothing against it: .* no number of requests would decide$/);
  });

  test('a suspicion says about how many more requests would decide', () => {
    const last = looks(COUNTS, [START, counts({ events: 4, total: 150 }, { events: 114, total: 11_400 })]).at(-1);
    assert.equal(last?.verdict, 'pass');
    assert.match(last?.because ?? '', /about \d+ more requests would decide$/);
  });

  test('too few requests on a side conclude nothing, not even against it', () => {
    const last = looks(COUNTS, [START, counts({ events: 99, total: 99 }, { events: 190, total: 19_000 })]).at(-1);
    assert.equal(last?.verdict, 'inconclusive');
    assert.match(last?.because ?? '', /99 requests of the canary .* at least 100 of each are needed/);
  });

  test('evidence that was strong enough once stays enough', () => {
    const bad = counts({ events: 50, total: 1_000 }, { events: 190, total: 19_000 });
    const later = counts({ events: 50, total: 100_000 }, { events: 2_000, total: 200_000 });
    const [, second, third] = looks(COUNTS, [START, bad, later]);
    assert.equal(second?.verdict, 'fail');
    assert.equal(third?.verdict, 'fail');
  });

  test('changing the weight keeps the evidence of harm', () => {
    const steps = [
      START,
      counts({ events: 6, total: 200 }, { events: 200, total: 20_000 }),
      counts({ events: 25, total: 1_000 }, { events: 208, total: 20_800 }),
    ];
    const atNewWeight = looks(COUNTS, steps.slice(1), [50, 50]).at(-1);
    assert.equal(atNewWeight?.verdict, 'pass', 'not enough by itself');
    const kept = looks(COUNTS, steps, [1, 1, 50]).at(-1);
    assert.equal(kept?.verdict, 'fail');
    assert.equal(kept?.progress.looks, 2);
  });

  test('a counter that was reset makes its look count for nothing; the next goes on', () => {
    const all = looks(COUNTS, [
      START,
      counts({ events: 3, total: 300 }, { events: 150, total: 15_000 }),
      counts({ events: 0, total: 20 }, { events: 160, total: 16_000 }),
      counts({ events: 2, total: 220 }, { events: 180, total: 18_000 }),
      counts({ events: 4, total: 420 }, { events: 200, total: 20_000 }),
    ]);
    assert.deepEqual(
      all.map(({ verdict }) => verdict),
      ['inconclusive', 'pass', 'inconclusive', 'pass', 'inconclusive'],
    );
    assert.match(all[4]?.because ?? '', /counts for nothing: canary: total is above where it stood before it fell/);
    assert.match(all[2]?.because ?? '', /counts for nothing: canary: .*reset/);
    const { progress } = all[3] ?? assert.fail();
    assert.deepEqual([progress.looks, progress.skipped], [2, 1]);
    assert.equal(progress.events.events?.whole.canary.total, 500);
  });

  for (const [what, answer, verdict, because] of [
    ['an empty vector', counts({}, { events: 1, total: 9 }), 'inconclusive', /the canary has counted nothing yet/],
    ['NaN', counts({ events: 'NaN', total: 9 }, { events: 1, total: 9 }), 'error', /events is NaN/],
    ['a rate', counts({ events: 0.5, total: 9 }, { events: 1, total: 9 }), 'error', /0\.5, which is no count/],
    ['no answer', { ...START, error: 'timeout' }, 'error', /no answer: timeout/],
    ['nothing of the stable side', { ...START, beside: '' }, 'error', /no answer about the stable side/],
    [
      'a string',
      { ...START, raw: '{"status":"success","data":{"resultType":"string"}}' },
      'error',
      /text, not numbers/,
    ],
  ] as const) {
    test(`${what}: ${verdict}`, () => {
      const [compared] = looks(COUNTS, [answer]);
      assert.equal(compared?.verdict, verdict);
      assert.match(compared?.because ?? '', because);
    });
  }

  test('more events than requests are an error', () => {
    const last = looks(COUNTS, [START, counts({ events: 11, total: 10 }, { events: 190, total: 19_000 })]).at(-1);
    assert.equal(last?.verdict, 'error');
    assert.match(last?.because ?? '', /11 events of only 10 requests/);
  });
});

describe('a margin', () => {
  const plan = { ...COUNTS, margin: 0.5 };
  const healthy = counts({ events: 300, total: 30_000 }, { events: 600, total: 60_000 });

  test('a healthy canary is shown to be within it', () => {
    const last = looks(plan, [START, healthy]).at(-1);
    assert.equal(last?.verdict, 'pass');
    assert.equal(last?.safe, true);
    assert.match(last?.because ?? '', /^shown to be less than 1\.5 times as often at 10 %/);
  });

  test('it is shown anew at every weight, and not by the look in which the weight changed', () => {
    const more = counts({ events: 310, total: 31_000 }, { events: 610, total: 61_000 });
    const [, atTen, changing] = looks(plan, [START, healthy, more], [10, 10, 50]);
    assert.equal(atTen?.safe, true);
    assert.equal(changing?.safe, false);
  });

  test('what is worse, but by less, does no harm', () => {
    const slightly = counts({ events: 12_000, total: 1_000_000 }, { events: 10_100, total: 1_010_000 });
    assert.equal(looks(COUNTS, [START, slightly]).at(-1)?.verdict, 'fail');
    assert.equal(looks(plan, [START, slightly]).at(-1)?.verdict, 'pass');
  });
});

describe('a histogram', () => {
  const stable = (times: number) => ({
    '0.1': 900 * times,
    '0.5': 990 * times,
    '1': 999 * times,
    '+Inf': 1_000 * times,
  });
  const START_OF_BUCKETS = buckets({ '0.1': 0, '0.5': 0, '1': 0, '+Inf': 0 }, stable(1));

  test('a canary that is slower at any bound is worse', () => {
    const slow = buckets({ '0.1': 900, '0.5': 940, '1': 970, '+Inf': 1_000 }, stable(11));
    const last = looks(LATENCY, [START_OF_BUCKETS, slow]).at(-1);
    assert.equal(last?.verdict, 'fail');
    assert.match(last?.because ?? '', /6 % of 1000 slower than 0\.5 s on the canary, 1 % of 10000 on the stable side/);
  });

  test('an equal one has nothing against it', () => {
    assert.equal(looks(LATENCY, [START_OF_BUCKETS, buckets(stable(1), stable(11))]).at(-1)?.verdict, 'pass');
  });

  test("the reason says between which bounds both sides' quantiles lie", () => {
    const slow = buckets({ '0.1': 90_000, '0.5': 94_000, '1': 99_600, '+Inf': 100_000 }, stable(101));
    const because = looks({ ...LATENCY, quantile: 0.95 }, [START_OF_BUCKETS, slow]).at(-1)?.because ?? '';
    assert.match(
      because,
      /the canary's 95th percentile lies between 0\.5 and 1 s, the stable side's between 0\.1 and 0\.5 s \(both hold at every look\)/,
    );
  });

  test('the bounds near the quantile count most, by what was known before anything was compared', () => {
    const [first] = looks(LATENCY, [START_OF_BUCKETS]);
    const { parts = {} } = first?.progress ?? {};
    const [at01 = 0, at05 = 0, at1 = 0] = [parts['0.1'], parts['0.5'], parts['1']];
    assert.ok(at05 > at01 && at05 > at1, JSON.stringify(parts));
    assert.ok(Math.abs(at01 + at05 + at1 - 1) < 1e-12);
    const unknown = looks(LATENCY, [buckets({ '1': 0, '2': 0, '+Inf': 0 }, { '1': 9, '2': 9, '+Inf': 9 })])[0];
    assert.deepEqual(unknown?.progress.parts, { '1': 0.5, '2': 0.5 }, 'too little is known: all alike');
  });

  test('with a margin, the bounds around the quantile are those next to it in seconds', () => {
    // As keys of an object, whole seconds come first.
    const nearlyTwice = { '0.1': 40_500, '0.5': 49_500, '1': 49_950, '+Inf': 50_000 };
    const shown = (margin: number) =>
      looks({ ...LATENCY, margin }, [START_OF_BUCKETS, buckets(nearlyTwice, stable(51))]).at(-1);
    assert.deepEqual([shown(1)?.verdict, shown(1)?.safe], ['pass', false], 'slower than 0.1 s 1.9 times as often');
    assert.equal(shown(2)?.safe, true);
  });

  test('a suspicion says about how many more requests would decide, and so many do', () => {
    const from = buckets({ '0.1': 0, '0.5': 0, '1': 0, '+Inf': 0 }, stable(1));
    const at = (times: number) =>
      buckets({ '0.1': 90 * times, '0.5': 97 * times, '1': 99 * times, '+Inf': 100 * times }, stable(1 + times));
    const because = looks(LATENCY, [from, at(1)]).at(-1)?.because ?? '';
    const more = Number(/about (\d+) more requests would decide$/.exec(because)?.[1]);
    assert.ok(more > 0, because);
    assert.equal(looks(LATENCY, [from, at(Math.ceil(1 + more / 1_100))]).at(-1)?.verdict, 'fail');
  });

  test('with a margin, both bounds around the quantile have to be shown', () => {
    const last = looks({ ...LATENCY, margin: 1 }, [START_OF_BUCKETS, buckets(stable(50), stable(51))]).at(-1);
    assert.equal(last?.safe, true);
  });

  for (const [what, answer, because] of [
    ['different bounds', buckets({ '0.1': 0, '+Inf': 0 }, stable(1)), /different buckets/],
    ['no +Inf', buckets({ '0.1': 0 }, { '0.1': 0 }), /no bucket le="\+Inf"/],
    ['a bound that is no number', buckets({ x: 0 }, { x: 0 }), /no number as its bound/],
  ] as const) {
    test(`${what}: an error`, () => {
      const [compared] = looks(LATENCY, [answer]);
      assert.equal(compared?.verdict, 'error');
      assert.match(compared?.because ?? '', because);
    });
  }

  test('buckets that do not grow are an error', () => {
    const wrong = buckets({ '0.1': 10, '0.5': 5, '1': 10, '+Inf': 10 }, stable(2));
    assert.match(looks(LATENCY, [START_OF_BUCKETS, wrong]).at(-1)?.because ?? '', /counts more than the next one/);
  });
});

describe('whatever one looks at, whenever', () => {
  test('equal versions are called worse in at most the share α of the runs, at 100 looks with changing weights', () => {
    const [runs, alpha] = [1_500, 0.05];
    let alarms = 0;
    const random = seeded(7);
    for (let run = 0; run < runs; run += 1) {
      let evidence = NO_EVIDENCE;
      let rate = 0.02;
      for (let look = 0; look < 100; look += 1) {
        // The rate wanders, for both sides alike; the weight grows.
        rate = Math.min(0.08, Math.max(0.005, rate * (0.8 + 0.4 * random())));
        const share = look < 33 ? 0.05 : look < 66 ? 0.2 : 0.5;
        const side = (total: number) => ({ total, events: binomial(random, total, rate) });
        evidence = withLook(evidence, { canary: side(100 * share), stable: side(100 * (1 - share)) });
        if (logEvidenceOfHarm(evidence) >= Math.log(1 / alpha)) {
          alarms += 1;
          break;
        }
      }
    }
    const upper = alarms / runs + 2.58 * Math.sqrt(((alarms / runs) * (1 - alarms / runs)) / runs);
    assert.ok(upper <= alpha, `${alarms} of ${runs} runs, upper 99 % bound ${upper}`);
  });

  test('the interval holds the true ratio', () => {
    let evidence = NO_EVIDENCE;
    const random = seeded(11);
    for (let look = 0; look < 200; look += 1) {
      const side = (total: number, rate: number) => ({ total, events: binomial(random, total, rate) });
      evidence = withLook(evidence, { canary: side(50, 0.06), stable: side(200, 0.02) });
    }
    const { low, estimate, high } = ratioInterval(evidence, 0.05);
    assert.ok(low > 1.5 && low < 3 && 3 < high && high < 6, `${low} ${estimate} ${high}`);
  });
});
