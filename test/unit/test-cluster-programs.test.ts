import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { build, buildFolder } from '../../infra/test-cluster/programs/build.ts';
import { builds, type ProgramName, programs } from '../../infra/test-cluster/programs/catalogue.ts';
import { customResources } from '../../infra/test-cluster/programs/definitions.ts';
import { findProgram } from '../../infra/test-cluster/programs/find.ts';
import { modules } from '../../infra/test-cluster/programs/modules.ts';

const root = join(import.meta.dirname, '../..');
const requirements = {
  etcd: 'go.etcd.io/etcd/server/v3',
  kubernetes: 'k8s.io/kubernetes',
  kwok: 'sigs.k8s.io/kwok',
  helm: 'helm.sh/helm/v3',
  'argo-rollouts': 'github.com/argoproj/argo-rollouts',
};

test('what is built is what go.mod requires, and is new enough to be taken', async () => {
  for (const { name, version, programs: names } of Object.values(builds)) {
    const required = await readFile(join(root, 'infra/test-cluster', name, 'go.mod'), 'utf8');
    assert.ok(required.includes(`${requirements[name]} v${version}`), `${name} ${version}`);
    for (const program of names) assert.equal(programs[program].from, name);
  }
});

test('definitions are pinned by version and hash, and named one by one', () => {
  for (const { version, sum, files, definitions } of modules) {
    assert.match(version, /^v\d+\.\d+\.\d+$/);
    assert.match(sum, /^h1:[\w+/]{43}=$/);
    assert.ok(files.length > 0 && definitions.length > 0);
  }
});

test('a program is taken from its variable, else KUBEBUILDER_ASSETS, else PATH, else the cache', async (t) => {
  const place = await placeOf(t);
  const own = await place.program('own', 'etcd', 'etcd Version: 3.4.0');
  const assets = await place.program('assets', 'etcd', 'etcd Version: 3.5.21');
  const path = await place.program('path', 'etcd', 'etcd Version: 3.6.1');
  const environment = {
    SHIPLOCK_CACHE: place.folder,
    SHIPLOCK_ETCD: own,
    KUBEBUILDER_ASSETS: join(place.folder, 'assets'),
    PATH: `${join(place.folder, 'path')}:/usr/bin:/bin`,
  };
  const taken = async (without: readonly string[]) => {
    const rest = Object.entries(environment).filter(([name]) => !without.includes(name));
    return (await findProgram('etcd', Object.fromEntries(rest))).found;
  };
  assert.deepEqual(await taken([]), { name: 'etcd', path: own, version: '3.4.0', from: 'environment' });
  assert.deepEqual(await taken(['SHIPLOCK_ETCD']), { name: 'etcd', path: assets, version: '3.5.21', from: 'assets' });
  const third = await taken(['SHIPLOCK_ETCD', 'KUBEBUILDER_ASSETS']);
  assert.deepEqual(third, { name: 'etcd', path, version: '3.6.1', from: 'path' });

  const cached = buildFolder('etcd', environment);
  await mkdir(cached, { recursive: true });
  await writeFile(join(cached, 'etcd'), 'built');
  await writeFile(join(cached, 'entry.json'), JSON.stringify({ package: 'etcd', servers: { etcd: 5 } }));
  const last = await taken(['SHIPLOCK_ETCD', 'KUBEBUILDER_ASSETS', 'PATH']);
  assert.equal(last?.path, join(cached, 'etcd'));
  assert.equal(last?.from, 'cache');
});

test('what is too old is passed over, and the reason is kept', async (t) => {
  const place = await placeOf(t);
  const old = await place.program('path', 'etcd', 'etcd Version: 3.4.23');
  const environment = { SHIPLOCK_CACHE: place.folder, PATH: join(place.folder, 'path') };
  const { found, because } = await findProgram('etcd', { ...environment, PATH: `${environment.PATH}:/bin` });
  assert.equal(found, null);
  assert.ok(because.includes(`${old} is 3.4.23, before 3.5.0`), because);
});

test('a variable that names nothing that runs is an error, never silently replaced', async () => {
  for (const name of Object.keys(programs) as ProgramName[]) {
    const environment = { [programs[name].variable]: '/nowhere/at-all', PATH: process.env.PATH };
    await assert.rejects(findProgram(name, environment), { code: 'SHIPLOCK_SERVER_OVERRIDE' });
  }
});

test('without Go it is said what is missing and what mends it', async (t) => {
  const { folder } = await placeOf(t);
  const environment = { SHIPLOCK_CACHE: folder, PATH: join(folder, 'nothing') };
  const missing = { code: 'SHIPLOCK_SERVER_MISSING', mend: /install Go 1\.26/ };
  await assert.rejects(
    build('kwok', () => undefined, environment),
    missing,
  );
  await assert.rejects(
    customResources(() => undefined, environment),
    missing,
  );
});

test('a build that fails says what Go said, and leaves nothing that looks built', async (t) => {
  const place = await placeOf(t);
  await place.program('path', 'go', 'cannot find module', 1);
  const environment = { SHIPLOCK_CACHE: place.folder, PATH: `${join(place.folder, 'path')}:/usr/bin:/bin` };
  await assert.rejects(
    build('etcd', () => undefined, environment),
    {
      code: 'SHIPLOCK_SERVER_BUILD',
      message: /ended with 1: cannot find module/,
    },
  );
  assert.equal((await findProgram('etcd', { SHIPLOCK_CACHE: place.folder, PATH: '/bin' })).found, null);
});

async function placeOf(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'shiplock-programs-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return {
    folder,
    /** An executable that says a line, on both streams. */
    async program(within: string, name: string, says: string, code = 0): Promise<string> {
      await mkdir(join(folder, within), { recursive: true });
      const path = join(folder, within, name);
      await writeFile(path, `#!/bin/sh\necho '${says}'\necho '${says}' >&2\nexit ${code}\n`);
      await chmod(path, 0o755);
      return path;
    },
  };
}
