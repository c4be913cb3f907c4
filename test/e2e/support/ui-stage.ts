/** Where the tests of the UI play: an embedded stack of their own, a worker process, and the sample service. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithUs, removeWithUs } from '../../../infra/local/afterwards.ts';
import { connectSupervisor, ensureStack, type StackStatus, stopStack } from '../../../infra/local/index.ts';
import { progressBar } from '../../../infra/local/servers/index.ts';
import { connectShiplock, type Shiplock } from '../../../src/client/index.ts';
import { type Plan, planDigest } from '../../../src/plan/index.ts';
import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { serve } from '../stack-world.ts';
import { planOf, sampleService } from './plans.ts';

export interface UiStage {
  readonly stack: StackStatus;
  readonly shiplock: Shiplock;
  /** Starts a release; its workflow id and first run. */
  start(plan: Plan): Promise<Started>;
  /** The status, as soon as it satisfies. */
  until(
    id: string,
    what: string,
    holds: (status: ReleaseStatus) => boolean,
    timeoutMs?: number,
  ): Promise<ReleaseStatus>;
  /** Percent of traffic by version, as the platform itself says. */
  weights(service: string): Promise<Readonly<Record<string, number>>>;
  /** A service whose version 1.0.0 carries everything; where clients reach it. */
  serving(service: string): Promise<string>;
  close(): Promise<void>;
}

export interface Started {
  readonly id: string;
  readonly runId: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

export async function openUiStage(): Promise<UiStage> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'shiplock-ui-')));
  removeWithUs(home);
  const stack = await ensureStack({ home, onProgress: progressBar(process.stderr) });
  const worker = await startWorker(home);
  const { TEMPORAL_ADDRESS: _, ...environment } = process.env;
  process.env = environment;
  const shiplock = await connectShiplock({ home, identity: 'ci@pipeline' });
  const supervisor = connectSupervisor({ home });

  const start = async (plan: Plan): Promise<Started> => {
    const started = await shiplock.startPlan({ plan, planDigest: planDigest(plan), warnings: [] });
    if (started.kind !== 'started') throw new Error(`${started.id} was queued`);
    return { id: started.id, runId: started.firstRunId };
  };
  const until: UiStage['until'] = async (id, what, holds, timeoutMs = 120_000) => {
    let last: ReleaseStatus | null = null;
    for await (const { status } of shiplock.watch(id, { signal: AbortSignal.timeout(timeoutMs) })) {
      last = status ?? last;
      if (status && holds(status)) return status;
    }
    throw new Error(`never within ${timeoutMs} ms: ${what}; last: ${JSON.stringify(last, null, 1)}`);
  };
  const close = async (): Promise<void> => {
    supervisor.close();
    await shiplock.close();
    await endWorker(worker);
    await stopStack({ home });
    rmSync(home, { recursive: true, force: true });
  };
  return {
    stack,
    shiplock,
    start,
    until,
    weights: async (service) => (await supervisor.service(service)).weights,
    serving: async (service) => (await serve(supervisor, service, '1.0.0', sampleRevision(service))).address,
    close,
  };
}

function sampleRevision(service: string) {
  const { platform: _, ...revision } = planOf(service, '1.0.0').target;
  return revision;
}

/** The worker's own command line, in a process of its own. */
async function startWorker(home: string): Promise<ChildProcess> {
  const policy = join(home, 'policy.json');
  writeFileSync(
    policy,
    JSON.stringify({
      services: ['*'],
      environments: ['*'],
      platforms: ['local'],
      commands: [['node', '**']],
      directories: [sampleService, home],
      workloadEnvironment: ['NODE_ENV', 'SAMPLE_*'],
      prometheus: { '*': 'embedded' },
    }),
  );
  const args = [
    join(root, 'bin/shiplock.js'),
    'worker',
    '--policy',
    policy,
    '--home',
    home,
    '--state',
    join(home, 'worker'),
  ];
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const worker = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  worker.once('exit', endWithUs(worker.pid ?? Number.NaN));
  let words = '';
  await new Promise<void>((resolve, reject) => {
    worker.stderr?.setEncoding('utf8').on('data', (part: string) => {
      words = (words + part).slice(-4_000);
      if (/is ready; Ctrl-C/.test(words)) resolve();
    });
    worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}: ${words}`)));
  });
  return worker;
}

async function endWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill('SIGTERM');
  await ended;
}
