import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePlan } from '../../src/client/index.ts';
import { startWords } from '../../src/client/words.ts';
import { somePlan } from '../fixtures/some-plan.ts';

const rowsOf = (details: string): string[] =>
  details
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .replaceAll('\u00a0', '')
        .split(' | ')
        .join(': ')
        .replace(/^\| | \|$/g, ''),
    );

test('the details in the UI name every phase of a release, in the order in which they run', async () => {
  const { plan, planDigest } = await compilePlan({ file: 'infra/demo/release.yaml', version: '1.1.0' });
  const rows = rowsOf(startWords(plan, planDigest, 'ci').details);
  assert.deepEqual(rows, [
    'Service: credlink-api',
    'Environment: demo',
    'Version: 1.1.0',
    'Started by: ci (claimed)',
    `Plan: ${planDigest.slice(0, 12)}`,
    'Gates: test, coverage, build, audit',
    'Expand: 001_credentials.sql, 002_issuer_id.sql',
    'Ramp: 10 % → 25 % → 50 % → 75 %',
    'Promotion: after approval',
    'Cutover: one switch, automatic',
    'Flags: new-credentials=on 10 % → 50 % → 100 %',
    'Validation: checklist from the evidence',
    'Window: 5s',
    'Contract: 003_drop_issuer_name.sql',
  ]);
});

test('phases that a release lacks are left out, and a version cannot break out of its cell', () => {
  const { database, cutover, flags, validation, image, ...plan } = somePlan();
  const rows = rowsOf(startWords({ ...plan, version: 'a|<b>' }, 'd'.repeat(64), 'ci').details);
  assert.deepEqual(
    rows.map((row) => row.split(':')[0]),
    ['Service', 'Environment', 'Version', 'Started by', 'Plan', 'Gates', 'Ramp', 'Promotion', 'Window'],
  );
  assert.ok(rows.includes('Version: a\\|\\<b\\>'));
});
