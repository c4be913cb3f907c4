import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

test('the lock file holds the packages of every platform, or `npm ci` refuses it', () => {
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as Lock;
  const wanted = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ at, name })),
  );
  assert.ok(wanted.length > 0);
  const missing = wanted.filter(
    ({ at, name }) => !packages[`node_modules/${name}`] && !packages[`${at}/node_modules/${name}`],
  );
  assert.deepEqual(missing, [], 'npm leaves out what its registry does not have; add the entries back');
});

test('protobufjs is a peer, so that Temporal’s packages share one copy wherever this one is installed', () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
  );
  assert.equal(dependencies.protobufjs, undefined, 'as a dependency it lies below this package; others keep copies');
  assert.ok(peerDependencies.protobufjs, 'with several copies no history can be written as JSON, or read from it');
  assert.equal(peerDependenciesMeta.protobufjs, undefined, 'an optional peer is not installed');
});
