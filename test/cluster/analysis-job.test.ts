/** Releases whose metrics are Jobs, on a real API server and its Job controller. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { PERMISSIONS } from '../../activities/kubernetes/permissions.ts';
import { type Engine, openEngine } from './support/engine.ts';
import { type Scope, until } from './support/index.ts';
import { jobPodsIn, jobsIn, SMOKE_IMAGE, smoke } from './support/smoke.ts';
import { given, type Story } from './support/story.ts';
import type { Update } from './support/update.ts';

const limit = { timeout: 180_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

const STEPS = { steps: [{ setWeight: 10 }, { analysis: { templates: [{ templateName: 'smoke' }] } }] };
const release = { canary: { analysis: { minimumReadings: 1, inconclusiveDeadline: '2s' } } };

/** A version that a Job has a say in, beside the one that runs. */
async function tried(t: Scope, service: string, template: object): Promise<{ shop: Story; update: Update }> {
  const shop = await given(t, engine, { service, templates: [template], canary: STEPS, release });
  await shop.hasReleased('1.0.0');
  return { shop, update: await shop.releases('1.1.0') };
}

test('a Job that completes is a good reading, and stays until its time is up', limit, async (t) => {
  const shop = await given(t, engine, {
    service: 'completes',
    templates: [smoke('smoke', { endsAfter: '1s' })],
    canary: STEPS,
    release,
  });
  await shop.hasReleased('1.0.0');
  assert.deepEqual(await jobsIn(shop.cluster), [], 'a first release has no analysis');
  const update = await shop.releases('1.1.0');
  const { metrics } = await update.comesTo('released');
  const [metric] = metrics;
  assert.deepEqual([metric?.state, metric?.readings.length], ['pass', 1]);
  assert.match(metric?.query ?? '', /^registry\.example\/smoke:1 smoke --all$/);
  const [job, ...others] = await jobsIn(shop.cluster);
  assert.deepEqual(others, []);
  assert.match(job?.metadata?.name ?? '', /^completes-smoke-1-[0-9a-f]{10}$/);
  const { labels = {}, annotations = {} } = job?.metadata ?? {};
  assert.equal(labels['shiplock.dev/service'], 'completes');
  const [id, run, ...reading] = (annotations['shiplock.dev/reading'] ?? '').split('/');
  assert.deepEqual([id, run, reading], [update.id, labels['shiplock.dev/release'], ['step-2', 'smoke', '1']]);
  assert.deepEqual([job?.spec?.ttlSecondsAfterFinished, job?.spec?.activeDeadlineSeconds], [3600, 600]);
  const [pod, ...more] = await jobPodsIn(shop.cluster);
  assert.deepEqual([pod?.status?.phase, pod?.spec?.containers[0]?.image, more], ['Succeeded', SMOKE_IMAGE, []]);
});

test('a Job that fails takes the release back, with its exit code and its name', limit, async (t) => {
  const { shop, update } = await tried(t, 'fails', smoke('smoke', { endsAfter: '500ms', exitCode: '3' }));
  await update.ends(
    'rolledBack',
    /smoke: .*exit code 3 of container smoke \(BackoffLimitExceeded\); Job fails-smoke-1-/,
  );
  await shop.hasPods({ '1.1.0': 0 });
  assert.equal((await jobsIn(shop.cluster)).length, 1, 'it stays for whoever wants to see what it said');
});

test('a Job that never ends takes the release back at its deadline', limit, async (t) => {
  const { shop, update } = await tried(
    t,
    'never-ends',
    smoke('smoke', { endsAfter: 'never' }, { spec: { activeDeadlineSeconds: 3 } }),
  );
  await update.ends('rolledBack', /smoke: .*ran out of time \(DeadlineExceeded\)/);
  await hasNoPodsOfJobs(shop);
});

test('a Job whose image cannot be pulled shows nothing, is ended at once, and a person is asked', limit, async (t) => {
  const { shop, update } = await tried(t, 'no-image', smoke('smoke', { fails: 'ImagePullBackOff' }));
  await update.ends('rolledBack', /smoke: .*image registry\.example\/smoke:1 cannot be pulled/);
  await hasNoPodsOfJobs(shop);
  assert.deepEqual(await jobsIn(shop.cluster), []);
});

test('an abort in the middle of a Job ends it, with its pods', limit, async (t) => {
  const { shop, update } = await tried(t, 'aborted', smoke('smoke', { endsAfter: 'never' }));
  await until('the Job runs', async () => (await jobsIn(shop.cluster))[0]?.status?.active === 1);
  await update.aborts();
  const { progress } = await update.ends('rolledBack', /a test/);
  const undone = progress.filter(({ name }) => name.startsWith('undo-')).map(({ title }) => title);
  assert.ok(undone.indexOf('no Job of a metric runs on') > 0, `users first: ${undone}`);
  assert.deepEqual(await jobsIn(shop.cluster), [], 'nothing runs on when the release is over');
  await hasNoPodsOfJobs(shop);
});

test('an abort while no worker lives ends the Job all the same', limit, async (t) => {
  const { shop, update } = await tried(t, 'orphan', smoke('smoke', { endsAfter: 'never' }));
  await until('the Job runs', async () => (await jobsIn(shop.cluster))[0]?.status?.active === 1);
  // Whoever followed it is gone before it hears of the abort.
  const aborted = update.aborts().catch((error: { code?: string }) => {
    // It is kept, and decided once a worker is there.
    assert.equal(error.code, 'SHIPLOCK_DECISION_UNKNOWN');
  });
  await Promise.all([engine.restartWorker(), aborted]);
  await update.ends('rolledBack', /a test/);
  assert.deepEqual(await jobsIn(shop.cluster), []);
  await hasNoPodsOfJobs(shop);
});

test('a worker that dies in the middle of a Job leaves it to the next one, which follows it', limit, async (t) => {
  const { shop, update } = await tried(t, 'followed', smoke('smoke', { endsAfter: '12s' }));
  const seen = new Set<string>();
  const looks = async () => {
    const found = await jobsIn(shop.cluster);
    for (const { metadata } of found) seen.add(metadata?.uid ?? '');
    return found;
  };
  await until('the Job runs', async () => (await looks())[0]?.status?.active === 1);
  await engine.restartWorker();
  await looks();
  const { metrics } = await update.comesTo('released');
  const [job] = await looks();
  assert.deepEqual([seen.size, job?.status?.succeeded, metrics[0]?.readings.length], [1, 1, 1]);
});

test('a Job that the end of the ramp cuts short is ended, and its reading taken once more', limit, async (t) => {
  const shop = await given(t, engine, {
    service: 'cut-short',
    templates: [smoke('smoke', { endsAfter: '6s' }, { metric: { interval: '1m' } })],
    canary: {
      analysis: { templates: [{ templateName: 'smoke' }] },
      steps: [{ setWeight: 10 }, { pause: {} }],
    },
    release,
  });
  await shop.hasReleased('1.0.0');
  const update = await shop.releases('1.1.0');
  await update.pauses();
  const first = await until('the Job runs', async () => {
    const [job] = await jobsIn(shop.cluster);
    return job?.status?.active === 1 ? job.metadata?.uid : null;
  });
  await update.promotes();
  const { metrics } = await update.comesTo('released');
  assert.deepEqual(
    metrics[0]?.readings.map(({ verdict }) => verdict),
    ['pass'],
  );
  const jobs = await jobsIn(shop.cluster);
  assert.deepEqual([jobs.length, jobs[0]?.status?.succeeded], [1, 1]);
  assert.notEqual(jobs[0]?.metadata?.uid, first);
});

test('a quota that refuses the Job is an error with its words', limit, async (t) => {
  const shop = await given(t, engine, {
    service: 'no-quota',
    objects: [
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'no-jobs' },
        spec: { hard: { 'count/jobs.batch': '0' } },
      },
    ],
    templates: [smoke('smoke', {}, { metric: { consecutiveErrorLimit: 0 } })],
    canary: STEPS,
    release,
  });
  await shop.hasReleased('1.0.0');
  const update = await shop.releases('1.1.0');
  await update.ends('rolledBack', /smoke: .*exceeded quota: no-jobs/);
});

test('a worker that may not create Jobs does not begin a release that needs one', limit, async (t) => {
  const shop = await given(t, engine, { service: 'no-right', templates: [smoke('smoke', {})], canary: STEPS, release });
  const rules = (['revisions', 'jobs'] as const)
    .flatMap((feature) => PERMISSIONS[feature])
    .map(({ group, resource, verbs }) => ({
      apiGroups: [group],
      resources: [resource],
      verbs: resource === 'jobs' ? ['get', 'delete'] : [...verbs],
    }));
  const kubeconfig = await shop.cluster.account('narrow', rules);
  const policy = join(engine.folder, 'policy.yaml');
  const { clusters, ...rest } = parse(await readFile(policy, 'utf8'));
  await writeFile(
    policy,
    stringify({ ...rest, clusters: { ...clusters, narrow: { ...clusters.test, kubeconfig, context: undefined } } }),
  );
  await engine.restartWorker();
  const update = await shop.releases('1.0.0', { release: { ...release, target: { cluster: 'narrow' } } });
  await update.isRefused(/what this release needs: create jobs\.batch; `shiplock doctor/);
});

async function hasNoPodsOfJobs(shop: Awaited<ReturnType<typeof given>>): Promise<void> {
  await until('no pod of a Job is left', async () => (await jobPodsIn(shop.cluster)).length === 0);
}
