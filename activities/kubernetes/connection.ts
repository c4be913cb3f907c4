import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { failure } from '../failure.ts';
import { reason } from '../request.ts';
import { type ClusterAccess, type Credentials, readCredentials } from './credentials.ts';
import { exchange, type HttpResponse, TooLarge } from './exchange.ts';
import { type Attempted, type RefusalCode, refusalOf } from './refusal.ts';
import { keepWarm, TOUCH_MS, TOUCHED } from './warm.ts';

/** Below the 10 s of an activity, so that what is said is who did not answer. */
export const REQUEST_TIMEOUT_MS = 5_000;
/** A page of 500 pods with long templates is about 10 MB. */
const MAXIMUM_BYTES = 32 * 1024 * 1024;
/** Fewer than Node's default of endless: an API server that hangs holds no more. */
const SOCKETS = 32;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments are encoded already. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: unknown;
  /** For what is said of a refusal. */
  readonly attempted: Attempted;
}

export interface Connection {
  /** @returns what a 2xx answer holds; `null` where `absent` is given and the object is not there */
  send(request: ApiRequest, absent?: 'absent'): Promise<unknown>;
}

/** One request that was made, for counting. */
export interface Made {
  readonly cluster: string;
  readonly verb: string;
  readonly resource: string;
  /** `null`: nobody answered. */
  readonly status: number | null;
  readonly milliseconds: number;
}

export interface ConnectionOptions {
  /** Ends requests under way; in an activity `cancellationSignal` of `@temporalio/activity`. */
  readonly signal: () => AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** How often connections that are free are used, so that the server does not close them. */
  readonly touchMs?: number;
  readonly made?: (request: Made) => void;
}

/** Credentials are read at the first request, and again after the server did not take them. */
export function connect(cluster: string, access: ClusterAccess, options: ConnectionOptions): Connection {
  const { signal: cancellation, timeoutMs = REQUEST_TIMEOUT_MS, touchMs = TOUCH_MS, made } = options;
  const keepAlive = { keepAlive: true, keepAliveMsecs: 30_000, maxSockets: SOCKETS };
  const agents = { 'http:': new HttpAgent(keepAlive), 'https:': new HttpsAgent(keepAlive) };
  let credentials: Promise<Credentials> | null = null;

  const ask = async (request: Asked, { server, proxied, options: prepare }: Credentials, signal: AbortSignal) => {
    const prepared = await unlessAborted(prepare(), signal);
    const agent = proxied ? prepared.agent : agents[server.protocol as 'http:' | 'https:'];
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const type = body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' };
    const headers = { ...prepared.headers, ...type } as Record<string, string>;
    const sent = { method: request.method, maximumBytes: MAXIMUM_BYTES, options: { ...prepared, agent, headers } };
    return exchange(addressOf(server, request), body === undefined ? sent : { ...sent, body }, signal);
  };

  /** Whatever is answered, the connection was used. */
  const touch = async (): Promise<void> => {
    const known = await credentials;
    if (!known || known.proxied) return;
    const free = Object.values(agents[known.server.protocol as 'http:' | 'https:'].freeSockets);
    const count = Math.min(free.flatMap((sockets) => sockets ?? []).length, TOUCHED);
    await Promise.all(Array.from({ length: count }, () => ask(LIVEZ, known, AbortSignal.timeout(timeoutMs))));
  };
  const used = keepWarm(() => touch().catch(() => undefined), touchMs);

  return {
    send: async (request, absent) => {
      const { attempted } = request;
      const cancelled = cancellation();
      cancelled?.throwIfAborted();
      // Before the time runs: loading the client's package may take seconds on a busy machine.
      credentials ??= readCredentials(cluster, access).catch((error) => {
        credentials = null;
        throw error;
      });
      const known = await credentials;
      const deadline = AbortSignal.timeout(timeoutMs);
      const signal = cancelled ? AbortSignal.any([deadline, cancelled]) : deadline;
      const began = performance.now();
      const tell = (status: number | null) =>
        made?.({
          cluster,
          verb: attempted.verb,
          resource: attempted.resource,
          status,
          milliseconds: performance.now() - began,
        });
      let answer: HttpResponse;
      try {
        answer = await ask(request, known, signal);
      } catch (error) {
        tell(null);
        cancelled?.throwIfAborted();
        throw unanswered(error, attempted, deadline.aborted ? timeoutMs : null);
      }
      tell(answer.status);
      used();
      if (answer.status >= 200 && answer.status < 300) return parsed(answer, attempted);
      const { retry, afterMs, ...refusal } = refusalOf(answer, attempted);
      if (absent && refusal.code === 'SHIPLOCK_KUBERNETES_NOT_FOUND' && answer.status === 404) return null;
      if (answer.status === 401) credentials = null;
      throw failure(refusal, { retry, afterMs });
    },
  };
}

/** Whether a failure has this code; adapters decide by it, never by words. */
export function hasCode(
  error: unknown,
  code: RefusalCode | 'SHIPLOCK_KUBERNETES_OVERTAKEN' | 'SHIPLOCK_FENCE_STALE',
): boolean {
  return error instanceof Error && 'type' in error && error.type === code;
}

type Asked = Omit<ApiRequest, 'attempted'>;

/** By default everybody may ask it; a refusal keeps the connection as well. */
const LIVEZ: Asked = { method: 'GET', path: '/livez' };

function addressOf(server: URL, { path, query = {} }: Asked): URL {
  const url = new URL(`${server.pathname.replace(/\/$/, '')}${path}`, server);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** A credential plugin that hangs has no time-out of its own. */
function unlessAborted<Value>(wanted: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    wanted.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function parsed({ text }: HttpResponse, { cluster, verb, resource }: Attempted): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `cluster ${cluster} answered ${verb} ${resource} with something that is no JSON`;
    throw failure({ code: 'SHIPLOCK_KUBERNETES_ANSWER', message, cause }, { retry: 'later' });
  }
}

const TLS = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|ERR_TLS_|ERR_SSL_|EPROTO)/;

function unanswered(error: unknown, attempted: Attempted, timeoutMs: number | null): unknown {
  if (error instanceof Error && 'type' in error) return error;
  const { cluster, verb, resource, namespace } = attempted;
  const what = `${verb} ${resource} in namespace ${namespace}`;
  if (timeoutMs !== null) {
    const message = `the API server of cluster ${cluster} has not answered within ${timeoutMs} ms: ${what}`;
    return failure({ code: 'SHIPLOCK_KUBERNETES_TIMEOUT', message }, { retry: 'later' });
  }
  const message = `the API server of cluster ${cluster} is not reached (${what}): ${reason(error)}`;
  if (error instanceof TooLarge) return failure({ code: 'SHIPLOCK_KUBERNETES_ANSWER', message }, { retry: 'later' });
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? '') : '';
  if (!TLS.test(code)) return failure({ code: 'SHIPLOCK_KUBERNETES_UNAVAILABLE', message }, { retry: 'later' });
  const mend = `mend the certificate authority or the server's name in the kubeconfig of cluster ${cluster}`;
  return failure({ code: 'SHIPLOCK_KUBERNETES_TLS', message, mend, cause: error }, { retry: 'never' });
}
