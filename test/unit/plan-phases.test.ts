import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { describe, test } from 'node:test';
import { type CompileRequest, compileRelease, type Plan, planDigest, validatePlan } from '../../src/plan/index.ts';
import { edited, folderOf, GOOD, WHOLE } from './plan-fixture.ts';

type Files = Readonly<Record<string, string>>;

function compile(files: Files, request: Partial<CompileRequest> = {}) {
  const folder = folderOf(files);
  const compiled = compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.2.0', ...request });
  assert.ok(compiled.ok, JSON.stringify(compiled.errors, null, 2));
  return { ...compiled, folder };
}

const whole = (from: string, to: string) => edited('release.yaml', from, to, WHOLE);
describe('a release file with every phase', () => {
  const { plan, folder, warnings } = compile(WHOLE);

  test('becomes a plan that a worker accepts, without a warning', () => {
    assert.deepEqual(validatePlan(JSON.parse(JSON.stringify(plan))), plan);
    assert.deepEqual(warnings, []);
  });

  test('has an image with its build', () => {
    assert.deepEqual(plan.image, {
      repository: 'localhost:5000/shop/api',
      build: { directory: path.join(folder, 'app'), file: 'Dockerfile', timeoutMs: 600_000 },
      digest: null,
      insecure: true,
    });
  });

  test('writes the digest right after the tag, into a field of its own', () => {
    const file = path.join(folder, 'values.yaml');
    assert.deepEqual(plan.configuration, [
      { kind: 'helm', file, field: 'image.tag' },
      { kind: 'helm', file, field: 'image.digest', carries: 'digest' },
    ]);
  });

  test('holds the SQL itself, in the order of the names, each with its SHA-256', () => {
    const sql = WHOLE['db/expand/001_add_owner.sql'] ?? '';
    assert.deepEqual(plan.database?.expand[0], {
      name: '001_add_owner.sql',
      sql,
      sha256: createHash('sha256').update(sql).digest('hex'),
    });
    assert.equal(plan.database?.expand[1]?.name, '002_index_owner.sql');
    assert.deepEqual(
      plan.database?.contract.map(({ name }) => name),
      ['003_drop_seller.sql'],
    );
    const { lockTimeoutMs, statementTimeoutMs, deadlineMs, approval } = plan.database ?? {};
    assert.deepEqual([lockTimeoutMs, statementTimeoutMs, deadlineMs], [500, 30_000, 300_000]);
    assert.deepEqual(approval, { deadlineMs: 3_600_000, requires: 'anonymous', quorum: 1, notStarter: false });
  });

  test('switches by itself after a canary, whose promotion has asked already', () => {
    const { preview, before, approval, pauseMs, after } = plan.cutover ?? {};
    assert.deepEqual(preview, { path: '/health', status: 200, timeoutMs: 5_000 });
    assert.deepEqual([before?.templates, after?.templates], [['smoke'], ['smoke']]);
    assert.deepEqual([approval, pauseMs], [null, null]);
    assert.notEqual(plan.promotion.approval, null);
  });

  test('ramps a flag with pauses and analyses, its variant on', () => {
    const [ramp] = plan.flags?.ramps ?? [];
    assert.deepEqual([ramp?.key, ramp?.variant, plan.flags?.onFailure], ['new-checkout', 'on', 'phase']);
    assert.deepEqual(
      ramp?.steps.map(({ kind }) => kind),
      ['setPercent', 'pause', 'analysis', 'setPercent'],
    );
  });

  test('has a last look with every default filled in', () => {
    assert.deepEqual(plan.validation, {
      onFailure: 'release',
      security: {
        auditGate: 'audit',
        headers: { path: '/health', required: { 'x-content-type-options': 'nosniff' } },
        image: true,
      },
      performance: {
        path: '/items',
        ratePerSecond: 20,
        durationMs: 30_000,
        p95Seconds: 0.5,
        errorShare: 0.01,
        versusStable: null,
      },
    });
    assert.deepEqual(plan.notify, ['deploys']);
  });

  test('gives every wait a deadline', () => {
    const waits = (value: unknown): number[] =>
      typeof value !== 'object' || value === null
        ? []
        : Object.entries(value).flatMap(([key, inner]) => (/deadlineMs$/i.test(key) ? [Number(inner)] : waits(inner)));
    const found = waits(plan);
    assert.ok(found.length >= 14 && found.every((ms) => ms > 0), String(found));
  });
});

describe('an edit of the tag of an image that carries a digest', () => {
  const DIGEST = `sha256:${'a'.repeat(64)}`;
  const compiled = (more: string) => {
    const pinned = edited('rollout.yaml', 'shop/api:{{ .Values.image.tag }}', `shop/api:1.0.0@${DIGEST}`, WHOLE);
    const edit = `- rollout: { file: rollout.yaml, container: api${more} }`;
    const folder = folderOf(edited('release.yaml', 'canary:\n', `  ${edit}\ncanary:\n`, pinned));
    return compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.2.0' });
  };

  test('is refused without an edit of the digest, which would go on choosing the old image', () => {
    const { errors } = compiled('');
    assert.deepEqual(
      errors.map(({ code, path: at }) => `${code} ${at}`),
      ['SHIPLOCK_PLAN_EDIT_TARGET configuration[1].rollout.container'],
    );
    assert.match(errors[0]?.message ?? '', /add digest: true, or take the digest out/);
  });

  test('is fine with one', () => assert.deepEqual(compiled(', digest: true').errors, []));
});

describe('phases that are left out', () => {
  const LATER = ['image', 'database', 'cutover', 'flags', 'validation', 'notify'];

  test('leave no key in the plan, so that plans without them keep their digest', () => {
    const keys = Object.keys(compile(GOOD).plan);
    assert.deepEqual(
      keys.filter((key) => LATER.includes(key)),
      [],
    );
  });

  test('keep the digest that the same release had before there were any', () => {
    const { plan, folder } = compile(GOOD);
    assert.equal(
      planDigest(JSON.parse(JSON.stringify(plan).replaceAll(folder, '/shop'))),
      '7ae4567a134ce31d13b3e7847d970689bb47d3e99018f18b1723aab647f1e404',
    );
  });

  test('each changes the digest where it is there', () => {
    const { plan } = compile(WHOLE);
    const digests = LATER.map((section) => planDigest({ ...plan, [section]: undefined } as Plan));
    assert.equal(new Set([...digests, planDigest(plan)]).size, LATER.length + 1);
  });

  test('the digest changes with one letter of the SQL', () => {
    const changed = compile({ ...WHOLE, 'db/expand/001_add_owner.sql': 'ALTER TABLE items ADD COLUMN owner_ text;\n' });
    assert.notEqual(changed.plan.database?.expand[0]?.sha256, compile(WHOLE).plan.database?.expand[0]?.sha256);
  });

  test('a digest of an Argo Rollout is an edit after its tag', () => {
    const files = edited(
      'release.yaml',
      '  - helm: { file: values.yaml, digest: image.digest }',
      '  - rollout: { file: rollout.yaml, container: api, digest: true }',
      WHOLE,
    );
    const rollout = (WHOLE['rollout.yaml'] ?? '').replace('{{ .Values.image.tag }}', '1.0.0');
    const edit = { kind: 'rollout', field: 'api', resource: 'shop' };
    assert.deepEqual(
      compile({ ...files, 'rollout.yaml': rollout }).plan.configuration.map(({ file: _, ...rest }) => rest),
      [edit, { ...edit, carries: 'digest' }],
    );
  });

  test('a database may have a contract alone, or an expand alone', () => {
    assert.deepEqual(compile(whole('  expand: db/expand\n', '')).plan.database?.expand, []);
    assert.deepEqual(compile(whole('  contract: db/contract\n', '')).plan.database?.contract, []);
  });

  test('a checklist needs neither security nor performance', () => {
    const files = { ...GOOD, 'release.yaml': `${GOOD['release.yaml']}validation: {}\n` };
    assert.deepEqual(compile(files).plan.validation, { onFailure: 'release', security: null, performance: null });
  });

  test('other files of a folder of SQL are left alone', () => {
    assert.equal(compile({ ...WHOLE, 'db/expand/README.md': '# why\n' }).plan.database?.expand.length, 2);
  });
});

describe('a plan with every phase that nobody compiled', () => {
  const { plan } = compile(WHOLE);
  const { database, cutover, flags, validation, image } = plan;
  assert.ok(database && cutover && flags && validation && image);
  const [file] = database.expand;
  const [ramp] = flags.ramps;
  assert.ok(file && ramp);
  const step = (percent: number) => ({ kind: 'setPercent', percent }) as const;

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'SQL that is not what was approved',
      { database: { ...database, expand: [{ ...file, sql: 'DROP TABLE items' }] } },
      /sha256/,
    ],
    [
      'a migration of another name',
      { database: { ...database, expand: [{ ...file, name: '../x.sql' }] } },
      /database.expand\[0\].name/,
    ],
    ['one migration twice', { database: { ...database, contract: [file] } }, /migrations whose names differ/],
    ['no migration', { database: { ...database, expand: [], contract: [] } }, /at least one migration/],
    ['a lock that is waited for without end', { database: { ...database, lockTimeoutMs: 0 } }, /lockTimeoutMs/],
    ['plain HTTP to another machine', { image: { ...image, repository: 'registry.example/shop' } }, /on this machine/],
    ['a digest that is none', { image: { ...image, digest: 'sha256:x' } }, /64 hex digits/],
    [
      'a digest in the configuration without an image',
      { image: undefined },
      /configuration\[1\].carries: expected an image/,
    ],
    ['an approval and a pause', { cutover: { ...cutover, approval: database.approval, pauseMs: 1 } }, /not both/],
    [
      'a flag that falls',
      { flags: { ...flags, ramps: [{ ...ramp, steps: [step(50), step(10)] }] } },
      /percents that rise/,
    ],
    ['a flag that never moves', { flags: { ...flags, ramps: [{ ...ramp, steps: [] }] } }, /percents that rise/],
    ['a flag twice', { flags: { ...flags, ramps: [ramp, ramp] } }, /one ramp for each flag/],
    ['another onFailure', { flags: { ...flags, onFailure: 'ignore' } }, /flags.onFailure/],
    ['an audit of no gate', { gates: [] }, /validation.security.auditGate/],
    [
      'a load without bounds',
      { validation: { ...validation, performance: { ...validation.performance, durationMs: 3_600_000 } } },
      /performance.durationMs/,
    ],
    [
      'a load of too few requests to be judged',
      { validation: { ...validation, performance: { ...validation.performance, durationMs: 4_999 } } },
      /at least 100 requests/,
    ],
    ['a webhook twice', { notify: ['deploys', 'deploys'] }, /notify: expected names that differ/],
  ];
  for (const [name, change, message] of wrong) {
    test(`is refused with ${name}`, () => {
      assert.throws(() => validatePlan({ ...plan, ...(change as object) }), { code: 'SHIPLOCK_PLAN_INVALID', message });
    });
  }
});
