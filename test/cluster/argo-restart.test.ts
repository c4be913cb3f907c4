/** Pods restarted through Argo's own controller: the real one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { kubernetesClusters } from '../../activities/kubernetes/index.ts';
import { argoRestart } from '../../activities/rollout/argo/restart.ts';
import { canary, inActivity, openStage } from './argo-stage.ts';
import { startController } from './support/argo-controller.ts';
import { openCluster } from './support/index.ts';
import { uidOf } from './support/pods.ts';

test("Argo's controller restarts the pods of a Rollout in mid-canary, once", { timeout: 120_000 }, async (t) => {
  const cluster = await openCluster(t);
  await startController(t, cluster);
  const { at, begin, release, until } = openStage(cluster);
  const { namespace, kubeconfig, context } = cluster;
  const clusters = kubernetesClusters(
    { test: { kubeconfig, context, namespaces: [namespace] } },
    { signal: () => undefined },
  );
  const { podsToRestart, restartPods } = argoRestart({ clusters });
  await begin(canary([{ setWeight: 50 }, { pause: {} }]));
  await release('1.1.0');
  await until('the pause', ({ phase, observed }) => observed && phase === 'Paused');
  const uids = async () =>
    (await cluster.list<V1Pod>('v1', 'Pod', 'app=shop')).filter((pod) => !pod.metadata?.deletionTimestamp).map(uidOf);
  const before = await uids();
  assert.ok(before.length > 1);

  assert.deepEqual(await podsToRestart(at), []);
  // Pods of the same second are not older than it, by the controller's reckoning.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const sinceMs = Date.now();
  const shown = { replaced: 0, waitsFor: 'replacements' } as const;
  const request = { ...at, revisions: [], sinceMs, untilMs: sinceMs + 60_000, maxUnavailable: 1, shown };
  for (let progress = await inActivity(() => restartPods(request)); !progress.done; ) {
    progress = await inActivity(() => restartPods(request));
    assert.ok(Date.now() < request.untilMs, progress.because);
  }
  const after = await uids();
  assert.ok(!after.some((uid) => before.includes(uid)), 'pods of before are there');
  // An attempt that comes again after a worker's death asks for nothing more.
  assert.equal((await inActivity(() => restartPods(request))).done, true);
  assert.deepEqual((await uids()).toSorted(), after.toSorted());
});
