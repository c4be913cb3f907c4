import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkFiles } from '../../src/plan/index.ts';
import { blueGreen, folderOf } from './plan-fixture.ts';
import { compileFiles, refused } from './plan-refusals.ts';

function compile(files: Readonly<Record<string, string>>) {
  const { plan, warnings, errors } = compileFiles(files);
  assert.ok(plan, JSON.stringify(errors, null, 2));
  return { plan, warnings };
}

describe("Argo's blue-green strategy", () => {
  test('becomes a cutover without a ramp, its services the two sides, its delay the window', () => {
    const { plan, warnings } = compile(blueGreen());
    assert.deepEqual(plan.canary, { steps: [], background: null, readyDeadlineMs: 300_000 });
    assert.deepEqual([plan.target.stableService, plan.target.canaryService], ['shop-active', 'shop-preview']);
    assert.deepEqual([plan.cutover?.before?.templates, plan.cutover?.after], [['smoke'], null]);
    assert.equal(plan.window.durationMs, 120_000);
    assert.deepEqual(warnings, []);
  });

  test('gives way to the window that the release file names', () => {
    assert.equal(compile(blueGreen('', '', 'window: { duration: 3m }\n')).plan.window.durationMs, 180_000);
  });

  test('leaves the window at ten minutes where it names no delay', () => {
    assert.equal(compile(blueGreen('      scaleDownDelaySeconds: 120\n', '')).plan.window.durationMs, 600_000);
  });

  test('takes a preview check from the release file, since Argo has none', () => {
    const { cutover } = compile(blueGreen('', '', 'cutover: { preview: { path: /ready } }\n')).plan;
    assert.deepEqual(cutover?.preview, { path: '/ready', status: 200, timeoutMs: 5_000 });
    assert.equal(cutover?.pauseMs, 90_000);
  });

  test('warns of what is not used', () => {
    const { warnings } = compile(
      blueGreen(
        'autoPromotionSeconds: 90',
        'autoPromotionSeconds: 90\n      autoPromotionEnabled: false\n      abortScaleDownDelaySeconds: 0',
      ),
    );
    assert.deepEqual(
      warnings.map(({ code, path: at }) => [code, at]),
      [
        ['SHIPLOCK_PLAN_FIELD_IGNORED', 'spec.strategy.blueGreen.autoPromotionSeconds'],
        ['SHIPLOCK_PLAN_FIELD_IGNORED', 'spec.strategy.blueGreen.abortScaleDownDelaySeconds'],
      ],
    );
  });

  test('takes a previewReplicaCount of all replicas', () => {
    compile(blueGreen('autoPromotionSeconds: 90', 'previewReplicaCount: 3'));
  });
});

describe("what is wrong with Argo's blue-green strategy is refused at its place", () => {
  const at = 'spec.strategy.blueGreen';
  const table: readonly (readonly [string, string, string, string, string, RegExp])[] = [
    [
      'no active service',
      '      activeService: shop-active\n',
      '',
      `${at}.activeService`,
      'FIELD_MISSING',
      /is missing/,
    ],
    [
      'one service for both',
      'previewService: shop-preview',
      'previewService: «shop-active',
      `${at}.previewService`,
      'DUPLICATE',
      /must differ/,
    ],
    [
      'a smaller preview',
      'autoPromotionSeconds: 90',
      'previewReplicaCount: «1',
      `${at}.previewReplicaCount`,
      'UNSUPPORTED',
      /another size than the 3 replicas/,
    ],
    [
      'a misspelt field',
      'autoPromotionSeconds',
      '«autoPromotionSecond',
      `${at}.autoPromotionSecond`,
      'FIELD_UNKNOWN',
      /did you mean autoPromotionSeconds\?/,
    ],
    [
      'a negative delay',
      'autoPromotionSeconds: 90',
      'autoPromotionSeconds: «-1',
      `${at}.autoPromotionSeconds`,
      'RANGE',
      /at least 0/,
    ],
    [
      'a template that is not there',
      'templateName: smoke',
      'templateName: «smok',
      `${at}.prePromotionAnalysis.templates[0].templateName`,
      'TEMPLATE_MISSING',
      /did you mean smoke/,
    ],
  ];
  for (const [says, from, to, where, code, message] of table) {
    test(`${says} (${code})`, () => {
      refused(blueGreen(from, to), where, `SHIPLOCK_PLAN_${code}`, message);
    });
  }

  test('analyses of the release file beside those of the Rollout (CHOICE)', () => {
    const files = blueGreen('', '', 'cutover: { «pause: 5s }\n');
    refused(files, 'cutover.pause', 'SHIPLOCK_PLAN_CHOICE', /says so itself/);
  });

  test('a Rollout that stands alone is checked by itself', () => {
    const folder = folderOf(blueGreen());
    const { ok, compiled, errors } = checkFiles(
      ['rollout.yaml', 'templates.yaml'].map((name) => path.join(folder, name)),
      { version: '1.2.0' },
    );
    assert.ok(ok, JSON.stringify(errors));
    const [rollout] = compiled;
    assert.ok(rollout?.kind === 'rollout');
    assert.deepEqual([rollout.canary.steps, rollout.cutover?.pauseMs], [[], 90_000]);
  });
});
