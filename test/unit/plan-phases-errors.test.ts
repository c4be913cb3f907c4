import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { edited, GOOD, WHOLE } from './plan-fixture.ts';
import { type BadInput, compileFiles, refused, replaced } from './plan-refusals.ts';

const IMAGE = /image:\n {2}repository[\s\S]*?(?=database:)/;
const CASES: readonly BadInput[] = [
  ['a misspelt phase', 'cutover:', '«cutovr:', 'cutovr', 'FIELD_UNKNOWN', /did you mean cutover\?/],
  ['an order of phases', 'notify:', '«phases: []\nnotify:', 'phases', 'FIELD_UNKNOWN', /not a known field/],
  ['a phase twice', 'notify:', '«cutover: {}\nnotify:', '', 'YAML_SYNTAX', /key/i],
  [
    'an image with its tag',
    'localhost:5000/shop/api',
    '«localhost:5000/shop/api:1.0',
    'image.repository',
    'VALUE',
    /without tag/,
  ],
  [
    'an image with its digest',
    'localhost:5000/shop/api',
    `«shop/api@sha256:${'0'.repeat(64)}`,
    'image.repository',
    'VALUE',
    /without tag/,
  ],
  [
    'plain HTTP to another machine',
    'localhost:5000/shop/api\n  build: { directory: app }\n  insecure: true',
    'registry.example/shop/api\n  insecure: «true',
    'image.insecure',
    'VALUE',
    /needs TLS/,
  ],
  [
    'half a digest',
    '  insecure: true',
    '  digest: «sha256:0123',
    'image.digest',
    'VALUE',
    /expected sha256: and 64 hex digits/,
  ],
  [
    'a digest that no Helm value carries',
    'digest: image.digest',
    'digest: «image.sum',
    'configuration[0].helm.digest',
    'EDIT_TARGET',
    /no text at image.sum; expected the digest there/,
  ],
  [
    'a digest where the tag is',
    'digest: image.digest',
    'digest: «image.tag',
    'configuration[0].helm.digest',
    'DUPLICATE',
    /as the tag/,
  ],
  [
    'a database without files',
    '  expand: db/expand\n  contract: db/contract\n',
    '',
    'database',
    'NEEDS',
    /names no files/,
  ],
  [
    'an approval without a contract',
    '  contract: db/contract\n',
    '  «approval: { deadline: 1m }\n',
    'database.approval',
    'NEEDS',
    /without a contract/,
  ],
  [
    'a folder of SQL that is not there',
    'expand: db/expand',
    'expand: «db/none',
    'database.expand',
    'FILE',
    /db\/none does not exist/,
  ],
  ['a file as folder of SQL', 'expand: db/expand', 'expand: «values.yaml', 'database.expand', 'FILE', /is no folder/],
  ['a folder without SQL', 'expand: db/expand', 'expand: «db', 'database.expand', 'NEEDS', /no file that ends in .sql/],
  [
    'one folder for both',
    'contract: db/contract',
    'contract: «db/expand',
    'database.contract',
    'DUPLICATE',
    /holds 001_add_owner.sql, as/,
  ],
  [
    'a lock that is waited for without end',
    '  name: shop\n',
    '  name: shop\n  lockTimeout: «0\n',
    'database.lockTimeout',
    'RANGE',
    /wait for ever/,
  ],
  [
    'a database whose name is none',
    '  name: shop\n',
    '  name: «postgres://shop\n',
    'database.name',
    'VALUE',
    /DNS label/,
  ],
  [
    'a preview of no path',
    'path: /health }\n  before',
    'path: «health }\n  before',
    'cutover.preview.path',
    'VALUE',
    /starts with \//,
  ],
  [
    'a template that is not there',
    'before: { templates: [{ templateName: smoke }] }',
    'before: { templates: [{ templateName: «smok }] }',
    'cutover.before.templates[0].templateName',
    'TEMPLATE_MISSING',
    /did you mean smoke\?/,
  ],
  [
    'an approval that is automatic',
    '  preview: { path: /health }\n',
    '  automatic: true\n  «approval: {}\n',
    'cutover.approval',
    'CHOICE',
    /asks nobody/,
  ],
  [
    'an approval and a pause',
    '  preview: { path: /health }\n',
    '  approval: {}\n  «pause: 5s\n',
    'cutover.pause',
    'CHOICE',
    /a person decides when/,
  ],
  [
    'an undone canary that stays',
    'canary:\n',
    'canary:\n  «onFailure: phase\n',
    'canary.onFailure',
    'ON_FAILURE',
    /nothing would be released/,
  ],
  [
    'an undone image that stays',
    '  insecure: true',
    '  insecure: true\n  «onFailure: phase',
    'image.onFailure',
    'ON_FAILURE',
    /nothing would be released/,
  ],
  [
    'an undone database that stays',
    '  name: shop\n',
    '  name: shop\n  «onFailure: phase\n',
    'database.onFailure',
    'ON_FAILURE',
    /can only be release/,
  ],
  [
    'an undone promotion that stays',
    '  monitor: {}',
    '  monitor: {}\n  «onFailure: phase',
    'promotion.onFailure',
    'ON_FAILURE',
    /nothing would be released/,
  ],
  [
    'an undone cutover that stays',
    '  preview: { path: /health }\n',
    '  «onFailure: phase\n',
    'cutover.onFailure',
    'ON_FAILURE',
    /nothing would be released/,
  ],
  [
    'an undone window that stays',
    'notify:',
    'window: { «onFailure: phase }\nnotify:',
    'window.onFailure',
    'ON_FAILURE',
    /altogether/,
  ],
  [
    'a failure that does something else',
    'onFailure: phase',
    'onFailure: «ignore',
    'flags.onFailure',
    'VALUE',
    /"release" or "phase"/,
  ],
];

describe('what is wrong with a phase is refused at its place', () => {
  for (const [says, from, to, at, code, message] of CASES) {
    test(`${says} (${code})`, () => refused(replaced(from, to), at, `SHIPLOCK_PLAN_${code}`, message));
  }

  test('each onFailure may say release, which changes nothing', () => {
    const { ok, errors } = compileFiles(replaced('canary:\n', 'canary:\n  onFailure: release\n'));
    assert.ok(ok, JSON.stringify(errors));
  });
});

describe('a phase without what it needs is refused', () => {
  const without = (section: RegExp) => {
    const text = WHOLE['release.yaml'] ?? '';
    return { ...WHOLE, 'release.yaml': text.replace(section, '') };
  };

  test('a digest in the Helm values, and a look at the image, without an image', () => {
    refused(without(IMAGE), 'configuration[0].helm.digest', 'SHIPLOCK_PLAN_NEEDS', /names none; add the section image/);
    refused(without(IMAGE), 'validation.security.image', 'SHIPLOCK_PLAN_NEEDS', /names none; add the section image/);
  });

  test('a release without canary and without cutover', () => {
    const text = (GOOD['release.yaml'] ?? '').replace(/canary:\n[\s\S]*$/, '');
    refused({ ...GOOD, 'release.yaml': text }, 'canary', 'SHIPLOCK_PLAN_FIELD_MISSING', /expected a map, or a cutover/);
  });

  test('a canary without steps and without cutover', () => {
    const files = edited('release.yaml', '  rollout: { file: rollout.yaml }\n', '');
    refused(files, 'canary', 'SHIPLOCK_PLAN_CHOICE', /has none; expected exactly one of rollout, steps/);
  });

  test('a background analysis without steps', () => {
    const background = '  «background: { templates: [{ templateName: smoke }] }\n';
    const files = edited('release.yaml', '  rollout: { file: rollout.yaml }\n', background);
    const text = (files['release.yaml'] ?? '').replace('  monitor: {}\n', '  automatic: true\ncutover: {}\n');
    refused({ ...files, 'release.yaml': text }, 'canary.background', 'SHIPLOCK_PLAN_NEEDS', /no steps/);
  });

  test('a last look at a canary that gets no traffic', () => {
    const text = (GOOD['release.yaml'] ?? '').replace(/ {2}rollout: .*\n/, '').replace('  monitor', '  «monitor');
    refused(
      { ...GOOD, 'release.yaml': `${text}cutover: {}\n` },
      'promotion.monitor',
      'SHIPLOCK_PLAN_NEEDS',
      /cutover.before/,
    );
  });

  test('a cutover that decides otherwise than AUTO_PROMOTE', () => {
    const files = replaced('  preview: { path: /health }\n', '  automatic: «false\n');
    const request = { overrides: { autoPromote: true } };
    refused(files, 'cutover.automatic', 'SHIPLOCK_PLAN_AUTO_PROMOTE', /is false, but true was asked for/, request);
  });
});
