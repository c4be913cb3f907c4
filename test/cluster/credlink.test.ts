/** CredLink's shipped configuration, released and rolled back; `infra/demo/cluster/shipped.ts` says what is changed of it. */
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import {
  CHANGES,
  type ClusterStage,
  FEWER_PODS,
  openClusterStage,
  WITHOUT_IMAGE,
} from '../../infra/demo/cluster/index.ts';
import { failuresOf } from '../../infra/load/observe.ts';
import { startTraffic } from '../../infra/load/traffic.ts';
import { revisionId } from '../../src/rollout/revision-id.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { imagePlace, whatIsMissing } from '../fixtures/image-registry.ts';
import { openCluster, type Scope, type TestCluster } from './support/index.ts';
import { type Update, updateOf } from './support/update.ts';

const RATE = 80;
const PATHS = ['/credentials', '/credentials/1'];
const AT_MOST = { seconds: 1_200, requests: 96_000 };
const LONG_MS = 400_000;
const limit = { timeout: 1_200_000 };
const ends: (() => unknown)[] = [];
const scope: Scope = { after: (work) => void ends.push(work) };
let cluster: TestCluster;
let stage: ClusterStage;

before(async () => {
  process.env.SHIPLOCK_IDENTITY = 'ann@laptop';
  cluster = await openCluster(scope);
  if (!cluster.played) return;
  const image = await imageOf();
  stage = await openClusterStage({
    place: { ...cluster, objects: cluster },
    replicas: 4,
    ...(image && { image }),
    variables: { SAMPLE_FAULTS_ADMIN: '1' },
  });
  ends.push(() => stage.close());
});
after(async () => {
  for (const end of ends.toReversed()) await end();
});

/** A real registry and a real builder, where this machine has them. */
async function imageOf() {
  const missing = whatIsMissing();
  if (missing) return undefined;
  const place = await imagePlace();
  ends.push(() => place.remove());
  await place.registry.start();
  await cp('infra/sample-service', place.app, { recursive: true });
  return { repository: `${place.host}/credlink/api`, environment: place.environment };
}

async function releases(version: string): Promise<Update> {
  const started = await stage.release(version);
  const firstRunId = started.kind === 'started' ? started.firstRunId : await stage.shiplock.turn(started);
  assert.ok(firstRunId);
  return updateOf(stage.shiplock, started.id, version, firstRunId);
}

/** A build that cannot bear half of the traffic: its pods fail from then on. */
async function failNow(version: string): Promise<void> {
  const pods = await cluster.list<V1Pod>('v1', 'Pod', `shiplock.dev/revision=${revisionId(version)}`);
  const body = JSON.stringify({ errorShare: 0.3 });
  const headers = { 'content-type': 'application/json' };
  for (const { status } of pods) {
    const { ok } = await fetch(`http://${status?.podIP}:3000/faults`, { method: 'PUT', headers, body });
    assert.ok(ok);
  }
}

const RAMP = ['90/10', '75/25', '50/50', '25/75', '0/100', '100/0'];

test(
  'CredLink’s shipped configuration is released and rolled back by the weights of its VirtualService',
  limit,
  async (t) => {
    if (!cluster.played) return t.skip('the pods of this cluster are not played');
    for (const change of [...CHANGES, FEWER_PODS, ...(whatIsMissing() ? [WITHOUT_IMAGE] : [])]) t.diagnostic(change);
    const load = startTraffic({ address: stage.address, ratePerSecond: RATE, paths: PATHS, atMost: AT_MOST });
    t.after(() => load.stop());
    const weights: string[] = [];
    let onWeights: (now: string) => void = () => undefined;
    const following = await stage.followWeights((now) => {
      weights.push(now);
      onWeights(now);
    });
    t.after(() => following.stop());
    /** A release until it can be seen, the weights that it wrote, and the requests that failed meanwhile. */
    const during = async (work: () => Promise<ReleaseStatus>) => {
      const [before, sent] = [weights.length, load.responses.length];
      const status = await work();
      const answers = load.responses.slice(sent);
      return {
        status,
        written: weights.slice(before),
        ...failuresOf(answers, status.version),
        requests: answers.length,
      };
    };
    const told = (name: string, { written, own, others, requests }: Awaited<ReturnType<typeof during>>) =>
      t.diagnostic(
        `${name}: ${written.join(' → ')}; ${requests} requests, ${own} failed by the version, ${others} else`,
      );

    const first = await releases('1.0.0');
    await contracts(first);

    const update = await releases('1.1.0');
    const forward = await during(() => comesTo(update, 'window'));
    told('1.1.0', forward);
    assert.deepEqual(forward.written, RAMP);
    const back = await during(async () => {
      await update.aborts();
      return update.ends('rolledBack');
    });
    told('1.1.0, aborted in its window', back);
    assert.deepEqual(back.written, ['0/100', '100/0']);

    onWeights = (now) => void (now === '50/50' && failNow('1.2.0'));
    const bad = await releases('1.2.0');
    const failing = await during(() => bad.sees('it has ended', ({ phase }) => phase === 'ended', LONG_MS));
    told('1.2.0, which fails at 50 %', failing);
    assert.equal(failing.status.outcome, 'rolledBack');
    assert.match(failing.status.because, /errors|success-rate/);
    assert.deepEqual(failing.written, ['90/10', '75/25', '50/50', '100/0']);

    assert.deepEqual([forward.own, forward.others, back.own, back.others, failing.others], [0, 0, 0, 0, 0]);
    assert.ok(failing.own > 0);
    assert.ok(stage.told() > 0, 'the webhook was told');
  },
);

/** A person lets the contract begin, and the release ends. */
async function contracts(update: Update): Promise<void> {
  const { waiting } = await comesTo(update, 'contract');
  const { accepted, because } = await update.sends('approve', { step: waiting?.token ?? '' });
  assert.ok(accepted, because);
  await update.ends('released');
}

/**
 * Waits until it is in this phase, and in `contract` is asked something. Where the load generator was too busy to say how
 * fast the service is, the release asks a person, who looks at the machine that they share and goes on.
 */
async function comesTo(update: Update, wanted: 'window' | 'contract'): Promise<ReleaseStatus> {
  const isThere = ({ phase, waiting }: ReleaseStatus) =>
    phase === wanted && (wanted === 'window' || waiting?.kind === 'approval');
  const isAsked = ({ waiting }: ReleaseStatus) => waiting?.token.startsWith('performance@') === true;
  for (;;) {
    const status = await update.sees(`it is in ${wanted}`, (now) => isThere(now) || isAsked(now), LONG_MS);
    if (isThere(status)) return status;
    await update.sends('approve', { step: status.waiting?.token ?? '', comment: 'the generator shares this machine' });
    await update.sees('it goes on', (now) => !isAsked(now));
  }
}
