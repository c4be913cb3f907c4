/** A worker from cold: the time from starting its process to polling every queue, and its memory with open releases. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type WorkflowHandle } from '@temporalio/client';
import type { Stage } from '../../infra/demo/stage.ts';
import { openConnection } from '../../src/client/connection.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { RELEASE_WORKFLOW, type ReleaseStatus, TASK_QUEUE } from '../../workflows/messages.ts';
import { type Figure, percentile } from './figure.ts';

const root = join(import.meta.dirname, '../..');

export async function measureWorkerStart(stage: Stage, rounds: number): Promise<Figure> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const worker = await startWorker(stage);
    taken.push(performance.now() - began);
    await end(worker);
  }
  const how = `${rounds} processes, bundle made beforehand; ${taken.map((ms) => Math.round(ms)).join(', ')} ms`;
  return { name: 'worker ready from cold', value: percentile(taken, 50) / 1_000, unit: 's', aim: 1.5, how };
}

/** Resident memory of one worker that holds this many open releases, each waiting in a pause. */
export async function measureMemory(stage: Stage, plan: Plan, counts: readonly number[]): Promise<Figure[]> {
  const connection = await openConnection({ address: stage.stack.servers.temporal.address });
  const client = new Client({ connection });
  const figures: Figure[] = [];
  for (const count of counts) {
    const worker = await startWorker(stage);
    const handles = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        client.workflow.start(RELEASE_WORKFLOW, {
          workflowId: `bench-memory-${count}-${index}`,
          taskQueue: TASK_QUEUE,
          args: [{ plan }],
        }),
      ),
    );
    for (const handle of handles) await untilItWaits(handle);
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))?.[1]);
    figures.push({
      name: `resident memory of a worker with ${count} open releases`,
      value: kilobytes / 1024,
      unit: 'MB',
      aim: null,
      how: 'VmRSS',
    });
    await Promise.all(handles.map((handle) => handle.terminate('measured')));
    await end(worker);
  }
  await connection.close();
  return figures;
}

/** Until the release asks a person what to do with its gate. */
async function untilItWaits(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { waiting } = await handle.query<ReleaseStatus>('status').catch(() => ({ waiting: null }));
    if (waiting) return;
    await delay(200);
  }
}

async function startWorker(stage: Stage): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [join(root, 'bin/shiplock.js'), 'worker', '--policy', stage.policyFile], {
    env: stage.environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  process.once('exit', () => worker.kill('SIGKILL'));
  await new Promise<void>((resolve) => {
    let said = '';
    worker.stderr?.on('data', (part: Buffer) => {
      said = (said + part).slice(-4_000);
      if (said.includes('"worker ready"')) resolve();
    });
  });
  return worker;
}

async function end(worker: ChildProcess): Promise<void> {
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}
