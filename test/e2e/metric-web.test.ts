import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { after, describe, it } from 'node:test';
import { exchange } from '../../activities/metrics/exchange.ts';
import type { Answer } from '../../activities/metrics/prometheus.ts';
import { askWeb } from '../../activities/metrics/web.ts';
import { assessReading, type ReadingVerdict } from '../../src/analysis/index.ts';
import type { WebRequest } from '../../src/plan/plan.ts';
import { loopbackServers } from './support/loopback.ts';

const servers = loopbackServers();
after(() => servers.stop());

/** An endpoint of one's own, that tells its health to whoever has its token. */
const health: RequestListener = async (request, response) => {
  const body = await textOf(request);
  if (request.headers.authorization !== 'Bearer abc-123-def') {
    response.writeHead(403).end(`who is ${request.headers.authorization}?`);
    return;
  }
  const url = new URL(request.url ?? '', 'http://health');
  if (url.pathname === '/text') return void response.end('OK: all is well');
  if (url.pathname === '/down') return void response.writeHead(500).end('{"error":"database is away"}');
  if (url.pathname === '/empty') return void response.writeHead(204).end();
  const told = { method: request.method, body, type: request.headers['content-type'] ?? null };
  response.end(JSON.stringify({ told, data: { checks: [{ name: 'db', ok: true, ms: 12.5 }], successPercent: 0.97 } }));
};

async function web(changes: Partial<WebRequest> & { path?: string }): Promise<[WebRequest, Answer]> {
  const { path = '/health', ...others } = changes;
  const provider: WebRequest = {
    kind: 'web',
    url: `${await servers.serve(health)}${path}`,
    method: 'GET',
    headers: [{ key: 'Authorization', value: 'Bearer abc-123-def' }],
    jsonPath: '{$}',
    timeoutMs: 2_000,
    ...others,
  };
  return [provider, await askWeb(provider, exchange, new AbortController().signal)];
}

describe('a web metric asks an endpoint of the user', () => {
  const rows: [changes: Parameters<typeof web>[0], condition: string, verdict: ReadingVerdict, value: string][] = [
    [{ jsonPath: '{$.data.successPercent}' }, 'result > 0.95', 'pass', '0.97'],
    [{ jsonPath: '{$.data.successPercent}' }, 'result > 0.99', 'fail', '0.97'],
    [{ jsonPath: '{$.data.checks[?(@.name=="db")].ok}' }, 'result', 'pass', 'true'],
    [{ jsonPath: '{$.data.checks[0]}' }, 'result.ok and result.ms < 20', 'pass', '{"name":"db","ok":true,"ms":12.5}'],
    [{ jsonPath: '{$.data.nothing}' }, 'result', 'error', ''],
    [{ path: '/text' }, "result startsWith 'OK'", 'pass', '"OK: all is well"'],
    [
      { method: 'POST', body: 'hello', jsonPath: '{$.told}' },
      "result.method == 'POST' and result.body == 'hello'",
      'pass',
      '',
    ],
    [
      {
        method: 'PUT',
        body: '{"a":1}',
        jsonPath: '{$.told.type}',
        headers: [
          { key: 'authorization', value: 'Bearer old' },
          { key: 'Authorization', value: 'Bearer abc-123-def' },
          { key: 'Content-Type', value: 'application/json' },
        ],
      },
      "result == 'application/json'",
      'pass',
      '"application/json"',
    ],
  ];
  for (const [changes, successCondition, verdict, value] of rows) {
    it(`${verdict}: ${successCondition} at ${changes.jsonPath ?? changes.path}`, async () => {
      const [provider, answer] = await web(changes);
      const judged = assessReading({ provider, successCondition, failureCondition: null }, answer);
      assert.equal(judged.verdict, verdict, judged.because);
      if (value) assert.equal(judged.value, value);
    });
  }

  const errors: [changes: Parameters<typeof web>[0], error: RegExp][] = [
    [{ path: '/down' }, /answers 500: database is away$/],
    [{ headers: [{ key: 'Authorization', value: 'Bearer wrong-secret' }] }, /answers 403: who is \[authorization\]\?$/],
    [{ url: 'http://127.0.0.1:9/' }, /is not reached/],
  ];
  for (const [changes, error] of errors) {
    it(`an error is a reading without an answer: ${error.source}`, async () => {
      const [, answer] = await web(changes);
      assert.equal(answer.raw, '');
      assert.match(answer.error ?? '', error);
    });
  }

  it('passes without conditions where it is answered with 2xx and no body, and shows nothing to a condition', async () => {
    const [provider, answer] = await web({ path: '/empty' });
    assert.deepEqual([answer.raw, answer.error], ['', null]);
    const judged = (successCondition: string | null) =>
      assessReading({ provider, successCondition, failureCondition: null }, answer);
    assert.deepEqual([judged(null).verdict, judged(null).because], ['pass', 'answered with 2xx, and no body']);
    assert.deepEqual([judged('result.ok').verdict, judged('result == ""').verdict], ['error', 'error']);
  });

  it('waits no longer than it may', async () => {
    const url = await servers.serve(() => undefined);
    const [, answer] = await web({ url, timeoutMs: 200 });
    assert.match(answer.error ?? '', /has not answered within 200 ms/);
  });
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
