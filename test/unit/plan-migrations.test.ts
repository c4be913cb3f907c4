import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { compileRelease } from '../../src/plan/index.ts';
import { folderOf, WHOLE } from './plan-fixture.ts';
import { compileFiles } from './plan-refusals.ts';

describe('a file of SQL is refused at its place', () => {
  const EXPAND = 'db/expand/001_add_owner.sql';
  const sql = (text: string | Buffer, name = EXPAND) => {
    const folder = folderOf(WHOLE);
    writeFileSync(path.join(folder, name), text);
    const { errors } = compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.2.0' });
    return errors.map(
      (error) => `${path.relative(folder, error.file)}:${error.line}:${error.column} ${error.code} ${error.message}`,
    );
  };

  const table: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['empty', '', /001_add_owner.sql:1:1 SHIPLOCK_PLAN_SQL is empty/],
    ['only comments', '-- nothing\n/* at all */ ;\n', /SHIPLOCK_PLAN_SQL is empty/],
    ['a comment without an end', '/* nothing', /SHIPLOCK_PLAN_SQL is empty/],
    ['no UTF-8', Buffer.from([0x53, 0xff, 0xfe]), /SHIPLOCK_PLAN_SQL is no UTF-8/],
    [
      'a character that no SQL has',
      'SELECT 1;\nSELECT \u0000;',
      /001_add_owner.sql:2:8 SHIPLOCK_PLAN_SQL holds the character U\+0000/,
    ],
    [
      'a statement that ends the transaction',
      'SELECT 1;\n/* done */ COMMIT;',
      /001_add_owner.sql:2:12 SHIPLOCK_PLAN_SQL COMMIT ends or divides the transaction/,
    ],
    [
      'a statement that cannot run in a transaction',
      'CREATE INDEX CONCURRENTLY ON items (id);',
      /001_add_owner.sql:1:1 SHIPLOCK_PLAN_SQL CREATE INDEX CONCURRENTLY cannot run in a transaction/,
    ],
    ['larger than 64 KiB', 'x'.repeat(64 * 1024 + 1), /SHIPLOCK_PLAN_SQL is larger than 64 KiB/],
  ];
  for (const [says, text, message] of table) {
    test(says, () => {
      const found = sql(text);
      assert.equal(found.length, 1, String(found));
      assert.match(found[0] ?? '', message);
    });
  }

  test('64 KiB are fine, and so is a byte order mark, which goes', () => {
    assert.deepEqual(sql(`SELECT 1; -- ${'x'.repeat(64 * 1024 - 13)}`), []);
    const folder = folderOf({ ...WHOLE, [EXPAND]: '\ufeffSELECT 1;' });
    const compiled = compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.2.0' });
    assert.equal(compiled.plan?.database?.expand[0]?.sql, 'SELECT 1;');
  });

  test('a name without a number', () => {
    assert.match(
      String(sql('SELECT 1;', 'db/expand/add.sql')),
      /add.sql:1:1 SHIPLOCK_PLAN_SQL is no name of a migration/,
    );
  });

  test('two files of one number, and numbers whose order is not that of the names', () => {
    assert.match(String(sql('SELECT 1;', 'db/expand/002_other.sql')), /DUPLICATE .*of one number; which comes first\?/);
    assert.match(String(sql('SELECT 1;', 'db/expand/10_other.sql')), /SHIPLOCK_PLAN_SQL .*numbers of one length/);
  });

  test('a folder that is named like a file', () => {
    const folder = folderOf(WHOLE);
    mkdirSync(path.join(folder, 'db/expand/004_dir.sql'));
    const { errors } = compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.2.0' });
    assert.match(errors[0]?.message ?? '', /is not a file/);
  });

  test('more than 50 files, and more than 512 KiB together', () => {
    const many = (count: number, text: string) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, n) => [`db/expand/${String(n + 101)}_x.sql`, text] as const),
      );
    const said = (files: Record<string, string>) =>
      compileFiles({ ...WHOLE, ...files }).errors.map(({ message }) => message);
    assert.match(String(said(many(49, 'SELECT 1;'))), /51 migrations|52 migrations/);
    assert.match(String(said(many(9, `SELECT 1;${' '.repeat(60_000)}`))), /KiB of SQL; expected at most 512/);
  });
});
