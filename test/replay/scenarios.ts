/** Releases that end in every way there is, run in seconds, with the real admission and attestation. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { Plan, Step } from '../../src/plan/plan.ts';
import type { ScalePlan } from '../../src/plan/target.ts';
import { RESTART_WORKFLOW, restartId } from '../../workflows/restart-messages.ts';
import { SCALE, someClusterPlan } from '../fixtures/some-cluster-plan.ts';
import { counting, countsPlan, kayentaPlan, scoring } from '../workflow/compared-plans.ts';
import { drivenPlan } from '../workflow/driven-plans.ts';
import { type ReleaseHandle, type Running, until, withWorld } from '../workflow/environment.ts';
import { inline, METRIC, plainPlan } from '../workflow/invariants-plans.ts';
import { FLAG_QUERY, wholePlan } from '../workflow/phases-plans.ts';
import { automatic, credlinkPlan, LATENCY } from '../workflow/plans.ts';
import { playedRollout } from '../workflow/played-rollout.ts';
import { createWorld, type World } from '../workflow/world.ts';
import { realWitnesses } from './witnesses.ts';

const version = '1.1.0';

/** One release: the histories of its runs, the first run first. */
export interface RecordedRelease {
  readonly workflowId: string;
  readonly runs: readonly { readonly runId: string; readonly history: History }[];
}

interface Scenario {
  readonly world?: Parameters<typeof createWorld>[0];
  prepare?(world: World): void;
  play(running: Running): Promise<ReleaseHandle>;
}

const scenarios = {
  released: {
    async play(running) {
      const handle = await running.start(credlinkPlan());
      const { waiting } = await until(running, handle, (status) => status.waiting?.kind === 'approval');
      await handle.signal('approve', { step: 'promotion@00000000', id: 'too-early' });
      await handle.signal('approve', { step: waiting?.token, comment: 'looks good' });
      return handle;
    },
  },
  'rolled-back': {
    prepare: (world) => {
      world.metric = (query, weight) => (query.includes('quantile') ? 0.1 : weight >= 50 ? 0.9 : 1);
    },
    play: (running) => running.start(credlinkPlan()),
  },
  rejected: {
    async play(running) {
      const handle = await running.start(credlinkPlan());
      const { waiting } = await until(running, handle, (status) => status.waiting?.kind === 'approval');
      await handle.signal('reject', { step: waiting?.token, comment: 'not today' });
      return handle;
    },
  },
  'approval-timed-out': { play: (running) => running.start(credlinkPlan()) },
  cancelled: {
    async play(running) {
      const handle = await running.start(credlinkPlan());
      await until(running, handle, (status) => status.weights[version] === 50);
      await handle.cancel();
      return handle;
    },
  },
  continued: { play: (running) => running.start(automatic(credlinkPlan()), { eventsPerRun: 40 }) },
  'first-release': {
    world: { canaryVersion: version, stable: null },
    play: (running) => running.start(automatic(credlinkPlan())),
  },
  whole: {
    prepare: withPhases,
    async play(running) {
      const handle = await running.start(wholePlan());
      const { waiting } = await until(running, handle, (status) => status.waiting?.kind === 'approval');
      await handle.signal('approve', { step: waiting?.token, comment: 'nobody runs 1.0.0 any more' });
      return handle;
    },
  },
  'phase-undone': {
    prepare(world) {
      withPhases(world);
      world.metric = (query) => (query === FLAG_QUERY ? 0.5 : 0.999);
    },
    play: (running) => running.start(wholePlan({ database: undefined })),
  },
  compared: {
    prepare: (world) => void counting(world, { requests: 5_000, canaryFails: 100, stableFails: 100 }),
    play: (running) => running.start(withBaseline(countsPlan({ margin: 0.5 })), { eventsPerRun: 100 }),
  },
  'compared-worse': {
    prepare: (world) => void counting(world, { requests: 1_000, canaryFails: 20, stableFails: 100 }),
    play: (running) => running.start(withBaseline(countsPlan())),
  },
  kayenta: {
    prepare: (world) => void scoring(world, () => 1),
    play: (running) => running.start(kayentaPlan(), { eventsPerRun: 100 }),
  },
  'job-and-quiet': {
    prepare: (world) => {
      world.metric = (query, weight) => {
        if (query === REQUESTS) return weight <= 25 ? 1 : 100;
        return query.includes('quantile') ? 0.1 : weight <= 25 ? 0 : 1;
      };
    },
    play: (running) => running.start(quietPlan()),
  },
  scaled: {
    prepare: tenPods,
    async play(running) {
      const handle = await running.start(clusterPlan({ dynamicStableScale: true }, [HEADER_ROUTE, TWO_PODS, ...RAMP]));
      await promoted(running, handle);
      return handle;
    },
  },
  'scaled-aborted': {
    prepare: tenPods,
    async play(running) {
      const handle = await running.start(clusterPlan({ dynamicStableScale: true }, [HEADER_ROUTE, ...RAMP]));
      await until(running, handle, ({ waiting }) => waiting?.kind === 'pause');
      await handle.signal('abort', { reason: 'enough' });
      return handle;
    },
  },
  'pods-are-the-traffic': {
    prepare: tenPods,
    async play(running) {
      const plan = clusterPlan({}, RAMP);
      const target = { ...plan.target, traffic: { kind: 'replicas' } } as Plan['target'];
      const handle = await running.start({ ...plan, target });
      await promoted(running, handle);
      return handle;
    },
  },
  'job-in-the-cluster': {
    prepare(world) {
      tenPods(world);
      world.job = (_, weight) => ({ end: 'exited', exitCode: weight < 50 ? 0 : 3, because: 'exit code 3' });
    },
    play: (running) => running.start(clusterPlan({}, [percent(10), smokeStep(), percent(50), smokeStep()])),
  },
  driven: {
    prepare: drives,
    async play(running) {
      const handle = await running.start(drivenPlan());
      await promoted(running, handle);
      return handle;
    },
  },
  'driven-aborted': {
    prepare: drives,
    async play(running) {
      const handle = await running.start(drivenPlan());
      await until(running, handle, ({ waiting }) => waiting?.kind === 'pause');
      await handle.signal('abort', { reason: 'enough' });
      return handle;
    },
  },
  restarted: {
    play: ({ env }) => {
      const plan = credlinkPlan();
      return env.client.workflow.start(RESTART_WORKFLOW, {
        workflowId: restartId(plan),
        taskQueue: 'shiplock',
        args: [{ plan, reason: 'a leak' }],
      });
    },
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;
export const SCENARIOS = Object.keys(scenarios) as ScenarioName[];

const percent = (weight: number): Step => ({ kind: 'setWeight', weight });
const HEADER_ROUTE: Step = {
  kind: 'setHeaderRoute',
  name: 'beta',
  matches: [{ headers: { agent: { kind: 'exact', value: 'beta' } } }],
};
const TWO_PODS: Step = { kind: 'setCanaryScale', scale: { kind: 'replicas', replicas: 2 } };
const OPEN_PAUSE: Step = { kind: 'pause', durationMs: null, deadlineMs: 600_000 };
const RAMP: readonly Step[] = [percent(10), percent(50), OPEN_PAUSE];

function clusterPlan(scale: Partial<ScalePlan>, steps: readonly Step[]): Plan {
  const traffic = {
    kind: 'istio',
    virtualServices: [{ name: 'credlink-api', routes: ['primary'] }],
    managedRoutes: ['beta'],
  } as const;
  const { target } = someClusterPlan({ replicas: 10, traffic, scale: { ...SCALE, ...scale } });
  return plainPlan({ steps, target });
}

function tenPods(world: World): void {
  const [[stable, revision] = []] = world.revisions;
  if (stable && revision) world.revisions.set(stable, { ...revision, replicas: 10, ready: 10 });
}

/** An analysis of one Job. */
function smokeStep(): Step {
  const spec = {
    activeDeadlineSeconds: 60,
    ttlSecondsAfterFinished: 60,
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'smoke', image: 'smoke:1' }] } },
  };
  const provider = { kind: 'kubernetesJob', spec, timeoutMs: 60_000 } as const;
  const once = { intervalMs: null, count: 1, initialDelayMs: 0, successCondition: null, failureLimit: 0 };
  return inline({ metrics: [{ ...METRIC, name: 'smoke', provider, ...once }] });
}

function drives(world: World): void {
  world.rollout = playedRollout([{ weight: 10 }, { pauseMs: null }, { weight: 50 }, { pauseMs: 300_000 }]);
}

/** A person ends the pause that is open. */
async function promoted(running: Running, handle: ReleaseHandle): Promise<void> {
  const { waiting } = await until(running, handle, (status) => status.waiting?.kind === 'pause');
  await handle.signal('promote', { step: waiting?.token });
}

function withBaseline(plan: Plan): Plan {
  return { ...plan, canary: { ...plan.canary, baselineService: 'credlink-api-baseline' } };
}

const REQUESTS = 'sum(increase(requests[2m]))';

/** Readings that want traffic behind them, and a job beside them. */
function quietPlan(): Plan {
  const plan = automatic(credlinkPlan());
  const { background } = plan.canary;
  if (!background) throw new Error('the plan has no analysis');
  const lowTraffic = { requests: REQUESTS, atLeast: 50 };
  const provider = { kind: 'job', command: ['smoke'], environment: {}, attempts: 1, timeoutMs: 60_000 } as const;
  const smoke = { ...LATENCY, name: 'smoke', provider, successCondition: null, failureLimit: 0, count: null };
  const metrics = [...background.analysis.metrics.map((metric) => ({ ...metric, lowTraffic })), smoke];
  return {
    ...plan,
    canary: { ...plan.canary, background: { ...background, analysis: { ...background.analysis, metrics } } },
  };
}

function withPhases(world: World): void {
  world.files.set('/digest.yaml', 'sha256:old');
  world.metric = (query) => (query === FLAG_QUERY ? 0 : 0.999);
  world.probe = () => ({ headers: { 'x-content-type-options': 'nosniff' } });
}

/** Plays a release to its end under a clock that skips. */
export async function play(name: ScenarioName): Promise<RecordedRelease> {
  const scenario: Scenario = scenarios[name];
  const world = createWorld(scenario.world ?? { canaryVersion: version });
  scenario.prepare?.(world);
  Object.assign(world.activities, realWitnesses(world));
  return withWorld(world, async (running) => {
    const handle = await scenario.play(running);
    await handle.result().catch(() => undefined);
    return runsOf(running, handle);
  });
}

async function runsOf({ env }: Running, { workflowId, firstExecutionRunId }: ReleaseHandle): Promise<RecordedRelease> {
  const runs: { runId: string; history: History }[] = [];
  for (let runId: string | undefined = firstExecutionRunId; runId; ) {
    const history: History = await env.client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs.push({ runId, history });
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return { workflowId, runs };
}
