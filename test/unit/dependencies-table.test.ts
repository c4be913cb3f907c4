import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const document = readFileSync(join(root, 'docs/dependencies.md'), 'utf8');
const { dependencies, peerDependencies, devDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

test('every dependency has its row in docs/dependencies.md, and every row its dependency', () => {
  const listed = document
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]));
  const wanted = [...new Set(Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies }))];
  assert.deepEqual(listed.toSorted(), wanted.toSorted());
});

test('runtime dependencies are pinned to one version', () => {
  for (const [name, version] of Object.entries<string>({ ...dependencies, ...devDependencies })) {
    assert.match(version, /^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/, name);
  }
});
