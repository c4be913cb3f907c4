import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assessAnalysis, assessMetric, endOfBackground, type ReadingVerdict } from '../../src/analysis/index.ts';
import type { MetricPlan } from '../../src/plan/plan.ts';

/** The `success-rate` metric of the CredLink templates. */
const METRIC: MetricPlan = {
  name: 'success-rate',
  provider: {
    kind: 'prometheus',
    address: 'http://prometheus.monitoring.svc.cluster.local:9090',
    query: 'up',
    timeoutMs: 30_000,
  },
  intervalMs: 300_000,
  count: 10,
  initialDelayMs: 0,
  successCondition: 'result[0] >= 0.99',
  failureCondition: null,
  failureLimit: 3,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
};

const LETTERS: Readonly<Record<string, ReadingVerdict>> = {
  g: 'pass',
  f: 'fail',
  i: 'inconclusive',
  e: 'error',
  s: 'skipped',
};
/** `ggfe`: good, good, failed, error. */
const readings = (letters: string, weight = 10) =>
  [...letters].map((letter) => ({ verdict: LETTERS[letter] ?? 'error', weight }));

describe('A metric', () => {
  const rows: [
    letters: string,
    change: Partial<MetricPlan>,
    state: string,
    nextInMs: number | null,
    because: RegExp,
  ][] = [
    ['', {}, 'running', 0, /no reading yet/],
    ['', { initialDelayMs: 60_000 }, 'running', 60_000, /no reading yet/],
    ['ggg', {}, 'running', 300_000, /3 of 10 readings taken, 3 good/],
    ['sss', {}, 'running', 300_000, /0 of 10 readings taken, 0 good, 3 with too little traffic/],
    ['gsg', { count: 2 }, 'pass', null, /2 readings taken, 2 good/],
    ['gsgs', { consecutiveSuccessLimit: 2 }, 'pass', null, /2 good readings in a row/],
    ['eesees', {}, 'running', 300_000, /4 errors/],
    ['eeseese', {}, 'error', null, /5 errors in a row/],
    ['gggggggggg', {}, 'pass', null, /10 readings taken, 10 good/],
    ['gfffgggggg', {}, 'pass', null, /7 good, 3 failed \(failureLimit 3\)/],
    ['gffff', {}, 'fail', null, /4 failed readings, more than failureLimit 3/],
    ['f', { failureLimit: 0 }, 'fail', null, /1 failed reading, more than failureLimit 0/],
    ['gi', {}, 'inconclusive', null, /1 inconclusive reading, more than inconclusiveLimit 0/],
    ['gi', { inconclusiveLimit: 1 }, 'running', 300_000, /1 inconclusive/],
    ['geeee', {}, 'running', 10_000, /1 of 10 readings taken, 1 good, 4 errors/],
    ['geeeee', {}, 'error', null, /5 errors in a row, more than consecutiveErrorLimit 4/],
    ['eeeegeeee', {}, 'running', 10_000, /8 errors/],
    ['eeeee', {}, 'error', null, /5 errors in a row/],
    ['eeeeggggggggg', {}, 'running', 300_000, /9 of 10/],
    ['e', { intervalMs: 2_000 }, 'running', 2_000, /1 error/],
    ['e', { intervalMs: null, count: null }, 'running', 10_000, /0 of 1/],
    ['g', { intervalMs: null, count: null }, 'pass', null, /1 reading taken/],
    ['g', { count: 0, intervalMs: null }, 'pass', null, /1 reading taken/],
    ['g'.repeat(500), { count: null }, 'running', 300_000, /500 readings taken/],
    ['ffffi', {}, 'fail', null, /failureLimit/],
    ['ffffeeeee', {}, 'fail', null, /failureLimit/],
    ['ieeeee', { inconclusiveLimit: 0 }, 'error', null, /in a row/],
    ['fff', { count: 3 }, 'inconclusive', null, /none of them good/],
    ['fgg', { consecutiveSuccessLimit: 3 }, 'running', 300_000, /3 of 10/],
    ['fggg', { consecutiveSuccessLimit: 3 }, 'pass', null, /3 good readings in a row/],
    ['ggegg', { consecutiveSuccessLimit: 3 }, 'running', 10_000 * 30, /4 of 10/],
    ['ffffffffg', { consecutiveSuccessLimit: 2, failureLimit: -1 }, 'running', 300_000, /failureLimit off/],
    ['ffffffffgf', { consecutiveSuccessLimit: 2, failureLimit: -1 }, 'fail', null, /never 2 good ones in a row/],
    ['gfgfgfgggf', { consecutiveSuccessLimit: 4, failureLimit: 6 }, 'inconclusive', null, /never 4 good ones in a row/],
  ];
  for (const [letters, change, state, nextInMs, because] of rows) {
    it(`is ${state} after ${letters.length > 20 ? `${letters.length} good readings` : `"${letters}"`} with ${JSON.stringify(change)}`, () => {
      const assessed = assessMetric({ ...METRIC, ...change }, readings(letters));
      assert.equal(assessed.state, state, assessed.because);
      assert.equal(assessed.nextInMs, nextInMs);
      assert.match(assessed.because, because);
    });
  }

  it('counts what it read', () => {
    const { good, failed, inconclusive, errors } = assessMetric(
      { ...METRIC, inconclusiveLimit: 5 },
      readings('ggfieeg'),
    );
    assert.deepEqual({ good, failed, inconclusive, errors }, { good: 3, failed: 1, inconclusive: 1, errors: 2 });
  });
});

describe("With Argo's own rules a metric", () => {
  const rows: [letters: string, change: Partial<MetricPlan>, state: string, nextInMs: number | null][] = [
    ['ffff', {}, 'fail', null],
    ['ffffi', {}, 'inconclusive', null],
    ['ffffieeeee', {}, 'error', null],
    ['fff', { count: 3 }, 'pass', null],
    ['e', { intervalMs: 2_000 }, 'running', 10_000],
  ];
  for (const [letters, change, state, nextInMs] of rows) {
    it(`is ${state} after "${letters}" with ${JSON.stringify(change)}`, () => {
      const assessed = assessMetric({ ...METRIC, ...change }, readings(letters), 'argo');
      assert.deepEqual([assessed.state, assessed.nextInMs], [state, nextInMs], assessed.because);
    });
  }

  it('passes when it is cut short, even without a reading; without them it does not', () => {
    const analysis = { metrics: [METRIC], minimumReadings: 3 };
    const end = (letters: string, compatibility?: 'argo') =>
      endOfBackground(
        { ...analysis, ...(compatibility && { compatibility }) },
        [{ metric: METRIC.name, readings: readings(letters) }],
        100,
      );
    assert.deepEqual(
      ['', 'gg', 'ffff'].map((letters) => end(letters, 'argo').verdict),
      ['pass', 'pass', 'fail'],
    );
    assert.deepEqual(
      ['', 'gg', 'ffff'].map((letters) => end(letters).verdict),
      ['inconclusive', 'inconclusive', 'fail'],
    );
  });
});

describe('A metric on a dry run', () => {
  const one = (state: 'pass' | 'fail', dryRun?: true) => ({ metric: state, state, because: state, dryRun });

  it('changes no verdict', () => {
    assert.equal(assessAnalysis([one('pass'), one('fail', true)]).state, 'pass');
    assert.equal(assessAnalysis([one('pass', true), one('fail')]).state, 'fail');
    assert.equal(assessAnalysis([one('fail', true)]).because, 'every metric is on a dry run');
  });

  it('needs no good reading before the ramp ends', () => {
    const dry: MetricPlan = { ...METRIC, name: 'dry', dryRun: true };
    const taken = [{ metric: METRIC.name, readings: readings('ggg', 75) }];
    assert.equal(endOfBackground({ metrics: [METRIC, dry], minimumReadings: 3 }, taken, 75).verdict, 'pass');
  });
});

describe('An analysis is as good as its worst metric', () => {
  const order = ['pass', 'running', 'inconclusive', 'error', 'fail'] as const;
  for (const [i, better] of order.entries()) {
    for (const worse of order.slice(i)) {
      it(`${better} and ${worse} is ${worse}`, () => {
        const both = [
          { metric: 'a', state: better, because: 'x' },
          { metric: 'b', state: worse, because: 'y' },
        ];
        assert.equal(assessAnalysis(both).state, worse);
        assert.equal(assessAnalysis(both.toReversed()).state, worse);
        assert.match(assessAnalysis(both).because, /b: y/);
      });
    }
  }

  it('and inconclusive without any', () => assert.equal(assessAnalysis([]).state, 'inconclusive'));
});

describe('A background analysis ends with the ramp', () => {
  const analysis = { metrics: [METRIC], minimumReadings: 3 };
  const end = (
    taken: readonly { verdict: ReadingVerdict; weight: number }[],
    plan: Pick<typeof analysis, 'metrics' | 'minimumReadings'> = analysis,
  ) => endOfBackground(plan, [{ metric: 'success-rate', readings: taken }], 75);

  const rows: [what: string, taken: ReturnType<typeof readings>, state: string, because: RegExp][] = [
    [
      'enough good readings, one at the last weight',
      [...readings('gg', 50), ...readings('g', 75)],
      'pass',
      /3 good readings .* 1 at 75 %/,
    ],
    [
      'enough good ones, none at the last weight',
      readings('ggggg', 50),
      'inconclusive',
      /0 at 75 %, where one is needed/,
    ],
    [
      'too few good ones',
      [...readings('g', 50), ...readings('g', 75)],
      'inconclusive',
      /only 2 good readings \(at least 3 needed\)/,
    ],
    ['nothing at all', [], 'inconclusive', /only 0 good readings/],
    ['a failure within its limit', [...readings('ggf', 50), ...readings('g', 75)], 'pass', /3 good readings/],
    ['too many failures', [...readings('ggg', 75), ...readings('ffff', 75)], 'fail', /failureLimit 3/],
    ['only errors at the last weight', [...readings('ggg', 50), ...readings('ee', 75)], 'inconclusive', /0 at 75 %/],
    ['too many errors', [...readings('ggg', 75), ...readings('eeeee', 75)], 'error', /consecutiveErrorLimit/],
    ['an inconclusive reading', [...readings('ggg', 75), ...readings('i', 75)], 'inconclusive', /inconclusiveLimit/],
  ];
  for (const [what, taken, state, because] of rows) {
    it(`is ${state}: ${what}`, () => {
      const ended = end(taken);
      assert.equal(ended.verdict, state, ended.because);
      assert.match(ended.because, because);
    });
  }

  it('needs one good reading even where the plan asks for none', () => {
    assert.equal(end([], { ...analysis, minimumReadings: 0 }).verdict, 'inconclusive');
    assert.equal(end(readings('g', 75), { ...analysis, minimumReadings: 0 }).verdict, 'pass');
  });

  it('needs them of each metric', () => {
    const two = { ...analysis, metrics: [METRIC, { ...METRIC, name: 'latency' }] };
    const ended = end(readings('ggg', 75), two);
    assert.equal(ended.verdict, 'inconclusive');
    assert.match(ended.because, /latency: only 0 good readings/);
  });
});
