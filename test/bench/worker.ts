/** A worker from cold: the time from starting its process to polling every queue, and its memory with open releases. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Stage } from '../../infra/demo/stage.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { RELEASE_WORKFLOW, TASK_QUEUE } from '../../workflows/messages.ts';
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
  const connection = await Connection.connect({ address: stage.stack.servers.temporal.address });
  const client = new Client({ connection });
  const figures: Figure[] = [];
  const policy = readFileSync(stage.policyFile, 'utf8');
  writeFileSync(stage.policyFile, policy.replace(/^services:.*$/m, "services: ['bench-*']"));
  for (const count of counts) {
    const worker = await startWorker(stage);
    const handles = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        client.workflow.start(RELEASE_WORKFLOW, {
          workflowId: `bench-memory-${count}-${index}`,
          taskQueue: TASK_QUEUE,
          args: [{ plan: { ...plan, service: `bench-${index}` } }],
        }),
      ),
    );
    for (const handle of handles) {
      for (;;) {
        const { phase } = await handle.query<{ phase: string }>('status');
        if (phase !== 'admission') break;
      }
    }
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

async function startWorker(stage: Stage): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [join(root, 'bin/shiplock.js'), 'worker', '--policy', stage.policyFile], {
    env: stage.environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  process.once('exit', () => worker.kill('SIGKILL'));
  let said = '';
  for await (const part of worker.stderr ?? []) {
    said += part;
    if (said.includes('"worker ready"')) break;
  }
  return worker;
}

async function end(worker: ChildProcess): Promise<void> {
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}
