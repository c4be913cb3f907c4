import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { compileRelease, validatePlan } from '../../src/plan/index.ts';
import { random } from '../fixtures/random.ts';
import { blueGreen, folderOf, GOOD, WHOLE } from './plan-fixture.ts';

/** For each of the releases. */
const ROUNDS = 300;
const SEED = 43;

const SCRAPS = [
  '{{ .Values.x }}',
  '{{args.x}}',
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
  '>',
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
  '5x',
  '.nan',
  '"',
  "'",
  '\u0000',
  '\u202e',
  '__proto__: 1',
  '!!set',
  'setWeight: 5',
  'pause: {}',
  'experiment: {}',
  'templates: [x]',
  'setPercent: 7',
  'onFailure: phase',
  'blueGreen: {}',
  'cutover: {}',
  'sha256:',
  '{{args.service-name}}',
  '{{secret.a/b}}',
  '{{revision.latest}}',
  'http://u:p@x/',
  'now() - duration("1h")',
  'jsonBody: { a: [1] }',
  'apiVersion: v2',
  'queries: { a: b }',
  'basicAuth: { username: a }',
  '$(NAME)',
  '../..',
  'constructor: {}',
  '9007199254740993',
  'é\u0301',
  '💥',
] as const;

function mutate(text: string, next: () => number): string {
  const at = Math.floor(next() * (text.length + 1));
  const length = Math.floor(next() * 12);
  const scrap = SCRAPS[Math.floor(next() * SCRAPS.length)] ?? '';
  const lines = text.split('\n');
  const line = Math.floor(next() * lines.length);
  switch (Math.floor(next() * 6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + scrap + text.slice(at);
    case 2:
      return text.slice(0, at) + scrap + text.slice(at + length);
    case 3:
      return [...lines.slice(0, line), lines[Math.floor(next() * lines.length)] ?? '', ...lines.slice(line)].join('\n');
    case 4:
      return [...lines.slice(0, line), `  ${lines[line]}`, ...lines.slice(line + 1)].join('\n');
    default:
      return (lines[line] ?? '').includes(': ')
        ? [...lines.slice(0, line), (lines[line] ?? '').replace(/: .*/, `: ${scrap}`), ...lines.slice(line + 1)].join(
            '\n',
          )
        : text.slice(0, at);
  }
}

/** The templates of the canary with a metric of each provider besides. */
const EVERY_PROVIDER = {
  ...GOOD,
  'templates.yaml': (GOOD['templates.yaml'] ?? '')
    .replace(
      '    - name: service-name\n',
      `    - name: service-name
    - name: token
      valueFrom: { secretKeyRef: { name: judge, key: token } }
`,
    )
    .replace(
      '---\n',
      `          headers: [{ key: X-Scope-OrgID, value: 'tenant-{{args.service-name}}' }]
          authentication: { basicAuth: { username: shop, password: '{{args.token}}' } }
          rangeQuery: { start: 'now() - duration("1h")', end: now(), step: 1m }
    - name: web
      interval: 1m
      successCondition: result.ok
      provider:
        web:
          url: https://judge.example/{{args.service-name}}
          method: POST
          headers: [{ key: Authorization, value: 'Bearer {{args.token}}' }]
          jsonBody: { service: '{{args.service-name}}' }
          jsonPath: '{$.data}'
          timeoutSeconds: 5
    - name: datadog
      interval: 1m
      successCondition: default(result, 0) < 1
      provider:
        datadog:
          apiVersion: v2
          interval: 5m
          aggregator: avg
          queries: { a: 'sum:bad{*}', b: 'sum:all{*}' }
          formula: a / b
          secretRef: { name: shop, namespaced: true }
    - name: job
      count: 1
      provider:
        job:
          spec:
            backoffLimit: 1
            activeDeadlineSeconds: 60
            template:
              spec:
                containers:
                  - name: smoke
                    image: alpine
                    command: [smoke, '$(TARGET)']
                    workingDir: /srv/shop
                    env: [{ name: TARGET, value: 'http://{{args.service-name}}' }]
---
`,
    ),
};

const RELEASES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['of a canary', GOOD],
  ['with every phase', WHOLE],
  ['of a blue-green Rollout', blueGreen()],
  ['that asks every provider', EVERY_PROVIDER],
];

for (const [kind, files] of RELEASES) {
  const says = 'never crash the compiler; each is refused with a place or is a valid plan';
  test(`${ROUNDS} mutated releases ${kind} ${says}`, () => mutateAll(files));
}

function mutateAll(files: Readonly<Record<string, string>>): void {
  const next = random(SEED);
  const folder = folderOf(files);
  const names = Object.keys(files);
  let compiledCount = 0;
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const name = names[Math.floor(next() * names.length)] ?? 'release.yaml';
    let text = files[name] ?? '';
    for (let times = 1 + Math.floor(next() * 3); times > 0; times--) text = mutate(text, next);
    writeFileSync(path.join(folder, name), text);
    const started = process.cpuUsage();
    const compiled = compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.0.0' });
    const { user, system } = process.cpuUsage(started);
    slowest = Math.max(slowest, (user + system) / 1_000);
    writeFileSync(path.join(folder, name), files[name] ?? '');
    if (compiled.ok) {
      compiledCount += 1;
      assert.deepEqual(validatePlan(JSON.parse(JSON.stringify(compiled.plan))), compiled.plan, text);
      continue;
    }
    assert.ok(compiled.errors.length > 0, `round ${round} is refused without a reason:\n${text}`);
    for (const { line, column, code, message } of compiled.errors) {
      assert.ok(line >= 1 && column >= 1 && message !== '', `round ${round}: ${code} at ${line}:${column}`);
      assert.notEqual(code, 'SHIPLOCK_PLAN_INVALID', `round ${round}: the compiler made an invalid plan: ${message}`);
    }
  }
  assert.ok(compiledCount > 0 && compiledCount < ROUNDS, `${compiledCount} of ${ROUNDS} compiled`);
  assert.ok(slowest < 3_000, `the slowest took ${Math.round(slowest)} ms of the processor`);
}
