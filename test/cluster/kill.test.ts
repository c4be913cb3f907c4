/** The kill harness for single moments; `npm run faults:kill -- --platform kubernetes` has all of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { differences } from '../faults/expectations.ts';
import { openKubernetes } from '../faults/kubernetes/platform.ts';
import { releaseOnce } from '../faults/once.ts';
import type { Lane, Platform } from '../faults/platform.ts';
import type { WorkerProcess } from '../faults/worker.ts';

const limit = { timeout: 120_000 };
let platform: Platform;
let lane: Lane;
let worker: WorkerProcess;
before(async () => {
  platform = await openKubernetes();
  lane = await platform.openLane('kill');
  worker = await lane.startWorker();
});
after(() => platform.close());

test(
  'killed after its first write, a release takes no second number and ends as an undisturbed one',
  limit,
  async () => {
    const kill = { at: 'write', number: 1, side: 'after' } as const;
    const { ran, ...next } = await releaseOnce({ lane, worker, kind: 'good', service: 'first-write', kill });
    worker = next.worker;
    assert.equal(ran.writes[0], 'PUT configmaps', 'the lease');
    assert.ok(ran.killedAt !== null && ran.killedAt < 15, `killed when there were ${ran.killedAt} events`);
    assert.deepEqual(differences(platform.demanded('good', false), ran, ran), []);
  },
);
