/** Bad input of every kind: no importer throws, hangs, or writes what `check` would not take; every error has its place. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { type Imported, importFlagger, importRollout } from '../../src/import/index.ts';
import { createReport } from '../../src/plan/problem.ts';
import { parseDocuments } from '../../src/plan/yaml/read.ts';
import { FLAGGER } from '../fixtures/flagger/imports.ts';
import { processorMs } from '../fixtures/processor-time.ts';
import { random } from '../fixtures/random.ts';

const ROUNDS = 250;
const SEED = 47;
const root = mkdtempSync(path.join(tmpdir(), 'shiplock-import-'));
after(() => rmSync(root, { recursive: true }));

const file = path.join(root, 'manifest.yaml');
const output = path.join(root, 'release.yaml');
const IMPORTERS = {
  flagger: (text: string) => {
    writeFileSync(file, text);
    return importFlagger({ files: [file], output });
  },
  rollout: (text: string) => {
    writeFileSync(file, text);
    return importRollout({ files: [file], output });
  },
};
const WHOLE = {
  flagger: readFileSync(path.join(FLAGGER, 'checkout.yaml'), 'utf8'),
  rollout: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: api, namespace: shop }
spec:
  replicas: 4
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec: { containers: [{ name: api, image: "registry.example/api:1.0.0" }] }
  strategy:
    canary:
      canaryService: api-canary
      stableService: api-stable
      trafficRouting: { istio: { virtualService: { name: api } } }
      analysis: { templates: [{ templateName: rate }], startingStep: 1 }
      steps:
        - setWeight: 10
        - pause: { duration: 10m }
        - setWeight: 50
        - pause: {}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate }
spec:
  metrics:
    - name: rate
      interval: 1m
      successCondition: result[0] > 0.9
      provider: { prometheus: { address: "http://prometheus:9090", query: up } }
`,
};
type Name = keyof typeof WHOLE;

/** What holds of every import, whatever was given. */
function holds({ release, files, notes, refused, errors }: Imported): void {
  for (const { file: at, line, column, code, message } of [...errors, ...refused]) {
    assert.ok(at !== '' && line >= 1 && column >= 1, message);
    assert.match(code, /^SHIPLOCK_PLAN_[A-Z_]+$/);
    assert.ok(message.length > 0);
  }
  if (errors.length > 0) assert.deepEqual([release, files], [null, []]);
  else assert.ok(release !== null, 'neither an error nor a release');
  for (const { text } of [...(release === null ? [] : [release]), ...files]) {
    const report = createReport();
    const documents = parseDocuments(text, 'made', report);
    assert.deepEqual(report.errors(), [], 'what is made is YAML');
    assert.ok(documents.length > 0);
  }
  for (const { field, text } of notes) assert.ok(field !== '' && text !== '');
}

describe('bad input of an import', () => {
  const BOMB = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefgh'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]\n`)
    .join('')}`;
  const rows: [says: string, text: (whole: string) => string, code: RegExp, message: RegExp][] = [
    ['a YAML bomb', () => BOMB, /YAML_ALIASES/, /aliases/],
    ['10 MB', (whole) => whole + `# ${'x'.repeat(100)}\n`.repeat(100_000), /FILE_SIZE/, /larger than 1 MiB/],
    ['deep nesting', () => `a: ${'['.repeat(10_000)}`, /YAML_DEPTH/, /nests deeper/],
    ['no YAML', () => 'a: [b\nc: }', /YAML_SYNTAX/, /./],
    ['nothing', () => '', /KIND|ROLLOUT_MISSING/, /holds no/],
    ['a text', () => 'just words', /KIND/, /is missing; expected/],
    [
      'another kind',
      () => 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
      /KIND|ROLLOUT_MISSING/,
      /holds no/,
    ],
    ['several of a kind', (whole) => `${whole}---\n${whole}`, /DUPLICATE/, /is a second|second time/],
    ['a key twice', (whole) => whole.replace('kind:', 'kind: x\nkind:'), /YAML_SYNTAX/, /stands twice/],
  ];
  for (const name of ['flagger', 'rollout'] as const) {
    for (const [says, text, code, message] of rows) {
      it(`${name}: ${says} is an error`, () => {
        const made = IMPORTERS[name](text(WHOLE[name]));
        holds(made);
        assert.ok(
          made.errors.some((error) => code.test(error.code) && message.test(error.message)),
          JSON.stringify(made.errors),
        );
      });
    }
  }

  const places: [Name, from: string, to: string, path: string, code: string, message: RegExp][] = [
    ['flagger', 'stepWeight: 20', 'stepWeight: .nan', 'spec.analysis.stepWeight', 'TYPE', /is NaN; expected/],
    ['flagger', 'stepWeight: 20', 'stepWeight: 0', 'spec.analysis.stepWeight', 'RANGE', /never gets past weight 0/],
    ['flagger', 'stepWeight: 20', 'stepWeight: 101', 'spec.analysis.stepWeight', 'RANGE', /expected at most 100/],
    [
      'flagger',
      'stepWeight: 20',
      'stepWeights: [10, 5.5]',
      'spec.analysis.stepWeights[1]',
      'TYPE',
      /expected a whole number/,
    ],
    [
      'flagger',
      'interval: 1m\n    threshold',
      'interval: soon\n    threshold',
      'spec.analysis.interval',
      'DURATION',
      /"soon" is not a duration/,
    ],
    ['flagger', 'threshold: 5', 'treshold: 5', 'spec.analysis.treshold', 'FIELD_UNKNOWN', /did you mean threshold\?/],
    [
      'flagger',
      'type: pre-rollout',
      'type: pre-roll',
      'spec.analysis.webhooks[1].type',
      'VALUE',
      /expected .*"pre-rollout"/,
    ],
    [
      'flagger',
      'url: http://tester.shop/\n        timeout: 30s',
      'url: tester.shop\n        timeout: 30s',
      'spec.analysis.webhooks[1].url',
      'VALUE',
      /no http\(s\) address/,
    ],
    ['flagger', 'port: 80', 'port: http', 'spec.service.port', 'TYPE', /is "http"; expected a number/],
    [
      'flagger',
      'name: request-duration',
      'name: request-durations',
      'spec.analysis.metrics[1].name',
      'CHOICE',
      /did you mean request-duration\?/,
    ],
    [
      'flagger',
      '{ name: cart-errors, namespace: monitoring }\n        template',
      '{ name: cart, namespace: monitoring }\n        template',
      'spec.analysis.metrics[2].templateRef.name',
      'TEMPLATE_MISSING',
      /no MetricTemplate monitoring\/cart .*monitoring\/cart-errors/,
    ],
    ['flagger', 'name: load\n', 'name: request-duration\n', 'spec.analysis.metrics', 'DUPLICATE', /names must differ/],
    [
      'flagger',
      '{ max: 0.5 }',
      '{ max: .inf }',
      'spec.analysis.metrics[2].thresholdRange.max',
      'TYPE',
      /expected a number/,
    ],
    [
      'rollout',
      'setWeight: 10',
      'setWeight: .nan',
      'spec.strategy.canary.steps[0].setWeight',
      'WEIGHT_RANGE',
      /is NaN; expected a whole percentage/,
    ],
    [
      'rollout',
      'setWeight: 10',
      'setWieght: 10',
      'spec.strategy.canary.steps[0].setWieght',
      'FIELD_UNKNOWN',
      /did you mean setWeight\?/,
    ],
    ['rollout', 'replicas: 4', 'replicas: many', 'spec.replicas', 'TYPE', /is "many"; expected a number/],
    [
      'rollout',
      'templateName: rate',
      'templateName: rates',
      'spec.strategy.canary.analysis.templates[0].templateName',
      'TEMPLATE_MISSING',
      /did you mean rate\?/,
    ],
    ['rollout', 'result[0] > 0.9', 'result[0] >', 'spec.metrics[0].successCondition', 'CONDITION', /character/],
  ];
  for (const [name, from, to, at, code, message] of places) {
    it(`${name}: ${to.split('\n')[0]} is an error at ${at}`, () => {
      assert.ok(WHOLE[name].includes(from), from);
      const made = IMPORTERS[name](WHOLE[name].replace(from, to));
      holds(made);
      const found = made.errors.find((error) => error.path === at && error.code === `SHIPLOCK_PLAN_${code}`);
      assert.match(found?.message ?? JSON.stringify(made.errors), message);
      assert.equal(found?.file, file);
    });
  }
});

const SCRAPS = [
  '{{ target }}',
  '{{ if x }}',
  '{{args.revision}}',
  '&a ',
  '*a',
  '[',
  ']',
  '{',
  '}',
  '- ',
  '? ',
  ': ',
  '|',
  '#',
  '\t',
  '\n',
  '---\n',
  '<<: *a',
  '~',
  'null',
  'true',
  '1e999',
  '-1',
  '101',
  '.nan',
  '.inf',
  '0',
  '"',
  "'",
  '\u0000',
  '\u202e',
  '__proto__: 1',
  '!!set',
  'stepWeights: [1]',
  'iterations: 3',
  'skipAnalysis: true',
  'mirror: true',
  'blueGreen: {}',
  'match: [{}]',
  'experiment: {}',
  'workloadRef: {}',
  'provider: kubernetes',
  'headers: {a: [b]}',
  'http://u:p@x/',
  '99999999999999999999',
  '5x',
  '../..',
  '💥',
];

/** One to four small injuries of a text. */
function injured(text: string, next: () => number): string {
  let result = text;
  for (let times = 1 + Math.floor(next() * 4); times > 0; times -= 1) {
    const at = Math.floor(next() * result.length);
    const scrap = SCRAPS[Math.floor(next() * SCRAPS.length)] ?? '';
    const cut = next() < 0.5 ? Math.floor(next() * 30) : 0;
    result = result.slice(0, at) + (next() < 0.8 ? scrap : '') + result.slice(at + cut);
  }
  return result;
}

describe('an import of injured manifests', () => {
  for (const name of ['flagger', 'rollout'] as const) {
    it(`${name}: never throws, and makes YAML or errors with a place (${ROUNDS} rounds, seed ${SEED})`, () => {
      const next = random(SEED);
      const outcomes = { made: 0, refused: 0, wrong: 0 };
      for (let round = 0; round < ROUNDS; round += 1) {
        const text = injured(WHOLE[name], next);
        const startedAt = processorMs();
        let made: Imported;
        try {
          made = IMPORTERS[name](text);
          holds(made);
        } catch (error) {
          throw new Error(`round ${round}:\n${text}`, { cause: error });
        }
        assert.ok(processorMs() - startedAt < 5_000, `round ${round} took too long`);
        outcomes[made.errors.length > 0 ? 'wrong' : made.refused.length > 0 ? 'refused' : 'made'] += 1;
      }
      assert.ok(outcomes.made > 0 && outcomes.wrong > 0, JSON.stringify(outcomes));
    });
  }
});
