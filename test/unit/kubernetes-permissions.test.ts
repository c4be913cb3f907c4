import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Feature, featuresOf, PERMISSIONS } from '../../activities/kubernetes/permissions.ts';
import { PERMISSIONS_FILE, permissionsYaml } from '../../infra/chart/permissions.ts';
import { CHART } from '../../infra/chart/render.ts';
import type { KubernetesPlace } from '../../src/plan/target.ts';

const FEATURES = Object.keys(PERMISSIONS) as Feature[];

describe('what the engine asks of an API server', () => {
  it('is never a secret, never everything, and each verb has its reason', () => {
    for (const { group, resource, verbs, why } of FEATURES.flatMap((feature) => PERMISSIONS[feature])) {
      assert.ok(!`${group}/${resource}`.includes('*'), resource);
      assert.notEqual(resource, 'secrets');
      assert.notEqual(group, 'rbac.authorization.k8s.io');
      assert.ok(verbs.length > 0 && new Set(verbs).size === verbs.length, resource);
      assert.ok(why.length > 5, resource);
    }
  });

  it('is more where a release has more', () => {
    const place: KubernetesPlace = {
      platform: 'kubernetes',
      cluster: 'here',
      namespace: 'shop',
      selector: { app: 'shop' },
      stableService: 'shop-stable',
      canaryService: 'shop-canary',
      traffic: { kind: 'replicas' },
    };
    assert.deepEqual(featuresOf(place), ['revisions']);
    assert.deepEqual(featuresOf({ ...place, traffic: { kind: 'istio', virtualServices: [] } }), ['revisions', 'istio']);
    assert.deepEqual(featuresOf({ ...place, runsJobs: true }), ['revisions', 'jobs']);
    const adopts = { kind: 'Deployment', name: 'shop', scaleDown: 'never' } as const;
    assert.deepEqual(featuresOf({ ...place, adopts, traffic: { kind: 'gateway', routes: [] } }), [
      'revisions',
      'adoption',
      'gateway',
    ]);
  });

  it("is what the chart's Roles are made of", () => {
    assert.equal(readFileSync(PERMISSIONS_FILE, 'utf8'), permissionsYaml(), 'run node infra/chart/permissions.ts');
    const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));
    assert.deepEqual(schema.properties.namespaces.items.properties.features.items.enum, FEATURES);
  });
});
