import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { serveFlags } from '../../local/flags/serve.ts';
import { createApp } from '../app.ts';
import { parseFaults } from '../faults.ts';
import { openFlags } from '../flags.ts';
import { serve } from '../serve.ts';

const users = (count: number) => Array.from({ length: count }, (_, n) => `user-${n}`);
const share = (percent: number) => ({
  fractional: [
    ['on', percent * 1000],
    ['off', 100_000 - percent * 1000],
  ],
});

test('without a flag service everybody is on the old side', async (t) => {
  const api = await given(t, {});
  const { headers, body } = await api.get('/credentials/1', 'alice');
  assert.equal(headers.get('x-flag-new-credentials'), 'off');
  assert.equal('format' in body, false);
});

test('whom the flag is on for gets the new answer, and is counted apart', async (t) => {
  const api = await given(t, { url: await flagService(t, { 'new-credentials': { targeting: share(50) } }) });
  const sides = new Map<string, string>();
  for (const user of users(60)) {
    const { headers, body } = await api.get('/credentials/1', user);
    const side = headers.get('x-flag-new-credentials') ?? '';
    assert.equal(body.format, side === 'on' ? 'c2pa/2' : undefined);
    sides.set(user, side);
  }
  const on = [...sides.values()].filter((side) => side === 'on').length;
  assert.ok(on > 15 && on < 45, `${on} of 60`);
  for (const user of users(10)) {
    assert.equal((await api.get('/credentials/1', user)).headers.get('x-flag-new-credentials'), sides.get(user));
  }
  const { text } = await api.get('/metrics');
  const again = users(10).filter((user) => sides.get(user) === 'on').length;
  assert.match(
    text,
    new RegExp(`feature_flag_requests_total\\{flag="new-credentials",variant="on",code="200"\\} ${on + again}\n`),
  );
});

test('who names no user is put on a side by chance', async (t) => {
  const api = await given(t, { url: await flagService(t, { 'new-credentials': { targeting: share(50) } }) });
  const sides = new Set<string | null>();
  for (let n = 0; n < 40; n++) sides.add((await api.get('/credentials/1')).headers.get('x-flag-new-credentials'));
  assert.deepEqual([...sides].sort(), ['off', 'on']);
});

test('a bad flag in a good build fails those alone that it is on for', async (t) => {
  const url = await flagService(t, { 'new-credentials': { targeting: share(50) } });
  const api = await given(t, { url, faults: { flagErrorShare: 1 } });
  for (const user of users(20)) {
    const { status, headers } = await api.get('/credentials/1', user);
    assert.equal(status, headers.get('x-flag-new-credentials') === 'on' ? 500 : 200, user);
  }
});

test('a flag that nobody defined, or that is disabled, counts as the code has it', async (t) => {
  for (const flags of [
    {} as Record<string, object>,
    { 'new-credentials': { state: 'DISABLED', defaultVariant: 'on' } },
  ]) {
    const api = await given(t, { url: await flagService(t, flags) });
    const { status, headers } = await api.get('/credentials/1', 'alice');
    assert.deepEqual([status, headers.get('x-flag-new-credentials')], [200, 'off']);
  }
});

test('a flag service that is gone fails no request', async (t) => {
  const closed = createServer();
  const url = await listening(closed);
  closed.close();
  const api = await given(t, { url });
  for (const user of users(5)) assert.equal((await api.get('/credentials/1', user)).status, 200);
});

test('a flag service that hangs holds a request up once, briefly, and then none', async (t) => {
  let asked = 0;
  const hangs = createServer((socket) => {
    socket.on('data', (part) => {
      if (part.includes('POST /ofrep')) asked += 1;
    });
    socket.on('error', () => {});
  });
  t.after(() => hangs.close());
  const api = await given(t, { url: await listening(hangs), timeoutMs: 100 });
  const begin = performance.now();
  for (const user of users(5)) assert.equal((await api.get('/credentials/1', user)).status, 200);
  const seconds = (performance.now() - begin) / 1_000;
  // After a question without an answer nobody asks for a second.
  assert.ok(asked >= 1 && asked <= 1 + seconds, `asked ${asked} times in ${seconds} s`);
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address?.port}`;
}

/** The embedded flag service itself, on a file of its own. */
async function flagService(t: TestContext, flags: Record<string, object>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sample-flags-'));
  const file = join(folder, 'flags.json');
  const whole = Object.entries(flags).map(([key, flag]) => [
    key,
    { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off', ...flag },
  ]);
  await writeFile(file, JSON.stringify({ flags: Object.fromEntries(whole) }));
  const server = await serveFlags({ file, port: 0 });
  t.after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  return `http://127.0.0.1:${server.port}`;
}

/** Patient, unless said otherwise: these tests are a gate, also on a machine with other work. */
async function given(
  t: TestContext,
  { url, faults = {}, timeoutMs = 5_000 }: { url?: string; faults?: object; timeoutMs?: number },
) {
  const flags = await openFlags(url, timeoutMs);
  const service = await serve({
    host: '127.0.0.1',
    port: 0,
    drainMs: 0,
    app: (accepting) =>
      createApp({
        version: '1.2.0',
        faults: parseFaults(faults),
        flags,
        faultsAdmin: false,
        accepting,
        crash: assert.fail,
        logger: false,
      }),
  });
  t.after(service.stop);
  return {
    get: async (path: string, user?: string) => {
      const response = await fetch(`http://127.0.0.1:${service.port}${path}`, {
        headers: { connection: 'close', ...(user && { 'x-user': user }) },
      });
      const text = await response.text();
      const json = response.headers.get('content-type')?.includes('json');
      return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : {} };
    },
  };
}
