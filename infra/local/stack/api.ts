import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ShiplockError } from '../../../src/errors.ts';
import type { Refusal, StackStatus } from '../protocol.ts';
import type { Flags } from './flags.ts';
import { Refused } from './refuse.ts';
import {
  fencedRequest,
  fenceRequest,
  flagKey,
  parse,
  putBaseline,
  putFlag,
  putFlags,
  putRevision,
  putRoles,
  putWeights,
  serviceName,
  versionName,
} from './requests.ts';
import type { Services } from './services.ts';

export interface ApiOptions {
  readonly services: Services;
  readonly flags: Flags;
  readonly stack: () => StackStatus;
  readonly down: () => void;
  readonly note: (line: string) => void;
}

const BODY_LIMIT_BYTES = 256 * 1024;
/** Longer than any pause between the writes of a step, so that an abort finds its connection open. */
const KEEP_ALIVE_MS = 120_000;

const STATUS: Readonly<Record<Refusal['code'], number>> = {
  SHIPLOCK_FENCE_STALE: 409,
  SHIPLOCK_LOCAL_NOT_READY: 409,
  SHIPLOCK_LOCAL_CARRIES_TRAFFIC: 409,
  SHIPLOCK_LOCAL_REVISIONS_FULL: 409,
  SHIPLOCK_LOCAL_SERVICE_UNKNOWN: 404,
  SHIPLOCK_LOCAL_REQUEST_INVALID: 400,
  SHIPLOCK_LOCAL_ROUTER: 503,
  SHIPLOCK_LOCAL_FLAG_UNKNOWN: 404,
  SHIPLOCK_LOCAL_FLAG_CHANGED: 409,
  SHIPLOCK_LOCAL_FLAGS_INVALID: 400,
  SHIPLOCK_LOCAL_FLAG_SERVICE: 503,
  SHIPLOCK_LOCAL_DISK: 507,
  SHIPLOCK_LOCAL_FAILED: 500,
};

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The supervisor's HTTP interface; see `protocol.ts`. */
export function createApi(options: ApiOptions): Server {
  const server = createServer((request, response) => {
    void answer(options, request)
      .catch((error: unknown) => refusal(error, options.note))
      .then(({ status, body }) => send(response, status, body));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

async function answer(options: ApiOptions, request: IncomingMessage): Promise<Answer> {
  const { services, flags } = options;
  const path = new URL(request.url ?? '/', 'http://supervisor').pathname.split('/').slice(1).map(decodeURIComponent);
  const [api, kind, service, part, item] = path;
  const what = `${request.method} ${[api, kind, service && ':service', part, item && ':item'].filter(Boolean).join('/')}`;
  const body = request.method === 'GET' ? null : await readBody(request);
  const name = () => parse(serviceName, service);
  const revision = () => parse(versionName, item);
  const flag = () => parse(flagKey, item);
  switch (what) {
    case 'GET v1/stack':
      return ok(options.stack());
    case 'POST v1/down':
      options.down();
      return { status: 202, body: {} };
    case 'GET v1/services/:service':
      return ok(services.status(name()));
    case 'POST v1/services/:service/fence':
      return ok(await services.grantFence(name(), parse(fenceRequest, body).holder));
    case 'PUT v1/services/:service/revisions/:item':
      return ok(await services.putRevision(name(), revision(), parse(putRevision, body)));
    case 'PUT v1/services/:service/baselines/:item':
      return ok(await services.putBaseline(name(), revision(), parse(putBaseline, body)));
    case 'DELETE v1/services/:service/revisions/:item':
      return ok(await services.deleteRevision(name(), revision(), parse(fencedRequest, body)));
    case 'PUT v1/services/:service/weights':
      return ok(await services.putWeights(name(), parse(putWeights, body)));
    case 'PUT v1/services/:service/roles':
      return ok(await services.putRoles(name(), parse(putRoles, body)));
    case 'GET v1/services/:service/flags/:item':
      return ok(flags.one(flag()));
    case 'PUT v1/services/:service/flags/:item':
      return ok(await flags.put(name(), flag(), parse(putFlag, body)));
    case 'GET v1/flags':
      return ok(flags.all());
    case 'PUT v1/flags':
      return ok(await flags.putAll(parse(putFlags, body)));
    default:
      throw new Refused('SHIPLOCK_LOCAL_REQUEST_INVALID', `there is no ${request.method} ${request.url}`);
  }
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_LIMIT_BYTES) throw new Refused('SHIPLOCK_LOCAL_REQUEST_INVALID', 'the request is over 256 KiB');
    parts.push(part);
  }
  try {
    return bytes === 0 ? {} : JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new Refused('SHIPLOCK_LOCAL_REQUEST_INVALID', 'the request is not JSON');
  }
}

function refusal(error: unknown, note: (line: string) => void): Answer {
  if (error instanceof Refused) return refused(error.code, error.message);
  if (error instanceof ShiplockError && error.code === 'SHIPLOCK_LOCAL_DISK') return refused(error.code, error.message);
  note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return { status: 500, body: { code: 'SHIPLOCK_LOCAL_FAILED', message: `the supervisor failed: ${String(error)}` } };
}

function refused(code: Refusal['code'], message: string): Answer {
  return { status: STATUS[code], body: { code, message } satisfies Refusal };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const content = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) });
  response.end(content);
}
