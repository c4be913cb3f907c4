/** What a registry may answer, and what is made of it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it, type TestContext } from 'node:test';
import { askRegistry, type RegistryImage } from '../../activities/image/registry.ts';
import { parseRepository } from '../../activities/image/repository.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';

const LATER = { type: 'SHIPLOCK_REGISTRY_UNREACHABLE', nonRetryable: false };
const NEVER = { type: 'SHIPLOCK_REGISTRY_REFUSED', nonRetryable: true };
const CONFIGURATION = '{"config":{"User":"node"}}';
const MANIFEST = JSON.stringify({ config: { digest: digestOf(CONFIGURATION) } });

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Asks a server that answers like this; `paths` are those that were asked for. */
async function ask(t: TestContext, listener: RequestListener, reference = '1.0.0') {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    listener(request, response);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const repository = parseRepository({ repository: `${host}/credlink/api`, insecure: true });
  const image = activityEnvironment().run(
    askRegistry,
    repository,
    reference,
    async () => null,
  ) as Promise<RegistryImage | null>;
  return { image, paths };
}

const good: RequestListener = ({ url }, response) => response.end(url?.includes('/blobs/') ? CONFIGURATION : MANIFEST);

it('the digest is that of the bytes, also where the registry does not name it', async (t) => {
  const { image, paths } = await ask(t, good);
  assert.deepEqual(await image, { digest: digestOf(MANIFEST), user: 'node' });
  assert.deepEqual(paths, ['/v2/credlink/api/manifests/1.0.0', `/v2/credlink/api/blobs/${digestOf(CONFIGURATION)}`]);
});

it('an image that is not there is nothing, not an error', async (t) => {
  const { image } = await ask(t, (_, response) => response.writeHead(404).end());
  assert.equal(await image, null);
});

it('a registry that asks for credentials is refused with what to do', async (t) => {
  for (const challenge of ['', 'Bearer', 'Basic realm="r"', 'Negotiate', 'Bearer realm="unclosed']) {
    const headers = { 'www-authenticate': challenge };
    const { image } = await ask(t, (_, response) => response.writeHead(401, headers).end());
    await assert.rejects(image, { ...NEVER, message: /asks for credentials.*give the image's digest/ }, challenge);
  }
  const { image } = await ask(t, (_, response) => response.writeHead(403).end());
  await assert.rejects(image, { ...NEVER, message: /asks for credentials.*give the image's digest/ });
});

it('a manifest is not fetched from elsewhere', async (t) => {
  const { image, paths } = await ask(t, (_, response) => response.writeHead(307, { location: '/elsewhere' }).end());
  await assert.rejects(image, { ...NEVER, message: /sends elsewhere/ });
  assert.equal(paths.length, 1);
});

it('bytes that are not what the registry calls them, or what was asked for, are no answer', async (t) => {
  const other = digestOf('other');
  const named = await ask(t, (_, response) => response.setHeader('docker-content-digest', other).end(MANIFEST));
  await assert.rejects(named.image, { ...LATER, message: /and calls them/ });
  const asked = await ask(t, good, other);
  await assert.rejects(asked.image, LATER);
});

it('an error of the registry, one that hangs up, and an endless answer are asked again later', async (t) => {
  const failing = await ask(t, (_, response) => response.writeHead(503).end());
  await assert.rejects(failing.image, { ...LATER, message: /answers 503/ });
  const gone = await ask(t, (request) => request.socket.destroy());
  await assert.rejects(gone.image, { ...LATER, message: /cannot be asked/ });
  const endless = await ask(t, (_, response) => {
    const more = () => response.writable && response.write('x'.repeat(64 * 1024)) && setImmediate(more);
    response.on('drain', more);
    more();
  });
  await assert.rejects(endless.image, { ...LATER, message: /more than 4096 KiB/ });
});

it('a configuration with other bytes than its digest, or elsewhere without TLS, leaves the user unknown', async (t) => {
  const forged = await ask(t, ({ url }, response) => response.end(url?.includes('/blobs/') ? '{}' : MANIFEST));
  assert.equal((await forged.image)?.user, null);
  const moved = await ask(t, ({ url }, response) => {
    if (url?.includes('/blobs/')) response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
    else response.end(MANIFEST);
  });
  assert.deepEqual(await moved.image, { digest: digestOf(MANIFEST), user: null });
});
