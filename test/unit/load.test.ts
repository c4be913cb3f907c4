import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type Response, runLoad } from '../../src/load/load.ts';

const BOUNDED = { seconds: 10, requests: 1_000 };

test('counts answers by version and class, and failures by the version that failed', async (t) => {
  let n = 0;
  const address = await given(t, (_req, res) => {
    n += 1;
    res.setHeader('x-service-version', n % 4 === 0 ? '1.2.0' : '1.1.0');
    res.writeHead(n % 8 === 0 ? 500 : 200).end();
  });
  const report = await runLoad({ address, ratePerSecond: 400, atMost: { seconds: 10, requests: 80 } });
  assert.equal(report.requests, 80);
  assert.equal(report.failures, 10);
  assert.deepEqual(report.versions['1.1.0']?.classes, { '2xx': 60 });
  assert.deepEqual(report.versions['1.2.0']?.classes, { '2xx': 10, '5xx': 10 });
  assert.equal(report.versions['1.2.0']?.failures, 10);
  assert.equal(report.failed.length, 10);
});

test('goes on sending while the server stalls, and counts the stall in the response times', async (t) => {
  const waiting: (() => void)[] = [];
  let stalled = true;
  const address = await given(t, (_req, res) => {
    if (!stalled) return res.end();
    waiting.push(() => res.end());
    if (waiting.length < 60) return;
    stalled = false;
    for (const answer of waiting) answer();
  });
  const report = await runLoad({ address, ratePerSecond: 200, atMost: { seconds: 10, requests: 80 } });
  assert.equal(report.requests, 80);
  assert.ok((report.responseMs?.max ?? 0) > 250, 'the first request waited for the sixtieth');
  assert.ok((report.responseMs?.p50 ?? 0) > 50, 'so did those behind it, each less');
});

test('a connection that cannot be made is a failure of no version', async (t) => {
  const address = await given(t, (_req, res) => void res.end());
  const closed = address.replace(/\d+$/, '1');
  const report = await runLoad({ address: closed, ratePerSecond: 100, atMost: { seconds: 10, requests: 5 } });
  assert.deepEqual([report.requests, report.failures], [5, 5]);
  assert.deepEqual(report.versions.unknown?.classes, { none: 5 });
  assert.equal(report.failed[0]?.error, 'ECONNREFUSED');
});

test('an answer that breaks off is a failure of the version that began it', async (t) => {
  const address = await given(t, (_req, res) => {
    res.writeHead(200, { 'x-service-version': '1.2.0', 'content-length': '100' }).write('half');
    setImmediate(() => res.destroy());
  });
  const report = await runLoad({ address, ratePerSecond: 100, atMost: { seconds: 10, requests: 3 } });
  assert.equal(report.versions['1.2.0']?.failures, 3);
});

test('a request without an answer fails at its time-out', async (t) => {
  const address = await given(t, () => {});
  const atMost = { seconds: 10, requests: 2 };
  const report = await runLoad({ address, ratePerSecond: 100, timeoutMs: 50, atMost });
  assert.deepEqual(
    report.failed.map(({ error }) => error),
    ['timeout', 'timeout'],
  );
});

test('what is due while too many are under way is not sent, and counted', async (t) => {
  const address = await given(t, () => {});
  const atMost = { seconds: 10, requests: 10, inFlight: 4 };
  const report = await runLoad({ address, ratePerSecond: 500, timeoutMs: 200, atMost });
  assert.deepEqual([report.requests, report.notSent], [4, 6]);
});

test('ends early on a signal, after what is under way was answered', async (t) => {
  const ending = new AbortController();
  const responses: Response[] = [];
  const address = await given(t, (_req, res) => void setImmediate(() => res.end()));
  const report = await runLoad({
    address,
    ratePerSecond: 200,
    atMost: BOUNDED,
    signal: ending.signal,
    onResponse: (response) => responses.push(response) === 10 && ending.abort(),
  });
  assert.ok(report.requests >= 10 && report.requests < 40, `${report.requests} requests`);
  assert.equal(report.requests, responses.length);
});

test('says when a version was last seen, and which second saw whom', async (t) => {
  let n = 0;
  const address = await given(t, (_req, res) => {
    n += 1;
    res.setHeader('x-service-version', n <= 20 ? '1.2.0' : '1.1.0').end();
  });
  const responses: Response[] = [];
  const atMost = { seconds: 10, requests: 60 };
  const report = await runLoad({ address, ratePerSecond: 200, atMost, onResponse: (one) => void responses.push(one) });
  const canary = responses.filter((response) => response.version === '1.2.0');
  assert.equal(report.versions['1.2.0']?.lastSeen.sentAtMs, Math.max(...canary.map(({ sentAtMs }) => sentAtMs)));
  const inTimeline = report.timeline.reduce((sum, second) => sum + (second.versions['1.2.0'] ?? 0), 0);
  assert.equal(inTimeline, 20);
});

test('refuses a rate that it cannot keep', async () => {
  await assert.rejects(runLoad({ address: 'http://127.0.0.1:1', ratePerSecond: 5000, atMost: BOUNDED }), RangeError);
});

async function given(t: TestContext, answer: RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
