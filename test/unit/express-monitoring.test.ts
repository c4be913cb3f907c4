import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import express from 'express';
// @ts-expect-error: an alias of express 4; its types are those of express
import express4 from 'express4';
import { Registry } from 'prom-client';
import {
  type CanaryLogEntry,
  type CanaryMonitoringOptions,
  canaryMonitoring,
  metricsHandler,
} from '../../src/express/index.ts';

const FRAMEWORKS = { 'Express 5': express, 'Express 4': express4 as typeof express };

for (const [framework, make] of Object.entries(FRAMEWORKS)) {
  describe(`canary monitoring in ${framework}`, () => {
    test('counts each answered request by method, route pattern and code', async (t) => {
      const service = await given(t, make);
      await service.get('/credentials/7');
      await service.get('/credentials/8');
      await service.get('/broken');
      const scraped = await service.scrape();
      assert.equal(
        scraped.get('http_requests_total{method="GET",route="/credentials/:id",code="200",deployment_type="stable"}'),
        2,
      );
      assert.equal(
        scraped.get('http_requests_total{method="GET",route="/broken",code="500",deployment_type="stable"}'),
        1,
      );
    });

    test('counts responses by class', async (t) => {
      const service = await given(t, make);
      for (const path of ['/credentials/7', '/broken', '/nowhere', '/credentials/8']) await service.get(path);
      const scraped = await service.scrape();
      const classes = ['2xx', '4xx', '5xx'].map((name) =>
        scraped.get(`http_responses_total{class="${name}",deployment_type="stable"}`),
      );
      assert.deepEqual(classes, [2, 1, 1]);
    });

    test('puts durations into the seven buckets', async (t) => {
      const service = await given(t, make);
      await service.get('/credentials/7');
      const scraped = await service.scrape();
      const bounds = [...scraped.keys()]
        .filter((series) => series.startsWith('http_request_duration_seconds_bucket'))
        .map((series) => /le="([^"]+)"/.exec(series)?.[1]);
      assert.deepEqual(bounds, ['0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf']);
      const labels = 'method="GET",route="/credentials/:id",code="200",deployment_type="stable"';
      assert.equal(scraped.get(`http_request_duration_seconds_count{${labels}}`), 1);
      assert.ok((scraped.get(`http_request_duration_seconds_sum{${labels}}`) ?? 0) > 0);
    });

    test('names the mounts of a nested router by their patterns, also when its handler throws', async (t) => {
      const service = await given(t, make);
      await service.get('/tenants/acme/credentials/7');
      await service.get('/tenants/globex/credentials/8?full=1');
      await service.get('/tenants/acme/broken');
      const routes = await service.routes();
      assert.deepEqual(routes, ['/tenants/:tenant/broken', '/tenants/:tenant/credentials/:id']);
    });

    test('tells the two mounts of one router apart', async (t) => {
      const service = await given(t, make);
      await service.get('/v1/shared');
      await service.get('/v2/shared');
      assert.deepEqual(await service.routes(), ['/v1/shared', '/v2/shared']);
    });

    test('names neither a mount that is a regular expression nor a mounted app by a raw path', async (t) => {
      const service = await given(t, make);
      await service.get('/x42/inside');
      await service.get('/mounted/app/9');
      assert.deepEqual(await service.routes(), ['*/app/:id', '*/inside']);
    });

    test('counts what no route answers as unmatched, however many paths there are', async (t) => {
      const service = await given(t, make);
      for (let n = 0; n < 20; n += 1) await service.get(`/nowhere/${n}`);
      assert.deepEqual(await service.routes(), ['unmatched']);
    });

    test('counts a client that leaves before the answer as 499', async (t) => {
      const service = await given(t, make);
      const request = http.get(`${service.address}/slow`).on('error', () => {});
      await once(service.app, 'slow');
      request.destroy();
      const series = 'http_requests_total{method="GET",route="/slow",code="499",deployment_type="stable"}';
      while (!(await service.scrape()).has(series)) await new Promise(setImmediate);
      assert.equal((await service.scrape()).get(series), 1);
    });

    test('does not count probes and scrapes', async (t) => {
      const service = await given(t, make);
      await service.get('/health');
      await service.scrape();
      assert.deepEqual(await service.routes(), []);
    });
  });
}

describe('the role of a process', () => {
  test('comes from the label of its pod before any variable', async (t) => {
    const labelsFile = await labels(t, 'app="credlink-api"\nrole="canary"\n');
    const service = await given(t, express, { labelsFile, role: 'stable' });
    await service.scrape();
    await service.get('/credentials/7');
    assert.equal(
      (await service.scrape()).get(
        'http_requests_total{method="GET",route="/credentials/:id",code="200",deployment_type="canary"}',
      ),
      1,
    );
  });

  test('is what the engine labels a pod with, where its Rollout gives no label of its own', async (t) => {
    const labelsFile = await labels(t, 'app="credlink-api"\nshiplock.dev/role="canary"\n');
    const service = await given(t, express, { labelsFile, role: 'stable' });
    const scraped = await service.scrape();
    assert.ok([...scraped.keys()].some((series) => series.includes('start_time_seconds{deployment_type="canary"')));
  });

  test('changes when the pod is promoted, without a restart', async (t) => {
    const labelsFile = await labels(t, 'role="canary"\n');
    const service = await given(t, express, { labelsFile });
    await service.scrape();
    await service.get('/credentials/7');
    await writeFile(labelsFile, 'role="stable"\n');
    const announced = await service.scrape();
    assert.ok([...announced.keys()].some((series) => series.includes('start_time_seconds{deployment_type="stable"')));
    await service.get('/credentials/7');
    const counts = ['canary', 'stable'].map(async (role) =>
      (await service.scrape()).get(
        `http_requests_total{method="GET",route="/credentials/:id",code="200",deployment_type="${role}"}`,
      ),
    );
    assert.deepEqual(await Promise.all(counts), [1, 1]);
  });

  test('is the fallback where the labels file is missing', async (t) => {
    const service = await given(t, express, { labelsFile: '/nonexistent/labels', role: 'canary' });
    const scraped = await service.scrape();
    assert.ok([...scraped.keys()].some((series) => series.includes('start_time_seconds{deployment_type="canary"')));
  });
});

describe('the log', () => {
  test('has one entry for a canary request, with its pattern and without its raw path', async (t) => {
    const entries: CanaryLogEntry[] = [];
    const service = await given(t, express, {
      role: 'canary',
      version: '1.2.0',
      logger: (entry) => entries.push(entry),
    });
    await service.get('/credentials/7', { 'x-request-id': 'r-1' });
    await service.get('/broken');
    await service.scrape();
    assert.deepEqual(
      entries.map(({ time, durationMs, ...rest }) => rest),
      [
        { route: '/credentials/:id', code: 200, level: 'info', requestId: 'r-1' },
        { route: '/broken', code: 500, level: 'error', requestId: null },
      ].map((entry) => ({
        message: 'canary request',
        role: 'canary',
        version: '1.2.0',
        method: 'GET',
        ...entry,
      })),
    );
    assert.ok(entries.every((entry) => entry.durationMs > 0 && !Number.isNaN(Date.parse(entry.time))));
  });

  test('is silent for the stable side', async (t) => {
    const entries: CanaryLogEntry[] = [];
    const service = await given(t, express, { role: 'stable', logger: (entry) => entries.push(entry) });
    await service.get('/credentials/7');
    await service.scrape();
    assert.deepEqual(entries, []);
  });
});

test('beyond 200 routes a service counts the rest as other', async (t) => {
  const service = await given(t, express);
  for (let n = 0; n < 205; n += 1) service.app.get(`/many/${n}`, (_req, res) => res.json({}));
  for (let n = 0; n < 205; n += 1) await service.get(`/many/${n}`);
  const routes = await service.routes();
  assert.equal(routes.length, 201);
  assert.ok(routes.includes('other'));
});

async function labels(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shiplock-labels-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'labels');
  await writeFile(file, text);
  return file;
}

/** A service with every kind of route, on a free port. */
async function given(t: TestContext, make: typeof express, options: CanaryMonitoringOptions = {}) {
  const register = new Registry();
  const app = make();
  app.use(canaryMonitoring({ register, logger: false, ...options }));
  app.get('/metrics', metricsHandler({ register }));
  app.get('/health', (_req, res) => void res.json({}));
  app.get('/credentials/:id', (req, res) => void res.json({ id: req.params.id }));
  app.get('/broken', () => {
    throw new Error('broken');
  });
  app.get('/slow', () => app.emit('slow'));
  const tenant = make.Router({ mergeParams: true });
  tenant.get('/credentials/:id', (req, res) => void res.json({ id: req.params.id }));
  tenant.get('/broken', () => {
    throw new Error('broken');
  });
  app.use('/tenants/:tenant', tenant);
  const shared = make.Router();
  shared.get('/shared', (_req, res) => void res.json({}));
  app.use('/v1', shared);
  app.use('/v2', shared);
  const numbered = make.Router();
  numbered.get('/inside', (_req, res) => void res.json({}));
  app.use(/^\/x(\d+)/, numbered);
  const mounted = make();
  mounted.get('/app/:id', (_req, res) => void res.json({}));
  app.use('/mounted', mounted);
  app.use(((_error, _req, res, _next) => void res.status(500).json({})) satisfies express.ErrorRequestHandler);

  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function scrape(): Promise<Map<string, number>> {
    const text = await (await fetch(`${address}/metrics`)).text();
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    );
  }
  return {
    app,
    address,
    scrape,
    async get(path: string, headers: Record<string, string> = {}) {
      const response = await fetch(address + path, { headers });
      await response.arrayBuffer();
    },
    /** Every route that was counted, sorted. */
    async routes() {
      const series = [...(await scrape()).keys()].filter((name) => name.startsWith('http_requests_total'));
      return [...new Set(series.map((name) => /route="([^"]*)"/.exec(name)?.[1] ?? ''))].sort();
    },
  };
}
