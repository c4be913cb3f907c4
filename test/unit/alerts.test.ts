import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import express from 'express';
import { Registry } from 'prom-client';
import { stringify } from 'yaml';
import { serverPath } from '../../infra/local/servers/index.ts';
import { canaryMonitoring, metricsHandler } from '../../src/express/index.ts';

const INFRA = join(import.meta.dirname, '../../infra');
const RULES = join(INFRA, 'prometheus');

/** Series of Envoy's `/stats/prometheus` that the dashboard may read. */
const ENVOY = ['envoy_cluster_upstream_rq_total'];

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

test('the alert rules fire when they should, and only then', async (t) => {
  const promtool = await tool(t);
  if (!promtool) return;
  const { status, output } = promtool(['test', 'rules', 'alerts.test.yaml'], RULES);
  assert.equal(status, 0, output);
});

test('the tests of the alert rules notice a changed threshold', async (t) => {
  const promtool = await tool(t);
  if (!promtool) return;
  const folder = await temporary(t);
  await cp(RULES, folder, { recursive: true });
  const rules = await readFile(join(RULES, 'alerts.yaml'), 'utf8');
  for (const [threshold, wrong] of [
    ['> 0.01', '> 0.04'],
    ['> 0.05', '> 0.5'],
    ['> 0.5\n', '> 0.9\n'],
    ['> 1\n', '> 2.4\n'],
    ['for: 5m', 'for: 3m'],
    ['code=~"5.."', 'code=~"[45].."'],
  ] as const) {
    assert.ok(rules.includes(threshold), threshold);
    await writeFile(join(folder, 'alerts.yaml'), rules.replaceAll(threshold, wrong));
    assert.equal(promtool(['test', 'rules', 'alerts.test.yaml'], folder).status, 1, `${threshold} as ${wrong}`);
  }
});

test('what the middleware tells a scrape is as Prometheus wants it', async (t) => {
  const promtool = await tool(t);
  if (!promtool) return;
  const { status, output } = promtool(['check', 'metrics'], RULES, await scraped(t));
  assert.deepEqual({ status, output }, { status: 0, output: '' });
});

test('every expression of the dashboard is one that Prometheus reads', async (t) => {
  const promtool = await tool(t);
  if (!promtool) return;
  const rules = (await expressions()).map(({ expr }, index) => ({ record: `panel:${index}`, expr }));
  const file = join(await temporary(t), 'panels.yaml');
  await writeFile(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
  const { status, output } = promtool(['check', 'rules', file], RULES);
  assert.equal(status, 0, output);
});

test('dashboard and alerts read only series that the middleware, Envoy or the engine has', async (t) => {
  const existing = new Set([...seriesIn(await scraped(t)), ...ENVOY]);
  for (const { title, expr } of await expressions())
    for (const name of namesIn(expr)) assert.ok(existing.has(name), `${title} reads ${name}`);

  const rules = await readFile(join(RULES, 'alerts.yaml'), 'utf8');
  const engine = [
    'shiplock_release_outcomes_total',
    'shiplock_release_compensation_stuck',
    'shiplock_archive_failures_total',
    'shiplock_archive_complete_timestamp_seconds',
  ];
  for (const name of namesIn(rules)) assert.ok(existing.has(name) || engine.includes(name), `an alert reads ${name}`);
});

test('the dashboard shows canary beside stable: rate, success, percentiles, weight, restarts', async () => {
  const titles = new Set((await panels()).map(({ title }) => title));
  for (const title of [
    'Request rate',
    'Success share',
    'Median response time',
    '95th percentile',
    '99th percentile',
    'Weight, as served',
    'Weight, as routed',
    'Restarts',
  ])
    assert.ok(titles.has(title), title);
});

async function panels(): Promise<readonly Panel[]> {
  return JSON.parse(await readFile(join(INFRA, 'grafana/dashboard.json'), 'utf8')).panels;
}

/** Each panel's expressions, with Grafana's variables filled in. */
async function expressions() {
  return (await panels()).flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      title,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, '.*'),
    })),
  );
}

/** The metric names in PromQL: what stands before a selector, a range or an offset, and has an underscore. */
function namesIn(promql: string): string[] {
  const withoutGroups = promql.replaceAll(/\b(by|on) \([^)]*\)/g, '');
  return [...withoutGroups.matchAll(/\b((?:http|envoy|deployment|shiplock)_[a-z_]+)\b(?=[{[)]| offset| unless)/g)].map(
    ([, name = '']) => name,
  );
}

function seriesIn(exposition: string): string[] {
  return exposition.split('\n').flatMap((line) => /^([a-z_]+)\{/.exec(line)?.[1] ?? []);
}

/** The answer of a service with the middleware after one request. */
async function scraped(t: TestContext): Promise<string> {
  const register = new Registry();
  const app = express();
  app.use(canaryMonitoring({ register, logger: false, version: '1.0.0' }));
  app.get('/metrics', metricsHandler({ register }));
  app.get('/credentials/:id', (_req, res) => void res.json({}));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await (await fetch(`${address}/credentials/1`)).text();
  return await (await fetch(`${address}/metrics`)).text();
}

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shiplock-rules-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** Prometheus' own tool; `undefined`, with the test skipped and the reason printed, where it cannot be had. */
async function tool(t: TestContext) {
  const found = await serverPath('promtool', { fetch: true }).catch((error: Error) => error);
  if (found instanceof Error) {
    t.skip(`promtool cannot be had: ${found.message}`);
    return undefined;
  }
  return (args: readonly string[], cwd: string, input = '') => {
    const { status, stdout, stderr } = spawnSync(found.path, args, { cwd, input, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };
}
