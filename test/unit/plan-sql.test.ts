import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { misfitsOf } from '../../src/plan/sql/one-transaction.ts';
import { statementsOf } from '../../src/plan/sql/statements.ts';
import { tokensOf } from '../../src/plan/sql/tokens.ts';
import { processorMs } from '../fixtures/processor-time.ts';
import { random } from '../fixtures/random.ts';
import { BEFORE, FITS, MISFITS } from '../fixtures/sql-statements.ts';

describe('what cannot stand in the one transaction of a file', () => {
  for (const [before, statement, what] of MISFITS) {
    it(`is found: ${JSON.stringify(before + statement)}`, () => {
      const found = misfitsOf(`${before}${statement};\nSELECT 1;`);
      const places = found.map((misfit) => [misfit.what, misfit.index]);
      assert.deepEqual(places, [[what, before.length]]);
    });
  }

  it('is found wherever it stands, each of them', () => {
    const found = misfitsOf('BEGIN;\nSELECT 1;\nVACUUM items;\nCOMMIT');
    assert.deepEqual(
      found.map(({ what, because, index }) => `${index} ${what} ${because}`),
      [
        '0 BEGIN ends or divides the transaction',
        '17 VACUUM cannot run in a transaction',
        '31 COMMIT ends or divides the transaction',
      ],
    );
  });

  for (const statement of [BEFORE, ...FITS]) {
    it(`is not: ${JSON.stringify(statement)}`, () => assert.deepEqual(misfitsOf(statement), []));
  }
});

describe('statements', () => {
  const count = (sql: string) => statementsOf(sql).length;

  it('are none where there are only spaces, comments and semicolons', () => {
    for (const sql of ['', ' ;\n;', '-- a', '/* a', '/* /* a */ b */ ;']) assert.equal(count(sql), 0, sql);
  });

  it('end at a semicolon that is not in quotes, comments, parentheses or a body', () => {
    assert.equal(count('SELECT 1; SELECT 2'), 2);
    for (const sql of FITS.filter((text) => !/; (?:DROP|ALTER|SELECT)/.test(text))) assert.equal(count(sql), 1, sql);
  });

  it('go to the end where something does not end: PostgreSQL refuses the text', () => {
    for (const sql of ["SELECT '; COMMIT", 'SELECT "; COMMIT', 'SELECT $a$; COMMIT; $b$', "SELECT E'\\'; COMMIT"]) {
      assert.equal(count(sql), 1, sql);
    }
  });
});

const pick = <Item>(items: readonly Item[], next: () => number): Item =>
  items[Math.floor(next() * items.length)] as Item;

describe('any text', () => {
  it('of statements that fit, with one in it that does not, is found to have that one', () => {
    const next = random(43);
    const glue = [';', ';\n', ' ; ', ';;', '; -- COMMIT;\n', '; /* COMMIT; /* ; */ */ '];
    for (let round = 0; round < 500; round += 1) {
      const some = () => Array.from({ length: Math.floor(next() * 6) }, () => `${pick(FITS, next)}${pick(glue, next)}`);
      const before = some().join('');
      const [, statement, what] = pick(MISFITS, next);
      const sql = `${before}${statement};${some().join('')}`;
      const found = misfitsOf(sql).map((misfit) => [misfit.what, misfit.index]);
      assert.deepEqual(found, [[what, before.length]], sql);
    }
  });

  it('is cut into tokens that follow one another, and every word of it is one of the text', () => {
    const next = random(47);
    const scraps = [
      ...'\'"$;()/*-\\E&U \n\r\t1a.\u0000é💥',
      '/*',
      '*/',
      '--',
      '$a$',
      "E'",
      'BEGIN ATOMIC ',
      'END',
      'CREATE ',
    ];
    for (let round = 0; round < 3_000; round += 1) {
      const sql = Array.from({ length: Math.floor(next() * 60) }, () => pick(scraps, next)).join('');
      let last = -1;
      for (const { kind, text, index } of tokensOf(sql)) {
        assert.ok(index > last && index < sql.length, sql);
        if (kind === 'word') assert.equal(sql.slice(index, index + text.length).toUpperCase(), text, sql);
        last = index;
      }
      misfitsOf(sql);
    }
  });

  it('of the largest size that a file may have is read in well under a second, whatever it is made of', () => {
    for (const scrap of [
      "'",
      '"',
      '$',
      '$$',
      '$a$',
      '/*',
      '-',
      '--\n',
      "E'a' \n",
      "E'a'--\n",
      '(',
      ';',
      '\\',
      'a ',
      '$a$$b$',
      "E'",
    ]) {
      const sql = scrap.repeat(Math.floor(65_536 / scrap.length));
      const startedAt = processorMs();
      misfitsOf(sql);
      const tookMs = processorMs() - startedAt;
      assert.ok(tookMs < 1_000, `${JSON.stringify(scrap)}: ${Math.round(tookMs)} ms`);
    }
  });
});
