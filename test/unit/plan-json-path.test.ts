import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { compileAlone } from '../../src/plan/argo/alone.ts';
import { folderOf } from './plan-fixture.ts';

function compiled(jsonPath: string) {
  const template = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: 'health' },
    spec: {
      metrics: [
        { name: 'health', successCondition: 'result', provider: { web: { url: 'http://health.example', jsonPath } } },
      ],
    },
  };
  const folder = folderOf({ 'health.yaml': JSON.stringify(template) });
  return compileAlone({ files: [path.join(folder, 'health.yaml')], templates: [], args: {}, minimumReadings: 1 });
}

test('a path that can be followed is compiled', () => {
  for (const jsonPath of ['', '{$}', ' {$.data[0].ok}\n', '{.checks[?(@.name=="db")].ok}']) {
    const { analysis, errors } = compiled(jsonPath);
    assert.deepEqual(errors, []);
    const provider = analysis?.metrics[0]?.provider;
    assert.equal(provider?.kind === 'web' && provider.jsonPath, jsonPath.trim() || '{$}');
  }
});

test('a path that cannot is refused, with its column', () => {
  for (const [jsonPath, message] of [
    ['$.data.ok', /in braces: \{\$\.data\.ok\} \(at character 1 of the path\)/],
    ['{.data[0}', /"\[" is not closed by "\]" \(at character 7 of the path\)/],
    ['{range .items[*]}{.ok}{end}', /"range" is not understood/],
  ] as const) {
    const { analysis, errors } = compiled(jsonPath);
    assert.equal(analysis, null);
    assert.deepEqual(
      errors.map(({ code, path: at }) => `${code} ${at}`),
      ['SHIPLOCK_PLAN_JSON_PATH spec.metrics[0].provider.web.jsonPath'],
    );
    assert.match(errors[0]?.message ?? '', message);
  }
});
