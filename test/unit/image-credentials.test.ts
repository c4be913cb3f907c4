/** What `docker login` leaves behind, and what is made of it. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import type { ApplicationFailure } from '@temporalio/common';
import { credentialsOf } from '../../activities/image/credentials.ts';
import type { Credentials } from '../../activities/image/secrets.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';

const SECRET = 'pass:word-ß';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const ALICE = { auth: base64(`alice:${SECRET}`) };
const alice: Credentials = { kind: 'password', username: 'alice', password: SECRET };
const HOST = 'registry.example:5000';

/** Asks with this `config.json`, and these programs on the `PATH`; no error has the secret in it. */
async function ask(
  t: TestContext,
  config: unknown,
  { registry = HOST, helpers = {} }: { registry?: string; helpers?: Readonly<Record<string, string>> } = {},
): Promise<Credentials | null> {
  const folder = await mkdtemp(path.join(tmpdir(), 'shiplock-login-'));
  t.after(() => rm(folder, { recursive: true }));
  if (config !== undefined) {
    const content = typeof config === 'string' ? config : JSON.stringify(config);
    await writeFile(path.join(folder, 'config.json'), content);
  }
  for (const [name, script] of Object.entries(helpers)) {
    const file = path.join(folder, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o700);
  }
  const environment = { PATH: `${folder}:/usr/bin:/bin`, FOLDER: folder };
  const settings = { dockerConfig: folder, environment };
  const asking = activityEnvironment().run(credentialsOf, registry, settings) as Promise<Credentials | null>;
  return asking.catch((error: ApplicationFailure) => {
    const told = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join('\n');
    assert.ok(!told.includes(SECRET) && !told.includes(ALICE.auth), told);
    throw error;
  });
}

const unusable = (message: RegExp) => ({ type: 'SHIPLOCK_REGISTRY_CREDENTIALS', nonRetryable: true, message });

it('a login is that of its registry, port and all, and nobody else has it', async (t) => {
  assert.deepEqual(await ask(t, { auths: { [HOST]: ALICE } }), alice);
  assert.deepEqual(await ask(t, { auths: { [`https://${HOST}/v2/`]: ALICE } }), alice);
  for (const other of ['registry.example', 'registry.example:500', 'evil.example', `x${HOST}`, `${HOST}/credlink`]) {
    assert.equal(await ask(t, { auths: { [other]: ALICE } }), null, other);
  }
  assert.equal(await ask(t, { auths: { [HOST]: ALICE } }, { registry: 'docker.io' }), null);
});

it('Docker Hub is known by each of its names', async (t) => {
  for (const name of ['https://index.docker.io/v1/', 'docker.io', 'registry-1.docker.io']) {
    assert.deepEqual(await ask(t, { auths: { [name]: ALICE } }, { registry: 'docker.io' }), alice, name);
  }
});

it('it may be an identity token, two fields of old, or padded with NUL', async (t) => {
  const identity = await ask(t, { auths: { [HOST]: { ...ALICE, identitytoken: 'refresh' } } });
  assert.deepEqual(identity, { kind: 'identity', token: 'refresh' });
  assert.deepEqual(await ask(t, { auths: { [HOST]: { username: 'alice', password: SECRET } } }), alice);
  assert.deepEqual(await ask(t, { auths: { [HOST]: { auth: base64(`alice:${SECRET}\0\0`) } } }), alice);
});

it('no file, and one without a login, are nobody', async (t) => {
  for (const config of [undefined, {}, { auths: {} }, { auths: { [HOST]: {} } }])
    assert.equal(await ask(t, config), null);
});

it('a file that cannot be understood is no login, and nothing of it is quoted', async (t) => {
  const bad = unusable(/config\.json is no configuration of Docker's/);
  for (const text of [
    SECRET,
    `{"auths":{"x":{"auth":"${SECRET}`,
    '[]',
    '{"auths":[1]}',
    `{"auths":{"x":"${SECRET}"}}`,
  ]) {
    await assert.rejects(ask(t, text), bad, text);
  }
  const none = unusable(/has an entry for registry\.example:5000 that is no user and password/);
  for (const auth of [base64(SECRET.replace(':', '')), base64('alice:'), base64(':x'), '%']) {
    await assert.rejects(ask(t, { auths: { [HOST]: { auth } } }), none);
  }
  await assert.rejects(ask(t, ' '.repeat(1024 * 1024 + 1)), unusable(/larger than 1 MiB/));
});

it('a helper is asked for the registry, its own before that of all', async (t) => {
  const answer = (name: string) => `cat > "$FOLDER/asked"; echo '{"Username":"${name}","Secret":"${SECRET}"}'`;
  const helpers = { 'docker-credential-own': answer('alice'), 'docker-credential-all': answer('bob') };
  assert.deepEqual(await ask(t, { credsStore: 'all', credHelpers: { [HOST]: 'own' } }, { helpers }), alice);
  const other = await ask(t, { credsStore: 'all', credHelpers: { 'x.example': 'own' } }, { helpers });
  assert.equal(other?.kind === 'password' && other.username, 'bob');
  const echo = {
    'docker-credential-echo': `read -r host; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$host\\"}"`,
  };
  const asked = await ask(t, { credsStore: 'echo' }, { registry: 'docker.io', helpers: echo });
  assert.deepEqual(asked, { kind: 'identity', token: 'https://index.docker.io/v1/' });
});

it('a helper that has nothing is nobody', async (t) => {
  const helpers = { 'docker-credential-none': 'echo credentials not found in native keychain; exit 1' };
  assert.equal(await ask(t, { credsStore: 'none' }, { helpers }), null);
});

it('a helper that is not there, fails, or talks nonsense is named, and what it says is not told', async (t) => {
  await assert.rejects(ask(t, { credsStore: 'gone' }), unusable(/docker-credential-gone has not given .*ENOENT/));
  const helpers = {
    'docker-credential-bad': `echo '${SECRET}'; echo '${SECRET}' >&2; exit 3`,
    'docker-credential-odd': `echo '${SECRET}'`,
    'docker-credential-endless': 'exec head -c 1000000 /dev/zero',
  };
  await assert.rejects(ask(t, { credsStore: 'bad' }, { helpers }), unusable(/\(3\)/));
  await assert.rejects(ask(t, { credsStore: 'odd' }, { helpers }), unusable(/docker-credential-odd answers no/));
  await assert.rejects(ask(t, { credsStore: 'endless' }, { helpers }), unusable(/docker-credential-endless has not/));
  for (const credsStore of ['../x', '/bin/sh', 'a b', '-x', `x;${SECRET}`]) {
    await assert.rejects(ask(t, { credsStore }), unusable(/names a credential helper that can be no program/));
  }
});
