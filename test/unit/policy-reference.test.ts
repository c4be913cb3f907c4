import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { GATE_ENVIRONMENT, parsePolicy } from '../../workers/policy.ts';

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/policy.md'), 'utf8');
const [before = '', table = ''] = text.split('| field | default | |');
const example = /```yaml\n([\s\S]*?)```/.exec(before)?.[1] ?? '';

/** The first words of each row's first cell. */
const documented = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`(\w+)/g)].map((match) => match[1] ?? ''),
);

test('docs/policy.md has every field of a policy, and none that is none', () => {
  const fields = Object.keys(parsePolicy('services: []', 'policy.yaml'));
  assert.deepEqual(documented.toSorted(), fields.toSorted());
});

test('the policy of docs/policy.md is one', () => {
  const policy = parsePolicy(example, '/srv/policy.yaml');
  assert.deepEqual(policy.services, ['shop']);
  assert.equal(policy.secrets['judge/token']?.env, 'JUDGE_TOKEN');
});

test('the variables that gates see by default are written down', () => {
  const row = table.split('\n').find((line) => line.startsWith('| `environment`')) ?? '';
  for (const name of GATE_ENVIRONMENT) assert.match(row, new RegExp(`\`${name}\``));
});
