import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createAttestationActivities } from '../../activities/attestation/index.ts';
import { createGateActivities } from '../../activities/gates/index.ts';
import type { CommandGate } from '../../src/plan/plan.ts';
import type { attestFirst, gate } from '../fixtures/activity-workflows.ts';
import { openTemporal, type TestTemporal } from '../fixtures/temporal.ts';

let server: TestTemporal;
let bundle: { code: string };
let root: string;

before(async () => {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'shiplock-activities-')));
  const workflowsPath = path.join(import.meta.dirname, '../fixtures/activity-workflows.ts');
  [server, bundle] = await Promise.all([openTemporal(), bundleWorkflowCode({ workflowsPath, logger })]);
});
after(async () => {
  await server?.close();
  await rm(root, { recursive: true, force: true });
});

function worker(taskQueue: string): Promise<Worker> {
  const environment = { PATH: process.env.PATH ?? '' };
  const logs = path.join(root, 'logs');
  return Worker.create({
    connection: server.nativeConnection,
    taskQueue,
    workflowBundle: bundle,
    activities: {
      ...createAttestationActivities(),
      ...createGateActivities({ hostQueue: taskQueue, logs, environment, directories: [root], runAs: null }),
    },
    maxHeartbeatThrottleInterval: '500ms',
  });
}

async function contentOf(name: string): Promise<string> {
  for (let look = 0; look < 5_000; look += 1) {
    const text = await readFile(path.join(root, name), 'utf8').catch(() => '');
    if (text !== '') return text;
    await delay(20);
  }
  throw new Error(`${name} was not written within 100 s`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  for (let look = 0; look < 5_000; look += 1) {
    if (!isAlive(pid)) return;
    await delay(20);
  }
  throw new Error(`process ${pid} still runs after 100 s`);
}

/** A gate that notes its pid and ends well once it may. */
function waitingGate(name: string): { gate: CommandGate; key: string } {
  const source = `require('fs').appendFileSync('${name}', process.pid + ' ');
    const t = setInterval(() => { if (require('fs').existsSync('${name}-go')) clearInterval(t) }, 20)`;
  const command = [process.execPath, '-e', source];
  return {
    gate: { kind: 'command', name, directory: root, timeoutMs: 120_000, command },
    key: `e2e/${randomUUID()}/${name}`,
  };
}

describe('activities in a real worker', () => {
  it('read the history of their own release through the worker’s connection', async () => {
    const taskQueue = randomUUID();
    const handle = await server.client.workflow.signalWithStart<typeof attestFirst, [object]>('attestFirst', {
      workflowId: randomUUID(),
      taskQueue,
      args: ['approve'],
      signal: 'approve',
      signalArgs: [{ step: 'x' }],
    });
    const attestation = await (await worker(taskQueue)).runUntil(handle.result());
    assert.equal(attestation.eventId, '2');
    assert.equal(attestation.level, 'identity');
  });

  it('hand a gate over to the next worker when theirs is stopped', async () => {
    const [taskQueue, request] = [randomUUID(), waitingGate('handed-over')];
    const handle = await server.client.workflow.start<typeof gate>('gate', {
      workflowId: randomUUID(),
      taskQueue,
      args: [request],
    });
    const first = await worker(taskQueue);
    const stopped = first.run();
    const pid = Number(await contentOf('handed-over'));
    first.shutdown();
    await stopped;
    assert.equal(isAlive(pid), false);
    await writeFile(path.join(root, 'handed-over-go'), '');
    const report = await (await worker(taskQueue)).runUntil(handle.result());
    assert.equal(report.verdict, 'pass');
    assert.equal((await contentOf('handed-over')).trim().split(' ').length, 2);
  });

  it('end a gate when its release is cancelled', async () => {
    const [taskQueue, request] = [randomUUID(), waitingGate('cancelled')];
    const handle = await server.client.workflow.start<typeof gate>('gate', {
      workflowId: randomUUID(),
      taskQueue,
      args: [request],
    });
    await (await worker(taskQueue)).runUntil(async () => {
      const pid = Number(await contentOf('cancelled'));
      await handle.cancel();
      await assert.rejects(handle.result(), WorkflowFailedError);
      // The workflow does not wait for its activity to end; the process goes with it all the same.
      await gone(pid);
    });
  });
});
