import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { createGateActivities } from '../../activities/gates/index.ts';
import type { GateReport } from '../../activities/gates/port.ts';
import { judgeWeb } from '../../activities/gates/web.ts';
import type { WebGate } from '../../src/plan/plan.ts';
import { parsePolicy, policyRefusals } from '../../workers/policy.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { somePlan } from '../fixtures/some-plan.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers one status after the other, the last one for ever, and keeps what it was sent. */
async function answering(...statuses: number[]) {
  const seen: { method: string | undefined; type: string | undefined; body: string }[] = [];
  const url = await serve(async (request, response) => {
    const { method, headers } = request;
    seen.push({ method, type: headers['content-type'], body: await textOf(request) });
    response.writeHead(statuses[Math.min(seen.length, statuses.length) - 1] ?? 500).end();
  });
  return { url, seen };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const gateOf = (changes: Partial<WebGate> & { url: string }): WebGate => ({
  kind: 'web',
  name: 'freeze',
  directory: '/nowhere',
  timeoutMs: 5_000,
  requestTimeoutMs: 1_000,
  retries: 0,
  intervalMs: 20,
  ...changes,
});

function run(
  gate: WebGate,
  locate?: (url: string, environment: string | undefined) => string,
  worker = activityEnvironment(),
) {
  const { runGate } = createGateActivities({
    hostQueue: 'q',
    logs: '/nowhere',
    environment: {},
    directories: [],
    runAs: null,
    ...(locate && { locate }),
  });
  return worker.run(runGate, { gate, key: 'k', environment: 'production' }) as Promise<GateReport>;
}

describe('a gate that asks an HTTP endpoint', () => {
  it('passes with any 2xx: a 204 is a success', async () => {
    for (const status of [200, 202, 204, 299]) {
      const { url } = await answering(status);
      const { verdict, because, log, exitCode } = await run(gateOf({ url }));
      assert.deepEqual([verdict, because, log, exitCode], ['pass', `answered ${status}`, null, null]);
    }
  });

  it('sends its body as JSON, in a POST', async () => {
    const { url, seen } = await answering(200);
    await run(gateOf({ url: `${url}/gate`, body: '{"name":"shop","phase":"Waiting"}' }));
    assert.deepEqual(seen, [{ method: 'POST', type: 'application/json', body: '{"name":"shop","phase":"Waiting"}' }]);
  });

  it('asks again until it is let through, and no more often than it may', async () => {
    const opened = await answering(403, 403, 200);
    const { verdict, because } = await run(gateOf({ url: opened.url, retries: 5 }));
    assert.deepEqual([verdict, opened.seen.length], ['pass', 3]);
    assert.match(because, /asked 3 times/);
    const closed = await answering(403);
    const report = await run(gateOf({ url: closed.url, retries: 2 }));
    assert.deepEqual([report.verdict, closed.seen.length], ['fail', 3]);
    assert.match(report.because, /answers 403.*asked 3 times/);
  });

  it('ends within its time, however often it may ask', async () => {
    const { url, seen } = await answering(403);
    const { verdict } = await run(gateOf({ url, retries: 1_000, intervalMs: 100, timeoutMs: 2_050 }));
    assert.equal(verdict, 'fail');
    // Of a thousand: how often it asked tells how long, however busy the machine is.
    assert.ok(seen.length >= 2 && seen.length <= 21, `${seen.length}`);
  });

  it('shows nothing where nobody answers, or the endpoint is broken', async () => {
    const silent = await serve(() => undefined);
    const rows: [string, RegExp][] = [
      [(await answering(500)).url, /answers 500/],
      [(await answering(429)).url, /answers 429/],
      ['http://127.0.0.1:9', /is not reached/],
      [silent, /has not answered within 200 ms/],
    ];
    for (const [url, because] of rows) {
      const report = await run(gateOf({ url, requestTimeoutMs: 200 }));
      assert.equal(report.verdict, 'inconclusive', report.because);
      assert.match(report.because, because);
    }
  });

  it('follows no redirect and asks no link-local address', async () => {
    const other = await answering(200);
    const url = await serve((_, response) => void response.writeHead(302, { location: other.url }).end());
    assert.match((await run(gateOf({ url }))).because, /a redirect, which is not followed/);
    assert.equal(other.seen.length, 0);
    const metadata = await run(gateOf({ url: 'http://169.254.169.254/latest' }));
    assert.notEqual(metadata.verdict, 'pass');
    assert.match(metadata.because, /link-local/);
  });

  it('is asked where the policy maps it, for the environment of the release', async () => {
    const { url, seen } = await answering(204);
    const asked: unknown[] = [];
    const report = await run(gateOf({ url: 'http://gate.cluster/x' }), (from, environment) => {
      asked.push(from, environment);
      return url;
    });
    assert.deepEqual([report.verdict, seen.length, asked], ['pass', 1, ['http://gate.cluster/x', 'production']]);
  });

  it('stops at once when it is cancelled', async () => {
    const worker = activityEnvironment();
    const { url, seen } = await answering(403);
    const running = run(gateOf({ url, retries: 100, intervalMs: 60_000, timeoutMs: 600_000 }), undefined, worker);
    for (let look = 0; seen.length === 0 && look < 1_000; look += 1)
      await new Promise((resolve) => setImmediate(resolve));
    worker.cancel();
    await assert.rejects(running);
  });

  it('is judged by its last answer', () => {
    const judged = (status: number | null) =>
      judgeWeb({ raw: '', status, error: status === 200 ? null : 'x' }, { asked: 1, withinMs: 1_000 }).verdict;
    assert.deepEqual([200, 301, 400, 404, 408, 429, 500, 503, null].map(judged), [
      'pass',
      'fail',
      'fail',
      'fail',
      'inconclusive',
      'inconclusive',
      'inconclusive',
      'inconclusive',
      'inconclusive',
    ]);
  });
});

describe('whom such a gate may ask', () => {
  const refusals = (more: string) => {
    const allowing = `services: [credlink-*]\nenvironments: [staging, production]\nplatforms: [local]\ncommands: [node **]\ndirectories: [/]\nhosts: ['prometheus.monitoring.svc:9090']\nworkloadEnvironment: ['*']\n${more}`;
    const plan = { ...somePlan(), gates: [gateOf({ url: 'https://freeze.example/allowed?team=a' })] };
    return policyRefusals(plan, parsePolicy(allowing, 'p.yaml')).filter((reason) => reason.startsWith('gate'));
  };

  it('stands in the policy, by host or mapped', () => {
    assert.deepEqual(refusals(''), [
      'gate freeze: the address https://freeze.example matches nothing in "hosts" and is not mapped in "addresses"',
    ]);
    assert.deepEqual(refusals("addresses: { 'https://freeze.example': 'http://127.0.0.1:1' }"), []);
  });
});
