import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { entryFolder } from '../../infra/local/servers/cache.ts';
import { serverNamed } from '../../infra/local/servers/catalogue.ts';
import {
  cacheFolder,
  examine,
  findServer,
  isReady,
  renderFindings,
  serverPath,
} from '../../infra/local/servers/index.ts';
import { platformOf, thisMachine } from '../../infra/local/servers/platform.ts';
import { searchPath } from '../../infra/local/servers/search.ts';
import { programThatSays, temporaryFolder } from './servers-loopback.ts';

const tested = 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)';

test('a server is taken from its variable, else from PATH, else from the cache', async (t) => {
  const folder = await temporaryFolder(t);
  const chosen = await programThatSays(join(folder, 'mine', 'my-temporal'), 'temporal version 1.2.3');
  const installed = await programThatSays(join(folder, 'bin', 'temporal'), tested);
  const cached = await cachedTemporal(join(folder, 'cache'));
  const all = { SHIPLOCK_TEMPORAL: chosen, PATH: join(folder, 'bin'), SHIPLOCK_CACHE: join(folder, 'cache') };

  const first = await findServer('temporal', all);
  assert.deepEqual(first.found, { name: 'temporal', path: chosen, version: '1.2.3', from: 'environment' });
  const second = await findServer('temporal', { ...all, SHIPLOCK_TEMPORAL: '' });
  assert.deepEqual(second.found, { name: 'temporal', path: installed, version: '1.9.1', from: 'path' });
  const third = await findServer('temporal', { ...all, SHIPLOCK_TEMPORAL: '', PATH: '' });
  assert.deepEqual(third.found, { name: 'temporal', path: cached, version: '1.9.1', from: 'cache' });
});

test('a server on PATH that is older than the tested version is passed over, and the reason is kept', async (t) => {
  const folder = await temporaryFolder(t);
  const old = await programThatSays(join(folder, 'bin', 'temporal'), 'temporal version 1.1.0 (Server 1.25.0)');
  const { found, because } = await findServer('temporal', { PATH: join(folder, 'bin'), SHIPLOCK_CACHE: folder });
  assert.equal(found, null);
  assert.ok(because.includes(`${old} on PATH is 1.1.0, older than 1.9.1`), because);
});

test('an old server on PATH does not hide a new one further on', async (t) => {
  const folder = await temporaryFolder(t);
  await programThatSays(join(folder, 'old', 'temporal'), 'temporal version 1.1.0');
  const fresh = await programThatSays(join(folder, 'new', 'temporal'), tested);
  const { found } = await findServer('temporal', { PATH: `${join(folder, 'old')}:${join(folder, 'new')}` });
  assert.equal(found?.path, fresh);
});

test('a server that its system keeps out of PATH is found there, the newest first', async (t) => {
  const folder = await temporaryFolder(t);
  const saying = (version: string) =>
    programThatSays(join(folder, version, 'bin', 'postgres'), `postgres (PostgreSQL) ${version}.1`);
  await saying('9');
  await saying('17');
  const newest = await saying('18');
  const server = { ...serverNamed('postgres'), folders: [join(folder, '*', 'bin')] };
  const { found, because } = await searchPath(server, { PATH: '' });
  assert.deepEqual(found, { name: 'postgres', path: newest, version: '18.1', from: 'path' });
  assert.equal(because, `${join(folder, '18', 'bin')} has postgres 18.1`);
});

test('a variable that names nothing that runs is an error, never silently replaced', async (t) => {
  const folder = await temporaryFolder(t);
  await programThatSays(join(folder, 'temporal'), tested);
  const environment = { SHIPLOCK_TEMPORAL: join(folder, 'none'), PATH: folder };
  await assert.rejects(findServer('temporal', environment), {
    code: 'SHIPLOCK_SERVER_OVERRIDE',
    message: `SHIPLOCK_TEMPORAL=${join(folder, 'none')} is no temporal that can be run here`,
  });
});

test('a server cut short in the cache counts as absent', async (t) => {
  const folder = await temporaryFolder(t);
  const cached = await cachedTemporal(folder);
  await writeFile(cached, '#!');
  const { found } = await findServer('temporal', { PATH: '', SHIPLOCK_CACHE: folder });
  assert.equal(found, null);
});

test('what is missing and may not be fetched is an error with the command that mends it', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(serverPath('envoy', { environment: { PATH: '', SHIPLOCK_CACHE: folder } }), {
    code: 'SHIPLOCK_SERVER_MISSING',
    mend: 'shiplock local up, or let SHIPLOCK_ENVOY name its executable',
  });
});

test('Chromium is only ever found', async (t) => {
  const folder = await temporaryFolder(t);
  const environment = { PATH: folder, SHIPLOCK_CACHE: folder };
  await assert.rejects(serverPath('chromium', { fetch: true, environment }), { code: 'SHIPLOCK_SERVER_MISSING' });
  const path = await programThatSays(join(folder, 'chromium-browser'), 'Chromium 156.0.8078.79');
  assert.equal((await serverPath('chromium', { fetch: true, environment })).path, path);
});

test('the cache is outside the checkout, where the environment says, else where the system keeps caches', () => {
  assert.equal(cacheFolder({ SHIPLOCK_CACHE: '/a', XDG_CACHE_HOME: '/b' }), '/a');
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/b' }), '/b/shiplock');
  assert.equal(cacheFolder({}), join(homedir(), '.cache', 'shiplock'));
});

test('the doctor says of an empty machine what is missing and what mends it, and does not throw', async (t) => {
  const folder = await temporaryFolder(t);
  const findings = await examine({ PATH: folder, SHIPLOCK_CACHE: folder, SHIPLOCK_ENVOY: join(folder, 'none') });
  assert.deepEqual(JSON.parse(JSON.stringify(findings)), findings);
  assert.equal(isReady(findings), false);
  // What a system keeps out of PATH is there however empty PATH is.
  const there = existsSync('/usr/lib/postgresql') ? ['node', 'postgres'] : ['node'];
  for (const finding of findings) {
    assert.equal(finding.ok, there.includes(finding.name), finding.name);
    assert.equal(finding.mend === null, finding.ok, `${finding.name} has a command that mends it`);
  }
  const shown = renderFindings(findings);
  assert.match(shown, /^✔ node /m);
  assert.match(shown, /^✖ temporal +missing: .*\n +mend: shiplock local up$/m);
  assert.match(shown, /^✖ envoy +missing: SHIPLOCK_ENVOY=.* is no envoy/m);
  assert.match(shown, /^○ chromium +missing: .*\(optional: tests of the Web UI\)\n +mend: /m);
  assert.match(
    shown,
    /Needed and missing: git, temporal, envoy, prometheus\. Optional and missing: promtool, (postgres, )?java,/,
  );
});

test('the doctor runs what it finds: a server that tells no version is not there', async (t) => {
  const folder = await temporaryFolder(t);
  await programThatSays(join(folder, 'prometheus'), 'segmentation fault');
  const findings = await examine({ PATH: folder, SHIPLOCK_CACHE: folder });
  const prometheus = findings.find(({ name }) => name === 'prometheus');
  assert.equal(prometheus?.ok, false);
  assert.match(prometheus?.because ?? '', /does not run or tells no version/);
});

async function cachedTemporal(cache: string): Promise<string> {
  const platform = platformOf(thisMachine());
  assert.ok(platform, 'these tests run where servers are pinned for');
  const folder = entryFolder(cache, 'temporal', platform);
  const path = await programThatSays(join(folder, 'temporal'), tested);
  const servers = { temporal: Buffer.byteLength(`#!/bin/sh\necho '${tested}'\n`) };
  await mkdir(folder, { recursive: true });
  const entry = { package: 'temporal', version: '1.9.1', from: 'a test', servers };
  await writeFile(join(folder, 'entry.json'), JSON.stringify(entry));
  return path;
}
