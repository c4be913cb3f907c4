/** Releases whose metric is a real command, run by the build host's own code. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import type { JobReport } from '../../activities/gates/port.ts';
import type { Reading } from '../../activities/metrics/port.ts';
import type { JobCommand, MetricPlan, Plan, Step } from '../../src/plan/plan.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { activities, app, pidIn, until } from '../fixtures/gate-place.ts';
import { type ReleaseHandle, withWorld } from '../workflow/environment.ts';
import { automatic, credlinkPlan, SUCCESS } from '../workflow/plans.ts';
import { createWorld, type World } from '../workflow/world.ts';

const limit = { timeout: 300_000 };
const version = '1.1.0';

/** A world whose jobs are real. */
function worldWithJobs(): { world: World; readings: Reading[] } {
  const world = createWorld({ canaryVersion: version });
  const readings: Reading[] = [];
  const { runJob } = activities();
  world.activities.runJob = async (request) => {
    const reading = await runJob(request);
    readings.push(reading);
    return reading;
  };
  return { world, readings };
}

/** A release with one metric, a Node program given as text, read once as a step at 10 %. */
function planWith(source: string, changes: Partial<JobCommand> = {}): Plan {
  const plan = automatic(credlinkPlan());
  const { background } = plan.canary;
  assert.ok(background);
  const provider: JobCommand = {
    kind: 'job',
    command: [process.execPath, '-e', source],
    environment: { STAGE: 'canary' },
    directory: app,
    attempts: 1,
    timeoutMs: 30_000,
    ...changes,
  };
  const smoke: MetricPlan = {
    ...SUCCESS,
    name: 'smoke',
    provider,
    successCondition: null,
    intervalMs: null,
    count: 1,
    initialDelayMs: 0,
    failureLimit: 0,
  };
  const steps: readonly Step[] = [
    { kind: 'setWeight', weight: 10 },
    { kind: 'analysis', analysis: { ...background.analysis, templates: ['smoke'], metrics: [smoke] } },
  ];
  return { ...plan, canary: { ...plan.canary, background: null, steps }, promotion: { monitor: null, approval: null } };
}

async function reasonOf(handle: ReleaseHandle): Promise<string> {
  const error: unknown = await handle.result().catch((error: unknown) => error);
  assert.ok(error instanceof WorkflowFailedError, 'it was released');
  return error.cause?.message ?? '';
}

describe('a release whose metric is a job', () => {
  it('goes on once its command has exited with 0, at the second attempt', limit, async () => {
    const { world, readings } = worldWithJobs();
    const source = `const fs = require('fs');
      fs.appendFileSync('tried', process.env.STAGE + ' ');
      process.exit(fs.readFileSync('tried', 'utf8').trim().split(' ').length < 2 ? 1 : 0)`;
    await withWorld(world, async ({ start }) => {
      const status = (await (await start(planWith(source, { attempts: 3 }))).result()) as ReleaseStatus;
      assert.equal(status.outcome, 'released');
      const [smoke] = status.metrics;
      assert.deepEqual([smoke?.state, smoke?.readings.map(({ value }) => value)], ['pass', ['exit code 0']]);
      const report = JSON.parse(readings[0]?.raw ?? '') as JobReport;
      assert.deepEqual([report.attempts, report.exitCode, report.logs.length], [2, 0, 2]);
      const folder = path.dirname(report.logs[0]?.file ?? '');
      assert.match(folder, /release-production-credlink-api\/[^/]+\/[^/]+\/smoke\/1$/);
    });
  });

  it('goes back when its command exits with another code', limit, async () => {
    const { world } = worldWithJobs();
    await withWorld(world, async ({ start }) => {
      assert.match(await reasonOf(await start(planWith('process.exit(3)'))), /^smoke: /);
      assert.deepEqual(world.weights, { '1.0.0': 100 });
    });
  });

  it('goes back at once when it is aborted, and the command goes with it', limit, async () => {
    const { world } = worldWithJobs();
    const source = `const fs = require('fs');
      const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
      fs.writeFileSync('aborted-child', String(child.pid));
      fs.writeFileSync('aborted-job', String(process.pid));
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1000)`;
    await withWorld(world, async ({ start }) => {
      const handle = await start(planWith(source, { timeoutMs: 10 * 60_000 }));
      const pids = [await pidIn('aborted-job'), await pidIn('aborted-child')];
      await handle.signal('abort', { reason: 'enough' });
      const startedAt = performance.now();
      assert.equal(await reasonOf(handle), 'enough');
      assert.ok(performance.now() - startedAt < 60_000, 'the release does not wait for the job');
      await gone(pids);
    });
  });
});

/** Within the patience of a heartbeat, and the grace of a process that does not want to end. */
async function gone(pids: readonly number[]): Promise<void> {
  const look = () => pids.every((pid) => !isAlive(pid));
  await until('the job is gone', look).catch(() => until('the job is gone', look));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
