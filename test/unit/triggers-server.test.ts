import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { githubReceiver, type Serving, serve } from '../../src/triggers/index.ts';
import { releasePublished, type Signed, signed, someTrigger } from '../fixtures/github-deliveries.ts';

/** A server whose starts end when the test says so. */
const held: (() => void)[] = [];
const lines: Record<string, unknown>[] = [];
let serving: Serving;

before(async () => {
  const github = githubReceiver([someTrigger()], async ({ version }) => {
    if (version.startsWith('slow')) await new Promise<void>((resolve) => held.push(resolve));
    return { release: 'release-production-api', version, run: null, state: 'waiting', again: false };
  });
  serving = await serve({ port: 0, github, log: (line) => lines.push(line), atOnce: 2 });
});
after(async () => {
  for (const release of held.splice(0)) release();
  await serving.close();
});

const published = (tag: string): Signed => signed('release', releasePublished(tag));
const deliver = ({ headers, body }: Signed): Promise<Response> =>
  fetch(`http://127.0.0.1:${serving.port}/github`, { method: 'POST', headers, body });

async function until(met: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(60_000);
  while (!met()) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a stranger who sends these bytes reads before the connection ends. */
async function saying(bytes: Buffer | string): Promise<string> {
  const socket = connect(serving.port, '127.0.0.1');
  let read = '';
  socket.on('data', (chunk) => {
    read += chunk;
  });
  socket.on('error', () => undefined);
  socket.end(bytes);
  await once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
  return read;
}

suite('the server of triggers', { timeout: 300_000 }, () => {
  test('listens on loopback, and says no more of itself than it must', async () => {
    assert.equal(serving.host, '127.0.0.1');
    const response = await deliver(published('v1.2.0'));
    assert.equal(response.status, 202);
    assert.equal(response.headers.get('x-powered-by'), null);
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });

  test('looks at two deliveries at once, and tells a third to come again', async () => {
    const slow = [deliver(published('slow-1')), deliver(published('slow-2'))];
    await until(() => held.length === 2);
    const third = await deliver(published('v1.2.0'));
    assert.deepEqual([third.status, third.headers.get('retry-after')], [503, '10']);
    for (const release of held.splice(0)) release();
    assert.deepEqual(
      (await Promise.all(slow)).map(({ status }) => status),
      [202, 202],
    );
    assert.equal((await deliver(published('v1.2.0'))).status, 202);
  });

  test('goes on with others while somebody never ends a body', async () => {
    const slow = connect(serving.port, '127.0.0.1');
    slow.on('error', () => undefined).resume();
    slow.write('POST /github HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
    assert.equal((await deliver(published('v1.2.0'))).status, 202);
    await once(slow, 'close', { signal: AbortSignal.timeout(60_000) });
  });

  const STRANGE: [string, string, RegExp][] = [
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400/],
    [
      'headers without end',
      `GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431/,
    ],
    [
      'two lengths',
      'POST /github HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
      /^HTTP\/1\.1 400/,
    ],
    [
      'a length and chunks',
      'POST /github HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400/,
    ],
    [
      'a path with more',
      'POST /github/../healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      /^HTTP\/1\.1 404/,
    ],
    [
      'an empty body',
      'POST /github HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      /^HTTP\/1\.1 401/,
    ],
  ];
  for (const [what, bytes, answer] of STRANGE) {
    test(`refuses ${what}`, async () => assert.match(await saying(bytes), answer));
  }

  test('survives 300 requests of which any byte may be another', async () => {
    const { headers, body } = published('v1.2.0');
    const lines = Object.entries({
      ...headers,
      host: 'x',
      connection: 'close',
      'content-length': Buffer.byteLength(body),
    });
    const genuine = Buffer.from(
      `POST /github HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`,
    );
    let state = 20_261_123;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(genuine);
      for (let n = 1 + random(5); n > 0; n -= 1) bytes[random(bytes.length)] = random(256);
      const answer = await saying(random(3) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
      assert.match(answer, /^(HTTP\/1\.1 (200|202|400|401|404|405|408|413|415|429|431) |$)/, `round ${round}`);
    }
    assert.equal((await fetch(`http://127.0.0.1:${serving.port}/healthz`)).status, 200);
  });

  test('writes one line a request, with nothing that a stranger chose but bounded names', () => {
    assert.ok(lines.length > 0);
    for (const line of lines) {
      assert.ok(['/github', '/healthz', 'other'].includes(String(line.path)));
      assert.ok(JSON.stringify(line).length < 1_000);
    }
  });

  test('says so where its address is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const github = githubReceiver([], async () => assert.fail());
    await assert.rejects(serve({ port, github, log: () => undefined }), { code: 'SHIPLOCK_SERVE_ADDRESS' });
    other.close();
  });

  test('lets what is under way end before it closes', async () => {
    const slow = deliver(published('slow-3'));
    await until(() => held.length === 1);
    const closed = serving.close();
    for (const release of held.splice(0)) release();
    assert.equal((await slow).status, 202);
    await closed;
    await assert.rejects(deliver(published('v1.2.0')));
  });
});
