/** Releases that end in every way there is, run in seconds, with the real admission and attestation. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { Plan } from '../../src/plan/plan.ts';
import { RESTART_WORKFLOW, restartId } from '../../workflows/restart-messages.ts';
import { counting, countsPlan, kayentaPlan, scoring } from '../workflow/compared-plans.ts';
import { type ReleaseHandle, type Running, until, withWorld } from '../workflow/environment.ts';
import { FLAG_QUERY, wholePlan } from '../workflow/phases-plans.ts';
import { automatic, credlinkPlan, LATENCY } from '../workflow/plans.ts';
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
