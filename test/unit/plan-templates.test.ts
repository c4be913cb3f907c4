import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { compileRelease } from '../../src/plan/index.ts';
import { queryText } from '../../src/plan/provider.ts';
import { edited, folderOf, GOOD } from './plan-fixture.ts';

function compiled(...edits: [file: string, find: string, put: string][]) {
  const files = edits.reduce<Record<string, string>>((so, [file, find, put]) => edited(file, find, put, so), {
    ...GOOD,
  });
  return compileRelease({ file: path.join(folderOf(files), 'release.yaml'), version: '1.2.0' });
}

/** The background analysis of the plan. */
function background(...edits: [file: string, find: string, put: string][]) {
  const { plan, errors } = compiled(...edits);
  assert.ok(plan, JSON.stringify(errors, null, 2));
  const analysis = plan.canary.background?.analysis;
  assert.ok(analysis);
  return analysis;
}

function refusal(...edits: [file: string, find: string, put: string][]) {
  const { plan, errors } = compiled(...edits);
  assert.equal(plan, null);
  return errors.map(({ code, path: at, message }) => `${code} ${at}: ${message}`).join('\n');
}

const ARGS: [string, string] = ['templates.yaml', '    - name: service-name\n'];
const GIVEN: [string, string] = ['rollout.yaml', '            value: shop-canary\n'];
const SPEC: [string, string] = ['templates.yaml', '  name: success-rate\nspec:\n'];

describe('Metrics of a template', () => {
  test('may be left on a dry run, named by an expression that is not anchored', () => {
    const analysis = background([...SPEC, `${SPEC[1]}  dryRun: [{ metricName: 'succ.*' }]\n`]);
    assert.deepEqual(
      analysis.metrics.map(({ name, dryRun }) => [name, dryRun]),
      [['success-rate', true]],
    );
  });

  test('keep as many readings as measurementRetention says, also where the Rollout says it', () => {
    const analysis = background([
      'rollout.yaml',
      '        startingStep: 1\n',
      "        startingStep: 1\n        measurementRetention: [{ metricName: '^success-rate$', limit: 20 }]\n",
    ]);
    assert.equal(analysis.metrics[0]?.retained, 20);
  });

  test('are named by rules, and a rule that names none is refused', () => {
    assert.match(
      refusal([...SPEC, `${SPEC[1]}  dryRun: [{ metricName: latency }]\n`]),
      /PLAN_SELECTION spec.dryRun\[0\].metricName: "latency" names no metric of this analysis; it has success-rate/,
    );
    assert.match(refusal([...SPEC, `${SPEC[1]}  dryRun: [{ metricName: '(' }]\n`]), /PLAN_PATTERN spec.dryRun/);
  });

  test('may ask for good readings in a row, and then switch the failure limit off', () => {
    const metric = background([
      'templates.yaml',
      'failureLimit: 3',
      'failureLimit: -1\n      consecutiveSuccessLimit: 4',
    ]).metrics[0];
    assert.equal(metric?.consecutiveSuccessLimit, 4);
    assert.equal(metric?.failureLimit, -1);
  });

  test('may not switch the failure limit off alone, nor ask for more than they can count', () => {
    assert.match(refusal(['templates.yaml', 'failureLimit: 3', 'failureLimit: -1']), /nothing would ever end it/);
    assert.match(
      refusal(['templates.yaml', 'failureLimit: 3', 'failureLimit: 3\n      consecutiveSuccessLimit: 3']),
      /consecutiveSuccessLimit: is 3, with the failureLimit 6, more than the count of 5/,
    );
  });
});

describe('Templates of templates', () => {
  const nested = '  name: success-rate\nspec:\n  templates: [{ templateName: smoke }]\n';

  test('bring their metrics, each template once', () => {
    const analysis = background(
      [...SPEC, nested],
      [
        'rollout.yaml',
        '          - templateName: success-rate\n',
        '          - templateName: success-rate\n          - templateName: smoke\n',
      ],
    );
    assert.deepEqual(analysis.templates, ['success-rate', 'smoke']);
    assert.deepEqual(
      analysis.metrics.map(({ name }) => name),
      ['success-rate', 'smoke'],
    );
  });

  test('may not go round in a circle', () => {
    assert.match(
      refusal(
        [...SPEC, nested],
        [
          'templates.yaml',
          '  name: smoke\nspec:\n',
          '  name: smoke\nspec:\n  templates: [{ templateName: success-rate }]\n',
        ],
      ),
      /PLAN_CYCLE.*circle of templates: success-rate → smoke → success-rate/,
    );
  });
});

describe('An argument', () => {
  const query = (...edits: [string, string, string][]) =>
    background(...edits).metrics.map(({ provider }) => queryText(provider))[0];

  test('is the hash of a revision, which the release fills in when it reads', () => {
    assert.match(
      query([...GIVEN, '            valueFrom: { podTemplateHashValue: Latest }\n']) ?? '',
      /service="\{\{revision\.latest\}\}"/,
    );
  });

  test('is a field of the Rollout; a label that is not there is empty, as in Argo', () => {
    const from = (field: string) =>
      query([...GIVEN, `            valueFrom: { fieldRef: { fieldPath: "${field}" } }\n`]);
    assert.match(from('metadata.name') ?? '', /service="shop"/);
    assert.match(from("spec.template.metadata.labels['app']") ?? '', /service="shop"/);
    assert.match(from('spec.template.spec.containers[0].name') ?? '', /service="api"/);
    assert.match(from("metadata.labels['region']") ?? '', /service=""/);
  });

  test('is refused where its field holds nothing', () => {
    assert.match(
      refusal([...GIVEN, '            valueFrom: { fieldRef: { fieldPath: spec.nowhere } }\n']),
      /PLAN_ARGUMENT_FIELD .*"spec.nowhere" is nothing here/,
    );
  });

  test('of a template may be a field of the Rollout, unless the Rollout gives it', () => {
    const declared: [string, string, string] = [
      ...ARGS,
      `${ARGS[1]}      valueFrom: { fieldRef: { fieldPath: metadata.name } }\n`,
    ];
    assert.match(query(declared) ?? '', /service="shop-canary"/);
    const without: [string, string, string] = [
      'rollout.yaml',
      `        args:\n          - name: service-name\n${GIVEN[1]}`,
      '',
    ];
    assert.match(query(declared, without) ?? '', /service="shop"/);
  });

  test('that is a secret is refused in a query, which is recorded', () => {
    const secret: [string, string, string] = [
      ...ARGS,
      `${ARGS[1]}      valueFrom: { secretKeyRef: { name: datadog, key: api } }\n`,
    ];
    const without: [string, string, string] = [
      'rollout.yaml',
      `        args:\n          - name: service-name\n${GIVEN[1]}`,
      '',
    ];
    assert.match(refusal(secret, without), /PLAN_SECRET .*query: holds the secret datadog.api, and would be recorded/);
  });

  test('has exactly one source', () => {
    const both = '            valueFrom: { podTemplateHashValue: Latest, fieldRef: { fieldPath: metadata.name } }\n';
    assert.match(refusal([...GIVEN, both]), /expected exactly one of podTemplateHashValue, fieldRef/);
  });
});

test('compatibility: argo of the release file holds for every analysis of it', () => {
  const analysis = background([
    'release.yaml',
    '  templates: [templates.yaml]\n',
    '  templates: [templates.yaml]\n  analysis: { compatibility: argo }\n',
  ]);
  assert.equal(analysis.compatibility, 'argo');
});
