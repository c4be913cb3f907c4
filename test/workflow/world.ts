/**
 * A world in memory that keeps the ports' promises (fence, readiness, compare-and-set), so that releases of an hour
 * run in seconds under a clock that skips. What the real platform does is tested in `test/e2e`.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { GateReport, JobReport } from '../../activities/gates/port.ts';
import type { Reading } from '../../activities/metrics/port.ts';
import type { ReleaseEvent } from '../../activities/notify/port.ts';
import type { BuildActivities, QuickActivities, TellingActivities } from '../../activities/port.ts';
import type { BegunRestart, RestartPodsRequest, RestartProgress } from '../../activities/restart/port.ts';
import type { LoadReport, Probe, Side } from '../../activities/validation/port.ts';
import type { RevisionState } from '../../activities/workload/port.ts';
import { jobText } from '../../src/plan/job-spec.ts';
import { queryText } from '../../src/plan/provider.ts';
import { type PlayedRollout, playRollout } from './played-rollout.ts';

type Activities = QuickActivities & BuildActivities & TellingActivities;

export interface World {
  readonly activities: Activities;
  /** Every effect that happened, in order. */
  readonly journal: string[];
  readonly files: Map<string, string>;
  /** Migrations that are done. */
  readonly migrated: Set<string>;
  /** Percent of users by flag. */
  readonly flags: Map<string, number>;
  /** Readings by Jobs that came to their end, by their keys. */
  readonly jobs: string[];
  /** What webhooks were told. */
  readonly told: ReleaseEvent[];
  fence: number;
  stable: string | null;
  weights: Record<string, number>;
  revisions: Map<string, RevisionState>;
  /** Where the plan's target is one. */
  rollout?: PlayedRollout;
  /** Overridden by tests. */
  gate: (name: string) => GateReport;
  job: (command: string, weight: number) => Pick<JobReport, 'end' | 'exitCode' | 'because'>;
  metric: (query: string, weight: number) => number | string | Error;
  ready: (version: string) => boolean;
  probe: (side: Side, path: string) => Partial<Probe>;
  load: () => LoadReport;
  sender: () => { identity: string; principal: string | null };
  /** What a restart finds, and how it goes on from what is shown. */
  restart: Pick<BegunRestart, 'revisions'> & { next: (shown: RestartPodsRequest['shown']) => RestartProgress };
  /** Called before each activity takes effect; may throw or wait. */
  before: (activity: string, count: number) => Promise<void> | void;
}

/** What the image of any version is. */
export const DIGEST = `sha256:${'a'.repeat(64)}`;
const SIDE = { requests: 1_000, failed: 0, p50Seconds: 0.01, p95Seconds: 0.02, p99Seconds: 0.03, late: 0 };

function flagOf(world: World, flag: string): { percent: number; revision: string; definition: string } {
  const percent = world.flags.get(flag);
  if (percent === undefined) throw ApplicationFailure.nonRetryable(`there is no flag ${flag}`, 'SHIPLOCK_FLAG_UNKNOWN');
  return { percent, revision: `revision ${percent}`, definition: String(percent) };
}

export function createWorld(options: { stable?: string | null; canaryVersion: string }): World {
  const stable = options.stable === undefined ? '1.0.0' : options.stable;
  const counts = new Map<string, number>();
  const world: World = {
    journal: [],
    files: new Map([
      ['/values.yaml', stable ?? 'latest'],
      ['/rollout.yaml', stable ?? 'latest'],
    ]),
    migrated: new Set(),
    flags: new Map([['new-checkout', 0]]),
    jobs: [],
    told: [],
    fence: 0,
    stable,
    weights: stable ? { [stable]: 100 } : {},
    revisions: new Map(stable ? [[stable, revision(stable)]] : []),
    gate: () => ({ verdict: 'pass', because: 'exit code 0', durationMs: 5, exitCode: 0, log: null }),
    metric: (query) => (query.includes('quantile') ? 0.1 : 0.999),
    job: () => ({ end: 'exited', exitCode: 0, because: 'exit code 0 after 1.0 s' }),
    ready: () => true,
    probe: () => ({}),
    load: () => ({ at: new Date().toISOString(), live: SIDE, preview: SIDE }),
    sender: () => ({ identity: '', principal: null }),
    restart: {
      revisions: [{ version: stable ?? options.canaryVersion, pods: ['1', '2'] }],
      next: ({ replaced }) => {
        const count = Math.min(2, replaced + 1);
        return { done: replaced === 2, replaced: count, waitsFor: 'replacements', because: `${count} of 2` };
      },
    },
    before: () => {},
    activities: {} as Activities,
  };
  const enter = async (activity: string): Promise<void> => {
    const count = (counts.get(activity) ?? 0) + 1;
    counts.set(activity, count);
    await world.before(activity, count);
  };
  const stale = () => ApplicationFailure.nonRetryable('stale fence', 'SHIPLOCK_FENCE_STALE');
  const fenced = (fence: number): void => {
    if (fence < world.fence) throw stale();
    world.fence = fence;
  };
  const fileFences = new Map<string, number>();
  const fencedFile = (file: string, fence: number): void => {
    if (fence < (fileFences.get(file) ?? 0)) throw stale();
    fileFences.set(file, fence);
  };
  const weightNow = (): number => world.weights[options.canaryVersion] ?? 0;

  Object.assign(world.activities, {
    ...playRollout(world, enter, fenced),
    admit: async () => {
      await enter('admit');
      world.fence = (Math.floor(world.fence / 1000) + 1) * 1000;
      const { stable, weights } = world;
      const revisions = [...world.revisions.values()];
      return {
        planDigest: 'd'.repeat(64),
        binding: '1a2b3c4d',
        policyDigest: 'p'.repeat(64),
        fence: world.fence,
        before: { stable, canary: null, weights: { ...weights }, revisions },
        startedBy: { identity: 'ci@host', principal: null },
      };
    },
    attest: async () => {
      const { identity, principal } = world.sender();
      const level = principal ? 'principal' : identity ? 'identity' : 'anonymous';
      return { eventId: '1', eventTime: new Date().toISOString(), identity, principal, level };
    },
    describeWorkload: async () => {
      if (world.rollout?.deleted)
        throw ApplicationFailure.nonRetryable('there is no Rollout', 'SHIPLOCK_ARGO_ROLLOUT_MISSING');
      return {
        stable: world.stable,
        canary: null,
        weights: { ...world.weights },
        revisions: [...world.revisions.values()],
      };
    },
    startRevision: async ({ version, fence, replicas }) => {
      await enter('startRevision');
      fenced(fence);
      if (world.revisions.has(version)) return;
      world.journal.push(`start ${version}`);
      world.revisions.set(version, revision(version, replicas));
    },
    scaleRevisions: async ({ replicas, fence }) => {
      await enter('scaleRevisions');
      fenced(fence);
      for (const [version, count] of Object.entries(replicas)) {
        const known = world.revisions.get(version);
        if (!known && count === 0) continue;
        if (!known) throw ApplicationFailure.nonRetryable(`${version} does not run`);
        world.journal.push(`scale ${version} ${count}`);
        world.revisions.set(version, { ...known, replicas: count, ready: count });
      }
      return { ready: true, because: 'as many pods as asked for are ready' };
    },
    startBaseline: async ({ version, of, fence }) => {
      await enter('startBaseline');
      fenced(fence);
      if (world.revisions.has(version)) return;
      if (!world.revisions.has(of)) throw ApplicationFailure.nonRetryable(`${of} does not run`);
      world.journal.push(`start ${version}`);
      world.revisions.set(version, revision(version));
    },
    awaitReady: async ({ version }) => {
      await enter('awaitReady');
      const ready = world.ready(version);
      return { ready, because: ready ? '2 of 2 replicas ready' : '0 of 2 replicas ready' };
    },
    removeRevision: async ({ version, fence }) => {
      await enter('removeRevision');
      fenced(fence);
      if ((world.weights[version] ?? 0) > 0) throw ApplicationFailure.nonRetryable('it carries traffic');
      if (world.revisions.delete(version)) world.journal.push(`remove ${version}`);
    },
    setRoles: async ({ stable, fence }) => {
      await enter('setRoles');
      fenced(fence);
      if (world.stable !== stable) world.journal.push(`stable ${stable}`);
      world.stable = stable;
    },
    setRoutes: async ({ routes, fence }) => {
      await enter('setRoutes');
      fenced(fence);
      world.journal.push(`routes ${routes.map(({ name }) => name).join(' ') || 'none'}`);
    },
    setWeights: async ({ weights, fence }) => {
      await enter('setWeights');
      fenced(fence);
      for (const version of Object.keys(weights)) {
        if (!world.revisions.has(version)) throw ApplicationFailure.retryable(`${version} does not run`);
      }
      if (JSON.stringify(world.weights) !== JSON.stringify(weights)) {
        world.journal.push(`weight ${weights[options.canaryVersion] ?? 0}`);
      }
      world.weights = { ...weights };
      return { weights, verified: true };
    },
    measure: async ({ provider, requests }) => {
      await enter('measure');
      const query = queryText(provider);
      const reading = readingOf(query, world.metric(query, weightNow()));
      if (requests === undefined) return reading;
      const { raw, error } = readingOf(requests, world.metric(requests, weightNow()));
      return { ...reading, requests: { raw, error } };
    },
    claimBuildHost: async () => ({ taskQueue: buildQueue }),
    runGate: async ({ gate }) => {
      await enter('runGate');
      world.journal.push(`gate ${gate.name}`);
      return world.gate(gate.name);
    },
    runJob: async ({ job }) => {
      await enter('runJob');
      const query = job.command.join(' ');
      const report = { attempts: 1, durationMs: 5, command: job.command, logs: [], tail: '' };
      const raw = JSON.stringify({ ...world.job(query, weightNow()), ...report } satisfies JobReport);
      return { at: new Date().toISOString(), address: buildQueue, query, window: '', raw, error: null, beside: '' };
    },
    runKubernetesJob: async ({ job, reading, cluster, namespace }) => {
      await enter('runKubernetesJob');
      const query = jobText(job);
      world.jobs.push(reading.key);
      const raw = JSON.stringify({ ...world.job(query, weightNow()), attempts: 1, job: reading.key });
      const address = `${cluster}/${namespace}/${reading.key}`;
      return { at: new Date().toISOString(), address, query, window: '', raw, error: null, beside: '' };
    },
    endKubernetesJobs: async ({ readings }) => {
      await enter('endKubernetesJobs');
      for (const { key } of readings) world.journal.push(`end ${key.split('/').slice(2).join('/')}`);
    },
    readConfiguration: async ({ edit }) => ({ value: world.files.get(edit.file) ?? '' }),
    writeConfiguration: async ({ edit, from, to, fence }) => {
      await enter('writeConfiguration');
      fencedFile(edit.file, fence);
      const found = world.files.get(edit.file) ?? '';
      if (found === to) return { outcome: 'unchanged', found };
      if (found !== from) return { outcome: 'drifted', found };
      world.files.set(edit.file, to);
      world.journal.push(`write ${to}`);
      return { outcome: 'written', found };
    },
    prepareImage: async ({ image, version }) => {
      await enter('prepareImage');
      const reference = `${image.repository}:${version}@${DIGEST}`;
      return { reference, digest: DIGEST, how: 'built', because: 'built with buildah and pushed', user: 'node' };
    },
    migrate: async ({ kind, migration, fence }) => {
      await enter('migrate');
      fencedFile('database', fence);
      if (world.migrated.has(migration.name)) return { outcome: 'found', because: 'done before' };
      world.migrated.add(migration.name);
      world.journal.push(`${kind} ${migration.name}`);
      return { outcome: 'applied', because: 'applied' };
    },
    stopMigration: async ({ names, fence }) => {
      await enter('stopMigration');
      fencedFile('database', fence);
      return { done: names.filter((name) => world.migrated.has(name)) };
    },
    describeFlag: async ({ flag }) => flagOf(world, flag),
    setFlag: async ({ flag, percent, ifRevision, fence }) => {
      await enter('setFlag');
      fencedFile('flags', fence);
      const found = flagOf(world, flag);
      if (found.percent === percent) return { outcome: 'unchanged', state: found };
      if (found.revision !== ifRevision) return { outcome: 'drifted', state: found };
      world.flags.set(flag, percent);
      world.journal.push(`flag ${percent}`);
      return { outcome: 'written', state: flagOf(world, flag) };
    },
    restoreFlag: async ({ flag, definition, written, fence }) => {
      await enter('restoreFlag');
      fencedFile('flags', fence);
      const found = flagOf(world, flag);
      const percent = Number(definition);
      if (found.percent === percent) return { outcome: 'unchanged', state: found };
      if (!written.includes(found.percent ?? -1)) return { outcome: 'drifted', state: found };
      world.flags.set(flag, percent);
      world.journal.push(`flag ${percent}`);
      return { outcome: 'written', state: flagOf(world, flag) };
    },
    probe: async ({ side, check }) => {
      await enter('probe');
      const { path, status } = check;
      const answer = { at: new Date().toISOString(), url: `http://${side}${path}`, status, headers: {}, seconds: 0.01 };
      const all = weightNow() === 100;
      const version =
        (side === 'live') === all
          ? options.canaryVersion
          : world.stable === options.canaryVersion
            ? stable
            : world.stable;
      return { ...answer, error: null, version, ...world.probe(side, path) };
    },
    load: async () => {
      await enter('load');
      return world.load();
    },
    beginRestart: async () => {
      await enter('beginRestart');
      const startedBy = { identity: 'ann@laptop', principal: null };
      return { planDigest: 'p', policyDigest: 'q', startedBy, revisions: world.restart.revisions };
    },
    restartPods: async ({ shown }) => {
      await enter('restartPods');
      return world.restart.next(shown);
    },
    notify: async ({ event }) => {
      await enter('notify');
      world.told.push(event);
      return { status: 200 };
    },
  } satisfies Activities);
  return world;
}

/** Where the world's build host takes its work. */
export const buildQueue = 'shiplock-build-here';

function revision(version: string, replicas = 2): RevisionState {
  return { version, replicas, ready: replicas, restarts: 0, because: '' };
}

function readingOf(query: string, answer: number | string | Error): Reading {
  const at = new Date().toISOString();
  const base = { at, address: 'http://prometheus', query, window: '2m', beside: '' };
  if (answer instanceof Error) return { ...base, raw: '', error: answer.message };
  const result = answer === '' ? [] : [{ metric: {}, value: [Date.now() / 1000, String(answer)] }];
  return { ...base, raw: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }), error: null };
}
