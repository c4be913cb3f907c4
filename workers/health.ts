import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkerStatus } from '@temporalio/worker';
import { ShiplockError } from '../src/errors.ts';

/** What a worker's readiness is made of. */
export interface Watched {
  readonly pollers: readonly Poller[];
  /** Asks Temporal, as this worker; rejects where it does not answer, or refuses. */
  readonly askTemporal: () => Promise<unknown>;
}

export interface Poller {
  readonly taskQueue: string;
  status(): Pick<WorkerStatus, 'runState' | 'workflowPollerState' | 'activityPollerState'>;
}

export interface Health {
  readonly ready: boolean;
  /** One line. */
  readonly because: string;
}

export interface HealthEndpoint {
  /** `host:port` as it is listened on. */
  readonly address: string;
  /** From here on readiness is that of these; before, nothing is ready. */
  watch(watched: Watched): void;
  close(): Promise<void>;
}

/** Whoever asks, and however often: Temporal is asked at most this often. */
const ASK_EVERY_MS = 2_000;

/**
 * Answers probes over HTTP, without credentials: `/livez` is 200 as long as the event loop turns, `/readyz` is 200 while
 * every queue is polled and Temporal answers, else 503 with the reason. Kubernetes' own names and codes
 * (https://kubernetes.io/docs/reference/using-api/health-checks/).
 *
 * @param address `host:port`; port 0 takes a free one
 * @throws SHIPLOCK_WORKER_HEALTH where it cannot listen there
 * @example const endpoint = await openHealth('0.0.0.0:8480'); endpoint.watch({ pollers, askTemporal });
 */
export async function openHealth(address: string): Promise<HealthEndpoint> {
  let look: () => Promise<Health> = async () => ({ ready: false, because: 'the worker starts' });
  const server = createServer((request, response) => {
    const answer = (code: number, text: string): void => {
      response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
      response.end(`${text}\n`);
    };
    switch (request.method === 'GET' || request.method === 'HEAD' ? request.url?.split('?', 1)[0] : undefined) {
      case '/livez':
        return answer(200, 'ok');
      case '/readyz':
        return void look().then(({ ready, because }) => answer(ready ? 200 : 503, because));
      default:
        return answer(404, 'ask GET /livez or /readyz');
    }
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  await listen(server, address);
  // A probe holds no worker back that wants to end.
  server.unref();
  return {
    address: shown(server.address() as AddressInfo),
    watch(watched) {
      look = atMostEvery(ASK_EVERY_MS, () => examine(watched));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function examine({ pollers, askTemporal }: Watched): Promise<Health> {
  const polled = pollingOf(pollers);
  if (!polled.ready) return polled;
  try {
    await askTemporal();
    return polled;
  } catch (error) {
    return { ready: false, because: `Temporal does not answer: ${(error as Error).message}` };
  }
}

/** Whether every queue is polled. */
export function pollingOf(pollers: readonly Poller[]): Health {
  for (const { taskQueue, status } of pollers) {
    const { runState, workflowPollerState, activityPollerState } = status();
    if (runState !== 'RUNNING') return { ready: false, because: `${taskQueue}: the worker is ${runState}` };
    const states = [workflowPollerState, activityPollerState];
    if (states.includes('FAILED')) return { ready: false, because: `${taskQueue}: polling failed` };
    // A worker without workflows, or without activities, has that poller shut down from the start.
    if (!states.includes('POLLING')) return { ready: false, because: `${taskQueue} is not polled` };
  }
  if (pollers.length === 0) return { ready: false, because: 'no queue is polled' };
  return { ready: true, because: `polls ${pollers.map(({ taskQueue }) => taskQueue).join(', ')}` };
}

function atMostEvery(ms: number, ask: () => Promise<Health>): () => Promise<Health> {
  let asked = Number.NEGATIVE_INFINITY;
  let last: Promise<Health> | undefined;
  return () => {
    if (last === undefined || performance.now() - asked >= ms) {
      asked = performance.now();
      last = ask();
    }
    return last;
  };
}

function listen(server: Server, address: string): Promise<void> {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  return new Promise((resolve, reject) => {
    const refuse = (because: string, cause?: Error): void =>
      reject(
        new ShiplockError({
          code: 'SHIPLOCK_WORKER_HEALTH',
          message: `the worker's probes cannot be answered on ${address}: ${because}`,
          mend: 'name a free host:port with --health, or leave it out',
          cause,
        }),
      );
    if (host === undefined || Number(port) > 65_535) return refuse('it is no host:port');
    server.once('error', (error) => refuse(error.message, error));
    server.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }, () => resolve());
  });
}

const shown = ({ address, family, port }: AddressInfo): string =>
  family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
