import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkFiles, compileRelease } from '../../src/plan/index.ts';
import { processorMs } from '../fixtures/processor-time.ts';
import { folderOf, GOOD } from './plan-fixture.ts';

/** None of these may cost more processor time than this. */
const PATIENCE_MS = 3_000;

function check(text: string) {
  const file = path.join(folderOf({ 'release.yaml': text }), 'release.yaml');
  const started = processorMs();
  const { errors } = checkFiles([file], { version: '1.0.0' });
  assert.ok(processorMs() - started < PATIENCE_MS, 'it takes too long');
  return errors.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

const bomb = (levels: number, width: number) => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level <= levels; level++) {
    const uses = Array.from({ length: width }, () => `*a${level - 1}`).join(', ');
    lines.push(`a${level}: &a${level} [${uses}]`);
  }
  return lines.join('\n');
};

describe('files that would cost too much are refused at once, at their place', () => {
  test('10 MB of YAML', () => {
    assert.deepEqual(check(`apiVersion: shiplock/v1\n${'# padding\n'.repeat(1_000_000)}`), [
      '1:1 SHIPLOCK_PLAN_FILE_SIZE',
    ]);
  });

  test('10 MB in a file that a release file names', () => {
    const folder = folderOf({ ...GOOD, 'templates.yaml': '- 1\n'.repeat(2_500_000) });
    const { errors } = compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.0.0' });
    assert.ok(errors.some(({ file, code }) => file.endsWith('templates.yaml') && code === 'SHIPLOCK_PLAN_FILE_SIZE'));
  });

  test('an alias bomb: nine aliases at each of nine levels', () => {
    assert.deepEqual(check(bomb(9, 9)), ['5:30 SHIPLOCK_PLAN_YAML_ALIASES']);
  });

  test('more aliases than a file may use', () => {
    const text = `a: &a 1\nb:\n${'  - *a\n'.repeat(101)}`;
    assert.deepEqual(check(text), ['103:5 SHIPLOCK_PLAN_YAML_ALIASES']);
  });

  test('a hundred aliases are fine', () => {
    const text = `kind: Service\napiVersion: v1\na: &a 1\nb:\n${'  - *a\n'.repeat(100)}`;
    assert.deepEqual(check(text), ['1:1 SHIPLOCK_PLAN_KIND']);
  });

  test('an alias that contains itself', () => {
    assert.deepEqual(check('a: &a\n  b: [*a]'), ['2:7 SHIPLOCK_PLAN_CYCLE']);
  });

  test('half a million open brackets', () => {
    assert.deepEqual(check('['.repeat(500_000)), ['1:65 SHIPLOCK_PLAN_YAML_DEPTH']);
  });

  test('a list of lists of lists on one line', () => {
    assert.deepEqual(check('- '.repeat(200_000)), ['1:129 SHIPLOCK_PLAN_YAML_DEPTH']);
  });

  test('maps that nest by indentation', () => {
    const text = Array.from({ length: 70 }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
    assert.deepEqual(check(text), ['66:66 SHIPLOCK_PLAN_YAML_DEPTH']);
  });

  test('more values than anybody writes', () => {
    const [found, ...others] = check(`a:\n${'- 1\n'.repeat(60_000)}`);
    assert.match(found ?? '', /SHIPLOCK_PLAN_FILE_SIZE$/);
    assert.deepEqual(others, []);
  });

  test('a map of thousands of keys is read in time', () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `  k${index}: 1`).join('\n');
    assert.deepEqual(check(`apiVersion: v1\nkind: ConfigMap\ndata:\n${keys}`), ['1:1 SHIPLOCK_PLAN_KIND']);
  });

  test('hundreds of documents', () => {
    assert.deepEqual(check('a: 1\n---\n'.repeat(300)), ['1:1 SHIPLOCK_PLAN_FILE_SIZE']);
  });

  test('templates that each name all others end, and their circles are named', () => {
    const names = Array.from({ length: 60 }, (_, index) => `t${index}`);
    const nested = names.map((name) => `{templateName: ${name}}`).join(', ');
    const files = names.map(
      (name) =>
        `apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: ${name}}\nspec: {templates: [${nested}]}\n`,
    );
    const found = check(files.join('---\n'));
    assert.equal(found.filter((error) => error.endsWith('SHIPLOCK_PLAN_CYCLE')).length, 60);
  });
});

describe('files that are no YAML are refused at their place', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a quote that is not closed', 'a: "b\nc: 1\n', '3:1 SHIPLOCK_PLAN_YAML_SYNTAX'],
    ['an alias without an anchor', 'a: *b', '1:4 SHIPLOCK_PLAN_YAML_SYNTAX'],
    ['a tag of its own', 'a: !!js/function x', '1:4 SHIPLOCK_PLAN_YAML_SYNTAX'],
    ['a Helm value outside of quotes', 'image: {{ .Values.image.tag }}', '1:9 SHIPLOCK_PLAN_YAML_SYNTAX'],
    ['a tab as indentation', 'a:\n\tb: 1', '2:1 SHIPLOCK_PLAN_YAML_SYNTAX'],
    ['a merge of what is no map', 'a: 1\n<<: 2', '1:1 SHIPLOCK_PLAN_YAML_SYNTAX'],
    ['an empty file', '', '1:1 SHIPLOCK_PLAN_KIND'],
    ['a text', 'hello', '1:1 SHIPLOCK_PLAN_KIND'],
    ['bytes that are no text', '\u0000\u0001\ufffd', '1:1 SHIPLOCK_PLAN_KIND'],
  ];
  for (const [name, text, expected] of cases) {
    test(name, () => assert.equal(check(text)[0], expected));
  }

  test('a folder and a file that is not there are named', () => {
    const folder = folderOf({ 'a.yaml': '' });
    const { errors } = checkFiles([folder, path.join(folder, 'none.yaml')], { version: '1.0.0' });
    assert.deepEqual(
      errors.map(({ code, message }) => `${code} ${message}`),
      [
        'SHIPLOCK_PLAN_FILE is not a file; expected a YAML file',
        'SHIPLOCK_PLAN_FILE does not exist; expected a YAML file',
      ],
    );
  });
});
