/** Registries that want a login: Debian's docker-registry with tokens and with passwords, and servers that mean harm. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { ApplicationFailure } from '@temporalio/common';
import { askRegistry, type RegistryImage } from '../../activities/image/registry.ts';
import { parseRepository } from '../../activities/image/repository.ts';
import type { Credentials } from '../../activities/image/secrets.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import {
  type GuardedRegistry,
  IDENTITY,
  listening,
  PASSWORD,
  registryWithPasswords,
  registryWithTokens,
  type Storage,
  storage,
  tokenServer,
  whatIsMissing,
} from '../fixtures/image-guarded-registry.ts';

const skip = whatIsMissing() ?? false;
if (skip) console.log(`registries that want a login are not tested, for want of ${skip}`);
const NEVER = { type: 'SHIPLOCK_REGISTRY_REFUSED', nonRetryable: true };
const LATER = { type: 'SHIPLOCK_REGISTRY_UNREACHABLE', nonRetryable: false };
const WRONG = 'not-the-password-at-all';
const user = (username: string, password = PASSWORD): Credentials => ({ kind: 'password', username, password });

/** Asks for `1.0.0` of a repository; whatever is thrown has no secret in it. */
async function ask(host: string, name: string, credentials: Credentials | null): Promise<RegistryImage | null> {
  const repository = parseRepository({ repository: `${host}/${name}`, insecure: true });
  const asking = activityEnvironment().run(askRegistry, repository, '1.0.0', async (registry: string) => {
    assert.equal(registry, host, 'whose credentials are asked for');
    return credentials;
  }) as Promise<RegistryImage | null>;
  return asking.catch((error: ApplicationFailure) => {
    const told = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join('\n');
    for (const secret of [PASSWORD, WRONG, IDENTITY, 'eyJ', Buffer.from(`alice:${PASSWORD}`).toString('base64')]) {
      assert.ok(!told.includes(secret), `${secret} in ${told}`);
    }
    throw error;
  });
}

describe('a registry that wants a token', { skip, timeout: 300_000 }, () => {
  let images: Storage;
  let registry: GuardedRegistry;
  let tokens: Awaited<ReturnType<typeof tokenServer>>;
  const ends: (() => unknown)[] = [];
  before(async () => {
    images = await storage();
    tokens = await tokenServer({ after: (end) => void (end && ends.push(end as () => unknown)) }, images);
    registry = await registryWithTokens(images, tokens.realm);
  });
  after(async () => {
    for (const end of ends) end();
    await registry?.stop();
    await images?.remove();
  });

  it('is asked anonymously for what anybody may have, once for all parts of the image', async () => {
    tokens.asked.length = 0;
    assert.deepEqual(await ask(registry.host, 'credlink/open', null), { digest: images.digest, user: 'node' });
    const scope = 'repository:credlink/open:pull';
    assert.deepEqual(tokens.asked, [{ method: 'GET', service: 'registry.test', scope, authorization: null }]);
  });

  it('is asked with the password that the worker has', async () => {
    assert.equal((await ask(registry.host, 'credlink/api', user('alice')))?.digest, images.digest);
  });

  it('is asked with an identity token, which is posted and stands in no address', async () => {
    tokens.asked.length = 0;
    const image = await ask(registry.host, 'credlink/api', { kind: 'identity', token: IDENTITY });
    assert.equal(image?.user, 'node');
    const scope = 'repository:credlink/api:pull';
    assert.deepEqual(tokens.asked, [{ method: 'POST', service: 'registry.test', scope, authorization: null }]);
  });

  it('has no such image where it says so to somebody whom it lets in', async () => {
    const repository = parseRepository({ repository: `${registry.host}/credlink/open`, insecure: true });
    assert.equal(await activityEnvironment().run(askRegistry, repository, '9.9.9', async () => null), null);
  });

  it('refuses nobody, a wrong password, and one who may not pull', async () => {
    const nobody = { ...NEVER, message: /asks for credentials \(401\), and this worker has none.*docker login/ };
    await assert.rejects(ask(registry.host, 'credlink/api', null), nobody);
    const wrong = { ...NEVER, message: /the token server .* does not take the credentials.*\(401\)/ };
    await assert.rejects(ask(registry.host, 'credlink/api', user('alice', WRONG)), wrong);
    await assert.rejects(ask(registry.host, 'credlink/api', { kind: 'identity', token: WRONG }), wrong);
    const bob = { ...NEVER, message: /the registry .* or not for credlink\/api \(401\)/ };
    await assert.rejects(ask(registry.host, 'credlink/api', user('bob')), bob);
  });

  it('or one that wants a password gets it, and refuses wrong ones', async () => {
    const other = await registryWithPasswords(images);
    try {
      assert.deepEqual(await ask(other.host, 'credlink/api', user('alice')), { digest: images.digest, user: 'node' });
      await assert.rejects(ask(other.host, 'credlink/api', user('alice', WRONG)), NEVER);
      await assert.rejects(ask(other.host, 'credlink/api', null), { ...NEVER, message: /has none/ });
      await assert.rejects(ask(other.host, 'credlink/api', { kind: 'identity', token: IDENTITY }), NEVER);
    } finally {
      await other.stop();
    }
  });
});

describe('a token server', () => {
  /** A registry that wants a token of this realm, and what it was sent. */
  async function wanting(t: TestContext, challenge: (host: string) => string) {
    const sent: (string | undefined)[] = [];
    const host: string = await listening(t, (request, response) => {
      sent.push(request.headers.authorization);
      response.writeHead(401, { 'www-authenticate': challenge(host) }).end();
    });
    return { host, sent };
  }
  /** With a token server that answers so, and what it was asked. */
  async function answering(t: TestContext, listener: RequestListener, more = '') {
    const asked: string[] = [];
    const realm = await listening(t, (request, response) => {
      asked.push(request.url ?? '');
      listener(request, response);
    });
    return { ...(await wanting(t, () => `Bearer realm="http://${realm}/token",service="s"${more}`)), asked };
  }

  it('is not asked over plain HTTP beyond this machine, by another scheme, or at an address with credentials', async (t) => {
    const realms = [
      'http://auth.example/token',
      'ftp://127.0.0.1/',
      'file:///etc/passwd',
      'http://u:p@127.0.0.1/',
      '/x',
    ];
    for (const realm of [...realms, 'http://127.0.0.1.evil.example/', 'https://u:p@auth.example/']) {
      const { host, sent } = await wanting(t, () => `Bearer realm="${realm}"`);
      const refused = { ...NEVER, message: /names a token server that is not asked/ };
      await assert.rejects(ask(host, 'credlink/api', user('alice')), refused, realm);
      assert.deepEqual(sent, [undefined], 'the registry gets nothing');
    }
  });

  it('that sends elsewhere is not followed', async (t) => {
    const stolen: unknown[] = [];
    const elsewhere = await listening(t, (request, response) => response.end(stolen.push(request.headers)));
    const headers = { location: `http://${elsewhere}/token` };
    const { host } = await answering(t, (_, response) => response.writeHead(307, headers).end());
    await assert.rejects(ask(host, 'credlink/api', user('alice')), { ...NEVER, message: /sends elsewhere \(307\)/ });
    assert.deepEqual(stolen, []);
  });

  it('that answers without end, with an error, or no token that can be sent is asked again later', async (t) => {
    const endless = await answering(t, (_, response) => {
      const more = () => response.writable && response.write('x'.repeat(16 * 1024)) && setImmediate(more);
      response.on('drain', more);
      more();
    });
    await assert.rejects(ask(endless.host, 'credlink/api', null), { ...LATER, message: /more than 64 KiB/ });
    const failing = await answering(t, (_, response) => response.writeHead(503).end(PASSWORD));
    await assert.rejects(ask(failing.host, 'credlink/api', null), { ...LATER, message: /answers 503/ });
    for (const body of ['', PASSWORD, 'null', '{}', '{"token":1}', `{"token":"${PASSWORD}\\r\\nx: y"}`]) {
      const { host } = await answering(t, (_, response) => response.end(body));
      await assert.rejects(ask(host, 'credlink/api', null), { ...LATER, message: /answers no token$/ }, body);
    }
  });

  it('is asked for no more than to pull, whatever the registry wants; its token is tried once', async (t) => {
    const wants = ',scope="repository:credlink/api:pull,push,delete registry:catalog:*"';
    const { host, sent, asked } = await answering(t, (_, response) => response.end('{"token":"abc"}'), wants);
    await assert.rejects(ask(host, 'credlink/api', user('alice')), NEVER);
    assert.deepEqual(sent, [undefined, 'Bearer abc']);
    assert.deepEqual(asked, ['/token?service=s&scope=repository%3Acredlink%2Fapi%3Apull']);
  });
});
