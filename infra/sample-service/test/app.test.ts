import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createApp } from '../app.ts';
import { type FaultsInput, parseFaults } from '../faults.ts';
import { serve } from '../serve.ts';

test('credentials are listed, issued, found and verified', async (t) => {
  const api = await given(t);
  const issued = await api.send('POST', '/credentials', { asset: 'song.flac', issuer: 'label' });
  assert.equal(issued.status, 201);
  const found = await api.send('GET', `/credentials/${issued.body.id}`);
  assert.equal(found.body.asset, 'song.flac');
  const verified = await api.send('POST', `/credentials/${issued.body.id}/verify`);
  assert.deepEqual(verified.body, { id: issued.body.id, valid: true, issuer: 'label' });
  assert.equal((await api.send('GET', '/credentials')).body.length, 4);
});

test('what is not there, or no credential, is refused with a reason', async (t) => {
  const api = await given(t);
  assert.equal((await api.send('GET', '/credentials/999')).status, 404);
  assert.equal((await api.send('POST', '/credentials/999/verify')).status, 404);
  assert.equal((await api.send('POST', '/credentials', { asset: 7 })).status, 400);
  const broken = await api.send('POST', '/credentials', '{');
  assert.equal(broken.status, 400);
  assert.match(broken.body.error, /JSON/);
});

test('every answer names its version, and asks browsers not to guess its type', async (t) => {
  const api = await given(t);
  for (const path of ['/health', '/ready', '/metrics', '/credentials', '/nowhere']) {
    const { headers } = await api.send('GET', path);
    assert.equal(headers.get('x-service-version'), '1.2.0', path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
  }
});

test('a build with an error share of a fifth answers every fifth business request with 500', async (t) => {
  const api = await given(t, { errorShare: 0.2 });
  const codes = [];
  for (let n = 0; n < 10; n += 1) codes.push((await api.send('GET', '/credentials/1')).status);
  assert.deepEqual(codes, [200, 200, 200, 200, 500, 200, 200, 200, 200, 500]);
  assert.equal((await api.send('GET', '/health')).status, 200);
});

test('a slow build answers a share of its requests late', async (t) => {
  const api = await given(t, { latency: { milliseconds: 60, share: 0.5 } });
  const late = [];
  for (let n = 0; n < 4; n += 1) {
    const begin = performance.now();
    await api.send('GET', '/credentials/1');
    late.push(performance.now() - begin >= 55);
  }
  assert.equal(late[1] && late[3], true);
});

test('a build that never gets ready is healthy but not ready', async (t) => {
  const api = await given(t, { neverReady: true });
  assert.equal((await api.send('GET', '/health')).status, 200);
  assert.equal((await api.send('GET', '/ready')).status, 503);
});

test('a build that crashes does so at the request it was told', async (t) => {
  const api = await given(t, { crash: { afterRequests: 2 } });
  assert.equal((await api.send('GET', '/credentials/1')).status, 200);
  await assert.rejects(api.send('GET', '/credentials/1'));
  assert.deepEqual(api.crashes, ['request 2 of this build']);
});

test('a leaking build keeps memory up to its bound and goes on answering', async (t) => {
  const before = process.memoryUsage().arrayBuffers;
  const api = await given(t, { leak: { megabytes: 2, atMost: 8 } });
  for (let n = 0; n < 8; n += 1) assert.equal((await api.send('GET', '/credentials/1')).status, 200);
  const kept = (process.memoryUsage().arrayBuffers - before) / 1024 / 1024;
  assert.ok(kept >= 7 && kept < 12, `kept ${kept} MB`);
});

test('faults are switched on and off while it runs, when that is allowed', async (t) => {
  const api = await given(t, {}, { faultsAdmin: true });
  assert.equal((await api.send('PUT', '/faults', { errorShare: 1 })).status, 200);
  assert.equal((await api.send('GET', '/credentials/1')).status, 500);
  assert.equal((await api.send('PUT', '/faults', { errorShare: 7 })).status, 400);
  assert.equal((await api.send('GET', '/faults')).body.errorShare, 1);
  await api.send('PUT', '/faults', {});
  assert.equal((await api.send('GET', '/credentials/1')).status, 200);
});

test('faults cannot be switched where that is not allowed', async (t) => {
  const api = await given(t);
  assert.equal((await api.send('PUT', '/faults', { errorShare: 1 })).status, 404);
});

test('its metrics have the route patterns of what was asked', async (t) => {
  const api = await given(t);
  await api.send('GET', '/credentials/1');
  await api.send('POST', '/credentials/2/verify');
  const { text } = await api.send('GET', '/metrics');
  assert.match(text, /http_requests_total\{method="GET",route="\/credentials\/:id",code="200"/);
  assert.match(text, /http_requests_total\{method="POST",route="\/credentials\/:id\/verify",code="200"/);
});

test('a stopping service finishes what is under way, without keeping its connection', async (t) => {
  const api = await given(t, { latency: { milliseconds: 400 } }, { drainMs: 200 });
  const slow = api.send('GET', '/credentials/1');
  await api.busy();
  const stopped = api.stop();
  const late = await api.send('GET', '/ready');
  assert.equal(late.status, 503);
  assert.equal(late.headers.get('connection'), 'close');
  assert.equal((await slow).status, 200);
  await stopped;
  await assert.rejects(api.send('GET', '/health'));
});

async function given(
  t: TestContext,
  faults: FaultsInput = {},
  options: { faultsAdmin?: boolean; drainMs?: number } = {},
) {
  const crashes: string[] = [];
  let arrived = () => {};
  const busy = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const service = await serve({
    host: '127.0.0.1',
    port: 0,
    drainMs: options.drainMs ?? 0,
    app: (accepting) => {
      const app = createApp({
        version: '1.2.0',
        faults: parseFaults(faults),
        faultsAdmin: options.faultsAdmin ?? false,
        accepting,
        // Stands for the end of the process: the connections go with it.
        crash: (because) => {
          crashes.push(because);
          for (const socket of open) socket.destroy();
        },
        logger: false,
      });
      return (req, res) => {
        open.add(req.socket);
        const business = req.url?.startsWith('/credentials');
        app(req, res);
        if (business) arrived();
      };
    },
  });
  const open = new Set<import('node:net').Socket>();
  t.after(() => {
    for (const socket of open) socket.destroy();
    return service.stop();
  });
  return {
    crashes,
    busy: () => busy,
    stop: service.stop,
    async send(method: string, path: string, body?: unknown) {
      const response = await fetch(`http://127.0.0.1:${service.port}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await response.text();
      const json = response.headers.get('content-type')?.includes('json');
      return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : null };
    },
  };
}
