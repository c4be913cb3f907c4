import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const SOURCES = ['src', 'activities', 'workers', 'infra', 'workflows', 'bin'];
const NAME = /\bSHIPLOCK_[A-Z0-9]+(?:_[A-Z0-9]+)*\b(?!_)/g;

test('every SHIPLOCK_ name of the source is an error in docs/errors.md or a variable in docs/environment.md', () => {
  const explained = new Set([...rowsOf('docs/errors.md'), ...rowsOf('docs/environment.md')]);
  const missing = [...namesInSource()].filter(([name]) => !explained.has(name));
  assert.deepEqual(
    missing.map(([name, file]) => `${name} (${file})`),
    [],
  );
});

test('the tables name nothing that does not exist', () => {
  const known = namesInSource();
  const gone = [...rowsOf('docs/errors.md'), ...rowsOf('docs/environment.md')].filter((name) => !known.has(name));
  assert.deepEqual(gone, []);
});

test('a name has one row, and every error says what to do', () => {
  const rows = [...rowsOf('docs/errors.md'), ...rowsOf('docs/environment.md')];
  assert.deepEqual(
    rows.filter((name, index) => rows.indexOf(name) !== index),
    [],
  );
  for (const line of linesOf('docs/errors.md').filter((line) => line.startsWith('| `SHIPLOCK_'))) {
    const [, code, what, mend, ...rest] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    assert.ok(what && mend && rest.length === 1, `${code} has three cells`);
  }
});

test('the search finds names, and not what only a comment mentions', () => {
  const names = namesInSource();
  assert.ok(names.has('SHIPLOCK_POLICY_REFUSED') && names.has('SHIPLOCK_HOME'));
  assert.ok(!names.has('SHIPLOCK_X'), 'an example of a docstring is no code');
});

/** The names in the first cell of each row. */
function rowsOf(file: string): string[] {
  return linesOf(file)
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => line.split('|')[1]?.match(NAME) ?? []);
}

/** Each name with the first file that has it. */
function namesInSource(): Map<string, string> {
  const names = new Map<string, string>();
  for (const folder of SOURCES) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !/\.[jt]s$/.test(entry.name) || file.includes('node_modules')) continue;
      for (const name of codeOf(file).match(NAME) ?? [])
        if (!names.has(name)) names.set(name, file.slice(root.length + 1));
    }
  }
  return names;
}

function codeOf(file: string): string {
  return readFileSync(file, 'utf8').replace(/^\s*(?:\/\/|\/\*|\*).*$/gm, '');
}

function linesOf(file: string): string[] {
  return readFileSync(join(root, file), 'utf8').split('\n');
}
