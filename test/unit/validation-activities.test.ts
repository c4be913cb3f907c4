import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { CancelledFailure } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { createValidationActivities } from '../../activities/validation/index.ts';
import type { LoadReport, LoadRequest, Probe, ProbeRequest, Side } from '../../activities/validation/port.ts';
import type { SideAddress } from '../../activities/validation/sides.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';

async function serving(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ONE = { live: '1.1.0', preview: '1.0.0' };

/** A platform with these addresses; `versions` is asked each time. */
function platform(addresses: Partial<Record<Side, string>>, versions: () => Record<Side, string | null> = () => ONE) {
  const sideOf = async (_where: unknown, side: Side): Promise<SideAddress> => ({
    address: addresses[side] ?? addresses.live ?? '',
    version: versions()[side],
  });
  return createValidationActivities({ sideOf });
}

describe('a probe', { timeout: 300_000 }, () => {
  const probe = (address: string, check: Partial<ProbeRequest['check']> = {}, environment = activityEnvironment()) =>
    environment.run(platform({ preview: address }).probe, {
      service: 'api',
      side: 'preview' as const,
      check: { path: '/health?deep=1', status: 200, timeoutMs: 5_000, ...check },
    }) as Promise<Probe>;

  it('tells status, headers and time of one GET, and which version was asked', async (t) => {
    const asked: string[] = [];
    const address = await serving(t, (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(201, { 'X-Content-Type-Options': 'nosniff', 'Set-Cookie': ['id=1', 'b=2'] }).end('ok');
    });
    const { at, url, status, headers, seconds, error, version } = await probe(address);
    assert.deepEqual(asked, ['GET /health?deep=1']);
    assert.deepEqual([status, error, url, version], [201, null, `${address}/health?deep=1`, '1.0.0']);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['set-cookie'], '(not kept)', 'a cookie has no place in a history');
    assert.ok(seconds > 0 && seconds < 60);
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
  });

  it('follows no redirect', async (t) => {
    const address = await serving(t, (request, response) => {
      response.writeHead(request.url === '/' ? 200 : 302, { location: '/' }).end();
    });
    assert.equal((await probe(address)).status, 302);
  });

  it('reads 64 KiB of an answer and no more', { timeout: 300_000 }, async (t) => {
    let sent = 0;
    const address = await serving(t, (_request, response) => {
      const more = () => {
        sent += 1;
        if (!response.destroyed && response.write(Buffer.alloc(16 * 1024))) setImmediate(more);
      };
      response.on('drain', more);
      more();
    });
    assert.equal((await probe(address)).status, 200);
    assert.ok(sent < 2_000, `an endless answer was left after ${sent} pieces`);
  });

  const silent: readonly [string, RequestListener, RegExp][] = [
    ['never comes', () => undefined, /no answer within 200 ms/],
    ['begins and never ends', (_, response) => void response.writeHead(200).write('half'), /no answer within 200 ms/],
    [
      'breaks off',
      (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('x', () => response.destroy()),
      /.+/,
    ],
    ['is no HTTP', (_, response) => void response.socket?.end('nonsense\r\n\r\n'), /.+/],
  ];
  for (const [name, answer, expected] of silent) {
    it(`is a probe with an error where the answer ${name}`, async (t) => {
      const { status, error } = await probe(await serving(t, answer), { timeoutMs: 200 });
      assert.equal(status, null);
      assert.match(error ?? '', expected);
    });
  }

  it('is a probe with an error where nobody listens, or the path cannot be asked', async (t) => {
    const nobody = await probe('http://127.0.0.1:1');
    assert.deepEqual([nobody.status, /ECONNREFUSED/.test(nobody.error ?? '')], [null, true]);
    const odd = await probe(await serving(t, (_, response) => void response.end()), { path: '/a b' });
    assert.deepEqual([odd.status, /unescaped/.test(odd.error ?? '')], [null, true]);
  });

  it('goes to the service whatever its path holds', async (t) => {
    const hosts: (string | undefined)[] = [];
    const address = await serving(t, (request, response) => {
      hosts.push(request.headers.host);
      response.end();
    });
    assert.equal((await probe(address, { path: '//elsewhere.example/' })).status, 200);
    assert.deepEqual(hosts, [address.replace('http://', '')]);
  });

  it('ends at once when it is cancelled', async (t) => {
    const environment = activityEnvironment();
    const address = await serving(t, () => environment.cancel('CANCELLED'));
    await assert.rejects(probe(address, {}, environment), CancelledFailure);
  });
});

describe('a load', { timeout: 300_000 }, () => {
  const request = (check: Partial<LoadRequest['check']> = {}, compare = true): LoadRequest => ({
    service: 'api',
    compare,
    check: {
      path: '/',
      ratePerSecond: 100,
      durationMs: 1_500,
      p95Seconds: 1,
      errorShare: 0,
      versusStable: 2,
      ...check,
    },
  });
  const run = (
    activities: ReturnType<typeof platform>,
    asked: LoadRequest,
    environment: MockActivityEnvironment = activityEnvironment(),
  ) => environment.run(activities.load, asked) as Promise<LoadReport>;
  const count =
    (order: string[], side: string): RequestListener =>
    (_, response) => {
      order.push(side);
      response.end();
    };

  it('asks both sides as often, in turns, and does not count the first turn of each', async (t) => {
    const order: string[] = [];
    const live = await serving(t, count(order, 'live'));
    const preview = await serving(t, count(order, 'preview'));
    const report = await run(platform({ live, preview }), request());
    assert.deepEqual([report.live.requests, report.preview?.requests], [150, 150]);
    assert.deepEqual([report.live.failed, report.preview?.failed], [0, 0]);
    const turns = order.filter((side, index) => side !== order[index - 1]);
    assert.deepEqual(turns, ['live', 'preview', 'live', 'preview', 'live', 'preview']);
    assert.deepEqual([order.length, order.filter((side) => side === 'live').length], [500, 250]);
    assert.ok(report.live.p50Seconds > 0 && report.live.p50Seconds <= report.live.p95Seconds);
    assert.ok(report.live.p95Seconds <= report.live.p99Seconds);
  });

  it('counts what failed, and how slow each side is', async (t) => {
    let asked = 0;
    const live = await serving(t, (_, response) => {
      asked += 1;
      response.writeHead(asked % 2 ? 500 : 404);
      setTimeout(() => response.end(), 60);
    });
    const preview = await serving(t, (_, response) => void response.end());
    const report = await run(platform({ live, preview }), request({ durationMs: 1_000 }));
    assert.deepEqual([report.live.requests, report.live.failed, report.preview?.failed], [100, 50, 0]);
    assert.ok(report.live.p50Seconds >= 0.059, `${report.live.p50Seconds}`);
    assert.ok((report.preview?.p50Seconds ?? 1) < report.live.p50Seconds);
  });

  it('asks only the side of the users where nothing is to be compared', async (t) => {
    const order: string[] = [];
    const [live, preview] = [await serving(t, count(order, 'live')), await serving(t, count(order, 'preview'))];
    const report = await run(platform({ live, preview }), request({ durationMs: 500 }, false));
    assert.deepEqual([report.live.requests, report.preview, new Set(order)], [50, null, new Set(['live'])]);
  });

  it('compares no side with itself, and none that became another meanwhile', async (t) => {
    const order: string[] = [];
    const [live, preview] = [await serving(t, count(order, 'live')), await serving(t, count(order, 'preview'))];
    const alone = platform({ live, preview }, () => ({ live: '1.1.0', preview: '1.1.0' }));
    assert.equal((await run(alone, request({ durationMs: 500 }))).preview, null);
    assert.deepEqual(new Set(order), new Set(['live']));
    const changing = platform({ live, preview }, () => ({
      live: '1.1.0',
      preview: order.includes('preview') ? null : '1.0.0',
    }));
    const report = await run(changing, request({ durationMs: 500 }));
    assert.deepEqual([report.live.requests, report.preview], [50, null]);
  });

  it('counts requests that nobody answers as failed, those too that were not sent for it', async (t) => {
    const live = await serving(
      t,
      (request, response) => void (request.url === '/' && order++ < 900 ? response.end() : 0),
    );
    let order = 0;
    const report = await run(platform({ live }), request({ ratePerSecond: 900, durationMs: 1_000 }, false));
    assert.deepEqual([report.live.requests, report.live.failed], [900, 900]);
    assert.ok(report.live.p50Seconds >= 4.9, 'they count with the time that was waited for them');
  });

  it('ends at once when it is cancelled, though nothing is answered', async (t) => {
    const environment = activityEnvironment();
    const live = await serving(t, () => environment.cancel('CANCELLED'));
    const begin = performance.now();
    await assert.rejects(run(platform({ live }), request({ durationMs: 60_000 }), environment), CancelledFailure);
    assert.ok(performance.now() - begin < 4_500, 'a request is waited for five seconds');
  });

  it('heartbeats while it runs', async (t) => {
    const environment = activityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    const live = await serving(t, (_, response) => void response.end());
    await run(platform({ live }), request({ durationMs: 1_500 }, false), environment);
    assert.ok(beats >= 3, `${beats} in two and a half seconds`);
  });

  it('sends no more than a thousand a second, whatever the plan says', async (t) => {
    const live = await serving(t, (_, response) => void response.end());
    const report = await run(platform({ live }), request({ ratePerSecond: 50_000, durationMs: 300 }, false));
    assert.equal(report.live.requests, 300);
  });
});
