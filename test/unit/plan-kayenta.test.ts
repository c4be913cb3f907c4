import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { describePlan, validatePlan } from '../../src/plan/index.ts';
import { edited, GOOD } from './plan-fixture.ts';
import { type BadInput, compileFiles, refused } from './plan-refusals.ts';

const COMPARISON = `canary:
  comparison:
    judge: kayenta
    prometheus: http://prometheus:9090
    interval: 2m
    step: 15s
    pass: 90
    marginal: 60
    groups: { errors: 60, latency: 40 }
    metrics:
      - name: error-rate
        query: rate(errors{service="shop-canary"}[1m])
        group: errors
        direction: increase
        critical: true
        mustHaveData: true
        outliers: remove
        outlierFactor: 4
        effectSize: { allowedIncrease: 1.1, criticalIncrease: 1.5 }
      - name: p95
        query: p95{service="shop-canary"}
        group: latency
        nan: replace
        effectSize: { measure: cles, allowedIncrease: 0.6 }
`;
const COMPARED = edited('release.yaml', 'canary:\n', COMPARISON, GOOD);

describe('canary.comparison with the judge kayenta', () => {
  const compiled = compileFiles(COMPARED);
  const metrics = compiled.plan?.canary.comparison?.metrics ?? [];
  const metric = metrics.find(({ comparison }) => comparison);

  test('is one metric, which asks one question about both', () => {
    assert.deepEqual(compiled.errors, []);
    assert.equal(metrics.length, 1);
    assert.deepEqual(
      { ...metric, comparison: undefined },
      {
        name: 'kayenta',
        provider: {
          kind: 'prometheus',
          address: 'http://prometheus:9090',
          query:
            'label_replace(rate(errors{service="shop-canary"}[1m]), "shiplock_part", "error-rate", "", "") or ' +
            'label_replace(p95{service="shop-canary"}, "shiplock_part", "p95", "", "")',
          timeoutMs: 30_000,
        },
        intervalMs: 120_000,
        count: null,
        initialDelayMs: 120_000,
        successCondition: null,
        failureCondition: null,
        failureLimit: 0,
        inconclusiveLimit: 1_000_000_000,
        consecutiveErrorLimit: 4,
        comparison: undefined,
      },
    );
  });

  test('has what the release file says, and the defaults of Kayenta', () => {
    assert.deepEqual(metric?.comparison, {
      judge: 'kayenta',
      stepMs: 15_000,
      lookbackMs: null,
      pass: 90,
      marginal: 60,
      groups: { errors: 60, latency: 40 },
      metrics: [
        {
          name: 'error-rate',
          groups: ['errors'],
          direction: 'increase',
          critical: true,
          mustHaveData: true,
          muted: false,
          nan: 'remove',
          outliers: { strategy: 'remove', detector: 'iqr', factor: 4 },
          effectSize: {
            measure: 'meanRatio',
            allowedIncrease: 1.1,
            allowedDecrease: 1,
            criticalIncrease: 1.5,
            criticalDecrease: 1,
          },
        },
        {
          name: 'p95',
          groups: ['latency'],
          direction: 'either',
          critical: false,
          mustHaveData: false,
          muted: false,
          nan: 'replace',
          outliers: { strategy: 'keep' },
          effectSize: {
            measure: 'cles',
            allowedIncrease: 0.6,
            allowedDecrease: 0.5,
            criticalIncrease: 0.5,
            criticalDecrease: 0.5,
          },
        },
      ],
    });
  });

  test('is checked again where a plan arrives at a worker', () => {
    const plan = structuredClone(compiled.plan) as unknown as {
      canary: { comparison: { metrics: object[] } };
    };
    assert.deepEqual(validatePlan(plan), compiled.plan);
    const arrived = plan.canary.comparison.metrics.at(-1) as { comparison: { marginal: number } };
    arrived.comparison.marginal = 90;
    assert.throws(() => validatePlan(plan), /expected a marginal score below the one to pass/);
  });

  test('is in docs/analysis.md as it can be written', () => {
    const docs = readFileSync(path.resolve(import.meta.dirname, '../../docs/analysis.md'), 'utf8');
    const example = /^## The judge `kayenta`$[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(docs)?.[1] ?? '';
    const { plan, errors } = compileFiles(edited('release.yaml', 'canary:\n', example, GOOD));
    assert.deepEqual(errors, []);
    assert.equal(plan?.canary.comparison?.metrics[0]?.comparison?.judge, 'kayenta');
  });

  test('may be made with a fresh baseline', () => {
    const { plan, errors } = compileFiles(edited('release.yaml', 'pass: 90', 'pass: 90\n    baseline: true', COMPARED));
    assert.deepEqual(errors, []);
    assert.equal(plan?.canary.baselineService, 'shop-baseline');
  });

  test('has defaults for everything but the queries', () => {
    const least = edited(
      'release.yaml',
      'canary:\n',
      'canary:\n  comparison:\n    judge: kayenta\n    prometheus: http://p\n    metrics: [{ name: a, query: "shop-canary" }]\n',
      GOOD,
    );
    const { plan, errors } = compileFiles(least);
    assert.deepEqual(errors, []);
    const found = plan?.canary.comparison?.metrics.at(-1);
    assert.equal(found?.intervalMs, 300_000);
    assert.ok(found?.comparison?.judge === 'kayenta');
    const { stepMs, pass, marginal, metrics: judged } = found.comparison;
    assert.deepEqual([stepMs, pass, marginal, judged[0]?.groups], [15_000, 95, 75, ['all']]);
  });

  const at = 'canary.comparison';
  const CASES: readonly BadInput[] = [
    ['another judge', 'judge: kayenta', 'judge: «argo', `${at}.judge`, 'TYPE', /"sequential" or "kayenta"/],
    [
      'a field of the other judge',
      '    pass: 90',
      '    «alpha: 0.05\n    pass: 90',
      `${at}.alpha`,
      'FIELD_UNKNOWN',
      /is a field of the judge sequential, and here judges kayenta/,
    ],
    ['no Prometheus', 'http://prometheus:9090', '«prometheus:9090', `${at}.prometheus`, 'VALUE', /http address/],
    [
      'readings closer than points',
      'interval: 2m',
      'interval: «10s',
      `${at}.interval`,
      'VALUE',
      /shorter than the step of 15s/,
    ],
    [
      'a window without two points',
      'step: 15s',
      'step: 15s\n    lookback: «20s',
      `${at}.lookback`,
      'VALUE',
      /fewer than two steps/,
    ],
    [
      'scores the wrong way round',
      'marginal: 60',
      'marginal: «90',
      `${at}.marginal`,
      'VALUE',
      /is 90; expected less than pass, which is 90/,
    ],
    ['a score beyond 100', 'pass: 90', 'pass: «101', `${at}.pass`, 'RANGE', /at most 100/],
    [
      'another service',
      'query: p95{service="shop-canary"}',
      'query: «p95',
      `${at}.metrics[1].query`,
      'VALUE',
      /does not name shop-canary/,
    ],
    [
      "a field of the other judge's metrics",
      'query: p95{service="shop-canary"}',
      'query: p95{service="shop-canary"}\n        «margin: 0.5',
      `${at}.metrics[1].margin`,
      'FIELD_UNKNOWN',
      /is a field of the judge sequential, and here judges kayenta/,
    ],
    ['a name twice', 'name: p95', 'name: «error-rate', `${at}.metrics[1].name`, 'VALUE', /a second time/],
    [
      'a group without a metric',
      'latency: 40 }',
      'latency: 30, «other: 10 }',
      `${at}.groups.other`,
      'CHOICE',
      /group of no metric that counts/,
    ],
    [
      'weights that miss 100',
      '{ errors: 60, latency: 40 }',
      '«{ errors: 60, latency: 30 }',
      `${at}.groups`,
      'VALUE',
      /weigh 90 together; expected 100/,
    ],
    [
      'a group that gets nothing',
      '{ errors: 60, latency: 40 }',
      '«{ errors: 100 }',
      `${at}.groups`,
      'VALUE',
      /leaves nothing for latency/,
    ],
    [
      'muted and critical',
      'critical: true',
      'critical: true\n        «muted: true',
      `${at}.metrics[0].muted`,
      'CHOICE',
      /decides nothing/,
    ],
    [
      'data that is always there',
      'nan: replace',
      'nan: replace\n        «mustHaveData: true',
      `${at}.metrics[1].mustHaveData`,
      'CHOICE',
      /nan: replace/,
    ],
    [
      'a factor of nothing',
      'outliers: remove\n        outlierFactor',
      '«outlierFactor',
      `${at}.metrics[0].outlierFactor`,
      'CHOICE',
      /without outliers: remove/,
    ],
    [
      'a limit of the direction that is good',
      '{ allowedIncrease: 1.1,',
      '{ «allowedDecrease: 0.9,',
      `${at}.metrics[0].effectSize.allowedDecrease`,
      'CHOICE',
      /with direction: increase/,
    ],
    [
      'a critical limit of a metric that is not',
      'allowedIncrease: 0.6',
      '«criticalDecrease: 0.4',
      `${at}.metrics[1].effectSize.criticalDecrease`,
      'CHOICE',
      /without critical: true/,
    ],
    [
      'a share beyond 1',
      'allowedIncrease: 0.6',
      'allowedIncrease: «1.6',
      `${at}.metrics[1].effectSize.allowedIncrease`,
      'VALUE',
      /is a share, at most 1/,
    ],
    [
      'more points than an answer holds',
      'step: 15s',
      'step: 15s\n    lookback: «6h',
      `${at}.lookback`,
      'VALUE',
      /gives 1441 points of each metric in 6h; of 2 metrics one answer holds 733: make step 30s, or lookback shorter/,
    ],
  ];
  for (const [says, from, to, path, code, message] of CASES)
    test(`${says}: refused`, () =>
      refused(edited('release.yaml', from, to, COMPARED), path, `SHIPLOCK_PLAN_${code}`, message));

  test('nothing but muted metrics: refused', () => {
    const muted = edited('release.yaml', 'nan: replace', 'nan: replace\n        muted: true', COMPARED);
    const both = edited('release.yaml', 'critical: true', 'muted: true', muted);
    refused(both, `${at}.metrics`, 'SHIPLOCK_PLAN_CHOICE', /all muted/);
  });

  test('a ramp that is over before enough was read: refused', () => {
    const timed = edited(
      'rollout.yaml',
      '        - analysis:\n            templates:\n              - templateName: smoke\n',
      '',
      COMPARED,
    );
    assert.deepEqual(compileFiles(timed).errors, []);
    const rare = edited('release.yaml', 'interval: 2m', 'interval: «6m', timed);
    refused(rare, `${at}.interval`, 'SHIPLOCK_PLAN_VALUE', /of 6m gives 2 of the 3 readings .* in the 15m of the ramp/);
  });

  test('is shown by check with its scores', () => {
    assert.ok(compiled.plan);
    const shown = describePlan(compiled.plan, { width: 200 });
    assert.match(
      shown,
      /· kayenta: a score of 90 or more, 60 or less fails \(Kayenta: error-rate, p95\) · readings 2m apart/,
    );
  });

  test('a ramp that is longer than an answer holds: refused', () => {
    const fine = edited('release.yaml', 'interval: 2m\n    step: 15s', 'interval: 2m\n    step: «1s', COMPARED);
    refused(
      fine,
      `${at}.step`,
      'SHIPLOCK_PLAN_VALUE',
      /points of each metric by the end of the ramp; .*, or give a lookback/,
    );
  });
});
