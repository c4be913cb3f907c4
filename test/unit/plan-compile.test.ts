import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  checkFiles,
  compileRelease,
  formatDuration,
  parseDuration,
  planDigest,
  releaseJsonSchema,
  validatePlan,
} from '../../src/plan/index.ts';
import { queryText } from '../../src/plan/provider.ts';
import { edited, folderOf, GOOD } from './plan-fixture.ts';

function compile(files: Readonly<Record<string, string>>, request: object = {}) {
  const folder = folderOf(files);
  return { folder, ...compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.2.0', ...request }) };
}

function good(files: Readonly<Record<string, string>> = GOOD, request: object = {}) {
  const { plan, errors, warnings, folder } = compile(files, request);
  assert.ok(plan, JSON.stringify(errors, null, 2));
  return { plan, warnings, folder };
}

describe('a release file', () => {
  test('becomes a plan with absolute paths and every default filled in', () => {
    const { plan, folder } = good();
    assert.equal(plan.environment, 'production');
    assert.deepEqual(plan.target, {
      platform: 'local',
      command: ['node', 'shop.js', '{{version}}'],
      directory: folder,
      environment: {},
      replicas: 2,
      readinessPath: '/ready',
      stableService: 'shop-stable',
      canaryService: 'shop-canary',
    });
    assert.deepEqual(plan.gates[0], {
      kind: 'command',
      name: 'test',
      directory: folder,
      timeoutMs: 600_000,
      command: ['npm', 'test'],
    });
    assert.deepEqual(plan.gates[2], {
      kind: 'audit',
      name: 'audit',
      directory: folder,
      timeoutMs: 600_000,
      report: 'audit.json',
      level: 'moderate',
    });
    assert.deepEqual(plan.configuration, [
      { kind: 'helm', file: path.join(folder, 'values.yaml'), field: 'image.tag' },
    ]);
    assert.equal(plan.canary.readyDeadlineMs, 300_000);
    assert.deepEqual(plan.promotion.approval, {
      deadlineMs: 300_000,
      requires: 'anonymous',
      quorum: 1,
      notStarter: false,
    });
    assert.equal(plan.window.durationMs, 600_000);
  });

  test('takes replicas and the ready deadline from the Rollout where it says nothing itself', () => {
    const files = edited('rollout.yaml', '  replicas: 3', '  replicas: 3\n  progressDeadlineSeconds: 90');
    const { plan } = good({ ...files, 'release.yaml': (files['release.yaml'] ?? '').replace('  replicas: 2\n', '') });
    assert.ok(plan.target.platform === 'local');
    assert.equal(plan.target.replicas, 3);
    assert.equal(plan.canary.readyDeadlineMs, 90_000);
  });

  test('may write its steps itself', () => {
    const { plan } = good(
      edited(
        'release.yaml',
        '  rollout: { file: rollout.yaml }',
        '  steps:\n    - setWeight: 5\n    - pause: {}\n    - analysis: { templates: [{ templateName: smoke }] }\n  background: { templates: [{ templateName: smoke }], startingStep: 1 }',
      ),
    );
    assert.deepEqual(
      plan.canary.steps.map(({ kind }) => kind),
      ['setWeight', 'pause', 'analysis'],
    );
    assert.equal(plan.canary.background?.startingStep, 1);
    assert.deepEqual(plan.canary.steps[1], { kind: 'pause', durationMs: null, deadlineMs: 3_600_000 });
  });

  test('asks for traffic behind each reading of the ramp, and not after it', () => {
    const guard = '  analysis:\n    lowTraffic: { requests: "sum(increase(seen[2m]))", atLeast: 50 }\n';
    const { plan } = good(edited('release.yaml', 'canary:\n', `canary:\n${guard}`));
    const lowTraffic = { requests: 'sum(increase(seen[2m]))', atLeast: 50 };
    const metrics = plan.canary.background?.analysis.metrics ?? [];
    assert.ok(metrics.length > 0);
    for (const metric of metrics) assert.deepEqual(metric.lowTraffic, lowTraffic);
    for (const { metrics } of [plan.cutover?.before, plan.cutover?.after].filter((analysis) => analysis != null))
      for (const metric of metrics) assert.equal(metric.lowTraffic, undefined);
  });

  test('lets the caller choose the environment and automatic promotion', () => {
    const { plan } = good(GOOD, { environment: 'staging', overrides: { autoPromote: true } });
    assert.equal(plan.environment, 'staging');
    assert.equal(plan.promotion.approval, null);
  });

  test('gives every wait a deadline', () => {
    const waits = (value: unknown): number[] =>
      typeof value !== 'object' || value === null
        ? []
        : Object.entries(value).flatMap(([key, inner]) => (/deadlineMs$/i.test(key) ? [Number(inner)] : waits(inner)));
    const found = waits(good().plan);
    assert.ok(found.length >= 6 && found.every((ms) => ms > 0), String(found));
  });
});

describe("Argo's manifests", () => {
  test('compile with arguments filled in and defaults of their own', () => {
    const { plan } = good();
    const metric = plan.canary.background?.analysis.metrics[0];
    assert.equal(metric && queryText(metric.provider), 'sum(rate(ok{service="shop-canary"}[2m]))');
    assert.equal(metric?.consecutiveErrorLimit, 4);
    const inline = plan.canary.steps[2];
    assert.ok(inline?.kind === 'analysis');
    assert.deepEqual([inline.analysis.metrics[0]?.count, inline.analysis.metrics[0]?.intervalMs], [1, null]);
    assert.equal(inline.analysis.deadlineMs, 600_000);
  });

  test('take a pause in whole seconds, as text or with units', () => {
    for (const [written, ms] of [
      ['30', 30_000],
      ['"30"', 30_000],
      ['1h30m', 5_400_000],
      ['1.5m', 90_000],
    ] as const) {
      const { plan } = good(edited('rollout.yaml', 'duration: 5m', `duration: ${written}`));
      assert.deepEqual(plan.canary.steps[1], { kind: 'pause', durationMs: ms, deadlineMs: ms });
    }
  });

  test('fill arguments into numbers and rhythms too, and prefer the value of the Rollout', () => {
    const templates = (GOOD['templates.yaml'] ?? '')
      .replace(
        '    - name: service-name',
        '    - name: service-name\n      value: nobody\n    - name: rhythm\n      value: 90s',
      )
      .replace('interval: 1m', 'interval: "{{args.rhythm}}"')
      .replace('count: 5', 'count: "{{ args.times }}"')
      .replace('    - name: rhythm', '    - name: times\n      value: "7"\n    - name: rhythm');
    const { plan } = good({ ...GOOD, 'templates.yaml': templates });
    const metric = plan.canary.background?.analysis.metrics[0];
    assert.deepEqual([metric?.intervalMs, metric?.count], [90_000, 7]);
    assert.match(metric ? queryText(metric.provider) : '', /shop-canary/);
  });

  test('have the tag of the Helm values filled in, whatever its path', () => {
    const files = edited('release.yaml', '{ file: values.yaml }', '{ file: values.yaml, tag: api.version }');
    const { plan } = good({
      ...files,
      'values.yaml': 'api: { version: 1 }\n',
      'rollout.yaml': (GOOD['rollout.yaml'] ?? '').replace('.Values.image.tag', '.Values.api.version'),
    });
    assert.equal(plan.configuration[0]?.field, 'api.version');
  });

  test('may carry analysis.interval, which is ignored with a warning at its place', () => {
    const { plan, warnings } = good(
      edited('rollout.yaml', '        startingStep: 1', '        startingStep: 1\n        interval: 5m'),
    );
    assert.deepEqual(
      warnings.map(({ line, column, path: at, code }) => [line, column, at, code]),
      [[24, 9, 'spec.strategy.canary.analysis.interval', 'SHIPLOCK_PLAN_INTERVAL_IGNORED']],
    );
    assert.equal(plan.canary.background?.analysis.metrics[0]?.intervalMs, 60_000);
  });

  test('use a cluster template where they say so', () => {
    const { plan } = good({
      ...edited('rollout.yaml', 'templateName: smoke', 'templateName: smoke\n                clusterScope: true'),
      'templates.yaml': (GOOD['templates.yaml'] ?? '').replace(
        /kind: AnalysisTemplate(?=\nmetadata:\n {2}name: smoke)/,
        'kind: ClusterAnalysisTemplate',
      ),
    });
    assert.equal(plan.canary.steps[2]?.kind, 'analysis');
  });

  test('may share a file with other objects of a cluster', () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: shop-stable }\n---\n';
    good({ ...GOOD, 'rollout.yaml': `${service}${GOOD['rollout.yaml']}` });
  });
});

describe('warnings', () => {
  test('say that an argument is used by nobody', () => {
    const { warnings } = good(
      edited(
        'rollout.yaml',
        '            value: shop-canary',
        '            value: shop-canary\n          - name: extra\n            value: "1"',
      ),
    );
    assert.deepEqual(
      warnings.map(({ code, path: at }) => [code, at]),
      [['SHIPLOCK_PLAN_ARGUMENT_UNUSED', 'spec.strategy.canary.analysis.args[1].name']],
    );
  });

  test('say that too few readings fit for the release to pass by itself', () => {
    const steps = '        - analysis:\n            templates:\n              - templateName: smoke\n';
    const files = edited('rollout.yaml', steps, '');
    const { warnings } = good({
      ...files,
      'templates.yaml': (GOOD['templates.yaml'] ?? '').replace('interval: 1m', 'interval: 20m'),
    });
    assert.deepEqual(
      warnings.map(({ code, line }) => [code, line]),
      [['SHIPLOCK_PLAN_READINGS_TOO_FEW', 10]],
    );
    assert.match(warnings[0]?.message ?? '', /at most 1 of the 3 good readings/);
  });

  test('say that an inline analysis without a count ends as an error', () => {
    const { warnings } = good({
      ...GOOD,
      'templates.yaml': (GOOD['templates.yaml'] ?? '').replace(
        'failureCondition: result > 0',
        'failureCondition: result > 0\n      interval: 5s',
      ),
    });
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['SHIPLOCK_PLAN_ANALYSIS_ENDLESS'],
    );
  });

  test('say that a Rollout without steps moves all traffic at once', () => {
    const files = { 'rollout.yaml': (GOOD['rollout.yaml'] ?? '').replace(/ {6}steps:[\s\S]*?(?= {2}template:)/, '') };
    const { warnings, errors } = checkFiles([path.join(folderOf(files), 'rollout.yaml')], { version: '1.0.0' });
    assert.deepEqual([errors, warnings.map(({ code }) => code)], [[], ['SHIPLOCK_PLAN_STEPS_NONE']]);
  });
});

describe('the digest of a plan', () => {
  test('does not depend on the order of fields', () => {
    const { plan } = good();
    const reversed = JSON.parse(JSON.stringify(plan), (_, value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    );
    assert.match(planDigest(plan), /^[0-9a-f]{64}$/);
    assert.equal(planDigest(reversed), planDigest(plan));
  });

  test('changes with any number in it', () => {
    const { plan } = good();
    assert.notEqual(planDigest({ ...plan, window: { durationMs: plan.window.durationMs + 1 } }), planDigest(plan));
  });
});

describe('a plan that nobody compiled', () => {
  const { plan } = good();

  test('is taken as it is where it is right', () => {
    assert.deepEqual(validatePlan(JSON.parse(JSON.stringify(plan))), plan);
  });

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['nothing', undefined, /plan: /],
    ['an unknown field', { ...plan, extra: 1 }, /extra/],
    ['another format', { ...plan, format: 2 }, /format: /],
    [
      'a weight of 101',
      { ...plan, canary: { ...plan.canary, steps: [{ kind: 'setWeight', weight: 101 }] } },
      /canary.steps\[0\].weight: /,
    ],
    [
      'a step of an unknown kind',
      { ...plan, canary: { ...plan.canary, steps: [{ kind: 'jump' }] } },
      /canary.steps\[0\].kind: /,
    ],
    ['a negative wait', { ...plan, window: { durationMs: -1 } }, /window.durationMs: /],
    ['a wait without an end', { ...plan, window: { durationMs: Number.POSITIVE_INFINITY } }, /window.durationMs: /],
    [
      'a relative path',
      { ...plan, target: { ...plan.target, directory: 'here' } },
      /target.directory: expected an absolute path/,
    ],
    ['no command', { ...plan, target: { ...plan.target, command: [] } }, /target.command: /],
    ['two gates of one name', { ...plan, gates: [plan.gates[0], plan.gates[0]] }, /gates: expected names that differ/],
    [
      'an analysis that starts after the ramp',
      { ...plan, canary: { ...plan.canary, background: { ...plan.canary.background, startingStep: 99 } } },
      /startingStep to be the index/,
    ],
  ];
  for (const [name, value, message] of wrong) {
    test(`is refused with ${name}`, () => {
      assert.throws(() => validatePlan(value), { code: 'SHIPLOCK_PLAN_INVALID', message });
    });
  }
});

describe('durations', () => {
  const table: readonly (readonly [number | string, number | null])[] = [
    [0, 0],
    [30, 30_000],
    ['10', 10_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['.5s', 500],
    ['5x', null],
    ['5 m', null],
    ['', null],
    ['-5m', null],
    [-1, null],
    [1.5, null],
    ['9000h', null],
    ['1d', null],
  ];
  for (const [written, ms] of table) {
    test(`${JSON.stringify(written)} is ${ms === null ? 'none' : `${ms} ms`}`, () => {
      const parsed = parseDuration(written);
      assert.equal(parsed.ok ? parsed.ms : null, ms);
    });
  }

  test('are written as they would be typed', () => {
    assert.deepEqual([0, 250, 1_500, 60_000, 5_400_000, 3_661_000].map(formatDuration), [
      '0s',
      '250ms',
      '1.5s',
      '1m',
      '1h30m',
      '1h1m1s',
    ]);
  });
});

test('the JSON Schema for editors is current', () => {
  const file = path.resolve(import.meta.dirname, '../../src/plan/release.schema.json');
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), releaseJsonSchema());
});
