import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isWrite, requestOf } from '../bench/cluster/counting-proxy.ts';
import { withTables } from '../bench/tables.ts';

const REQUESTS = [
  ['GET', '/api/v1/namespaces/shop/services/shop-stable', 'get services', false],
  ['GET', '/api/v1/namespaces/shop/pods?labelSelector=app%3Dshop&limit=500', 'list pods', false],
  ['GET', '/apis/apps/v1/namespaces/shop/replicasets?watch=true', 'watch replicasets.apps', false],
  ['GET', '/apis/apps/v1/replicasets?watch=1', 'watch replicasets.apps', false],
  ['GET', '/api/v1/namespaces/shop', 'get namespaces', false],
  ['POST', '/api/v1/namespaces/shop/events', 'create events', true],
  [
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    'create selfsubjectrulesreviews.authorization.k8s.io',
    false,
  ],
  [
    'PUT',
    '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/shop/status',
    'update rollouts.argoproj.io/status',
    true,
  ],
  ['PATCH', '/apis/apps/v1/namespaces/shop/replicasets/shop-1?fieldManager=shiplock', 'patch replicasets.apps', true],
  ['DELETE', '/api/v1/namespaces/shop/configmaps/a', 'delete configmaps', true],
] as const;

for (const [method, path, expected, writes] of REQUESTS)
  test(`${method} ${path} is counted as ${expected}`, () => {
    const asked = requestOf(method, path);
    assert.equal(`${asked.verb} ${asked.resource}`, expected);
    assert.equal(isWrite(asked), writes);
  });

test('docs/kubernetes.md has a place for each table', () => {
  const text = readFileSync(`${import.meta.dirname}/../../docs/kubernetes.md`, 'utf8');
  const names = ['times', 'requests', 'memory'];
  const written = withTables(text, 'bench:cluster', Object.fromEntries(names.map((name) => [name, `| ${name} |`])));
  for (const name of names) assert.ok(written.includes(`-->\n| ${name} |\n<!-- /bench:cluster -->`));
});
