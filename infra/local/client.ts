import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ShiplockError } from '../../src/errors.ts';
import { resolveHome, socketOf } from './home.ts';
import type {
  Fenced,
  FenceGrant,
  FenceRequest,
  FlagDefinitions,
  FlagStatus,
  FlagWritten,
  PutBaseline,
  PutFlag,
  PutFlags,
  PutRevision,
  PutRoles,
  PutWeights,
  Refusal,
  ServiceStatus,
  StackStatus,
} from './protocol.ts';

/**
 * The supervisor of one stack, as functions. Every one rejects with a `ShiplockError`: a refusal with its own code,
 * `SHIPLOCK_LOCAL_DOWN` when nobody listens.
 */
export interface SupervisorClient {
  stack(): Promise<StackStatus>;
  service(service: string): Promise<ServiceStatus>;
  grantFence(service: string, request: FenceRequest): Promise<FenceGrant>;
  putRevision(service: string, version: string, request: PutRevision): Promise<ServiceStatus>;
  putBaseline(service: string, version: string, request: PutBaseline): Promise<ServiceStatus>;
  deleteRevision(service: string, version: string, request: Fenced): Promise<ServiceStatus>;
  putWeights(service: string, request: PutWeights): Promise<ServiceStatus>;
  putRoles(service: string, request: PutRoles): Promise<ServiceStatus>;
  flag(service: string, flag: string): Promise<FlagStatus>;
  putFlag(service: string, flag: string, request: PutFlag): Promise<FlagWritten>;
  /** All flags, as a definitions file of flagd's. */
  flags(): Promise<FlagDefinitions>;
  putFlags(request: PutFlags): Promise<FlagDefinitions>;
  /** Asks it to end everything; returns before that is done (see `stopStack`). */
  down(): Promise<void>;
  /** Closes idle connections. */
  close(): void;
}

export interface ConnectOptions {
  /** See `resolveHome`. */
  readonly home?: string;
  /** How long to wait for a supervisor that is just being brought back. Default 2000. */
  readonly patienceMs?: number;
  /** How long one answer may take. Default 25000. */
  readonly timeoutMs?: number;
}

const PATIENCE_MS = 2_000;
const TRY_AGAIN_MS = 50;
/** Longer than the slowest write, a removal: 10 s for its last requests and 5 s to end. */
const TIMEOUT_MS = 25_000;

/** @example `const client = connectSupervisor(); await client.putWeights('api', { weights, fence, key });` */
export function connectSupervisor(options: ConnectOptions = {}): SupervisorClient {
  const home = resolveHome(options.home);
  const patienceMs = options.patienceMs ?? PATIENCE_MS;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });

  const ask = async <Answer>(method: string, path: readonly string[], body?: unknown): Promise<Answer> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const { status, value, error, again } = await send(
        { agent, socketPath: socketOf(home), timeout: timeoutMs, method },
        path,
        body,
      );
      if (error === undefined) {
        if (status < 300) return value as Answer;
        const { code, message } = value as Refusal;
        throw new ShiplockError({ code, message });
      }
      if (!again || Date.now() >= deadline) throw down(home, error);
      await delay(TRY_AGAIN_MS);
    }
  };
  const of = (service: string, ...rest: string[]) => ['services', service, ...rest];

  return {
    stack: () => ask('GET', ['stack']),
    service: (service) => ask('GET', of(service)),
    grantFence: (service, request) => ask('POST', of(service, 'fence'), request),
    putRevision: (service, version, request) => ask('PUT', of(service, 'revisions', version), request),
    putBaseline: (service, version, request) => ask('PUT', of(service, 'baselines', version), request),
    deleteRevision: (service, version, request) => ask('DELETE', of(service, 'revisions', version), request),
    putWeights: (service, request) => ask('PUT', of(service, 'weights'), request),
    putRoles: (service, request) => ask('PUT', of(service, 'roles'), request),
    flag: (service, flag) => ask('GET', of(service, 'flags', flag)),
    putFlag: (service, flag, request) => ask('PUT', of(service, 'flags', flag), request),
    flags: () => ask('GET', ['flags']),
    putFlags: (request) => ask('PUT', ['flags'], request),
    down: async () => void (await ask('POST', ['down'])),
    close: () => agent.destroy(),
  };
}

/** Where the embedded Prometheus answers, for example `http://127.0.0.1:20321`. */
export async function prometheusAddress(client: SupervisorClient): Promise<string> {
  return (await client.stack()).servers.prometheus.address;
}

interface Exchange {
  readonly status: number;
  readonly value: unknown;
  readonly error?: NodeJS.ErrnoException;
  /** Every request is idempotent, so one that broke off may be sent again. */
  readonly again: boolean;
}

const BROKEN = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'];

function send(options: RequestOptions, path: readonly string[], body: unknown): Promise<Exchange> {
  const content = body === undefined ? '' : JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
  const target = `/v1/${path.map(encodeURIComponent).join('/')}`;
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) =>
      resolve({ status: 0, value: null, error, again: BROKEN.includes(error.code ?? '') });
    const answered = (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', fail);
      response.on('end', () => {
        try {
          const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
          resolve({ status: response.statusCode ?? 0, value, again: false });
        } catch (error) {
          fail(error as Error);
        }
      });
    };
    const request = httpRequest({ ...options, path: target, headers }, answered);
    request.on('timeout', () => request.destroy(new Error(`no answer within ${(options.timeout ?? 0) / 1000} s`)));
    request.on('error', fail);
    request.end(content);
  });
}

function down(home: string, cause: Error): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_LOCAL_DOWN',
    message: `no embedded stack answers in ${home}: ${cause.message}`,
    mend: 'shiplock local up',
    cause,
  });
}
