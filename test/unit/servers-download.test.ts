import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { download } from '../../infra/local/servers/download.ts';
import { diskFailure } from '../../infra/local/servers/failures.ts';
import { clientFailure } from '../../infra/local/servers/sources/client.ts';
import { fileAddress } from '../../infra/local/servers/sources/pypi.ts';
import { checksumOf, vendor } from '../../infra/local/servers/sources/vendor.ts';
import { closedPort, loopback, temporaryFolder } from './servers-loopback.ts';

const bytes = Buffer.alloc(300_000, 'a server');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const quick = { backoffMs: 1 };

test('a file is streamed to disk, hashed, and its bytes are told on the way', async (t) => {
  const folder = await temporaryFolder(t);
  const { base } = await loopback(t, (_, response) => response.end(bytes));
  const told: number[] = [];
  await download({ url: `${base}/file`, to: join(folder, 'file'), sha256, onBytes: (received) => told.push(received) });
  assert.deepEqual(await readFile(join(folder, 'file')), bytes);
  assert.equal(told[0], 0);
  assert.equal(told.at(-1), bytes.length);
  assert.deepEqual(
    told,
    told.toSorted((a, b) => a - b),
  );
});

test('wrong bytes are refused with both hashes, and not asked for again', async (t) => {
  const folder = await temporaryFolder(t);
  const { base, asked } = await loopback(t, (_, response) => response.end('something else'));
  const actual = createHash('sha256').update('something else').digest('hex');
  await assert.rejects(
    download({ url: `${base}/file`, to: join(folder, 'file'), sha256, ...quick }),
    (error: Error) => {
      assert.equal((error as { code?: string }).code, 'SHIPLOCK_SERVER_HASH');
      assert.ok(error.message.includes(sha256) && error.message.includes(actual));
      return true;
    },
  );
  assert.equal(asked.length, 1);
});

test('an overloaded registry and a connection cut in the middle are tried again, three times in all', async (t) => {
  const folder = await temporaryFolder(t);
  let count = 0;
  const { base } = await loopback(t, (_, response) => {
    count += 1;
    if (count === 1) response.writeHead(503).end();
    else if (count === 2) {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 1000), () => response.destroy());
    } else response.end(bytes);
  });
  await download({ url: `${base}/file`, to: join(folder, 'file'), sha256, ...quick });
  assert.equal(count, 3);
  assert.deepEqual(await readFile(join(folder, 'file')), bytes);
});

test('a registry that stays overloaded is given up after three attempts', async (t) => {
  const folder = await temporaryFolder(t);
  const { base, asked } = await loopback(t, (_, response) => response.writeHead(503).end());
  await assert.rejects(download({ url: `${base}/file.whl`, to: join(folder, 'file'), sha256, ...quick }), {
    code: 'SHIPLOCK_SERVER_NETWORK',
    message: `file.whl could not be fetched from ${new URL(base).host}: it answered 503`,
  });
  assert.equal(asked.length, 3);
});

test('a file that is not there is not asked for again', async (t) => {
  const folder = await temporaryFolder(t);
  const { base, asked } = await loopback(t, (_, response) => response.writeHead(404).end());
  await assert.rejects(download({ url: `${base}/file`, to: join(folder, 'file'), sha256, ...quick }), /answered 404/);
  assert.equal(asked.length, 1);
});

test('no network, a refused connection and a silent server are each told in one line with what mends them', async (t) => {
  const folder = await temporaryFolder(t);
  const to = join(folder, 'file');
  const silent = await loopback(t, () => undefined);
  const table: [string, RegExp][] = [
    ['http://registry.invalid/file', /from registry\.invalid: no network: its name cannot be resolved \(2 attempts\)$/],
    [`${await closedPort()}/file`, /: ECONNREFUSED \(2 attempts\)$/],
    [`${silent.base}/file`, /: nothing came for 0\.1 s \(2 attempts\)$/],
  ];
  for (const [url, message] of table) {
    await assert.rejects(download({ url, to, sha256, attempts: 2, idleMs: 100, ...quick }), (error: Error) => {
      assert.match(error.message, message);
      assert.match((error as { mend?: string }).mend ?? '', /look at the network/);
      return true;
    });
  }
});

test('a full disk is told as such, with the room that is needed, and is not tried again', async (t) => {
  const { base, asked } = await loopback(t, (_, response) => response.end(bytes));
  // /dev/full answers every write with ENOSPC.
  const failure = await download({ url: `${base}/file`, to: '/dev/full', sha256, ...quick }).then(
    () => assert.fail('nothing can be written there'),
    (error: unknown) => diskFailure(error, '/home/me/.cache/shiplock', 144e6),
  );
  assert.equal(asked.length, 1);
  assert.equal(failure?.code, 'SHIPLOCK_DISK_FULL');
  assert.equal(failure?.message, 'the disk that holds /home/me/.cache/shiplock is full');
  assert.match(failure?.mend ?? '', /free about 144\.0 MB, or set SHIPLOCK_CACHE/);
});

test('a registry may give a file by an address relative to its document', () => {
  const relative = JSON.stringify({ urls: [{ filename: 'a.whl', url: '../../files/a.whl' }] });
  assert.equal(
    fileAddress(relative, 'a.whl', 'https://mirror.example/pypi/a/1.0/json'),
    'https://mirror.example/pypi/files/a.whl',
  );
  const absolute = JSON.stringify({ urls: [{ filename: 'a.whl', url: 'https://files.example/a.whl' }] });
  assert.equal(fileAddress(absolute, 'a.whl', 'https://mirror.example/pypi/a/json'), 'https://files.example/a.whl');
  assert.equal(fileAddress(absolute, 'b.whl', 'https://mirror.example/'), null);
  assert.equal(fileAddress('<html>', 'a.whl', 'https://mirror.example/'), null);
});

test("a vendor's download is held against the list of checksums beside it", async (t) => {
  const folder = await temporaryFolder(t);
  const { base } = await loopback(t, (request, response) => {
    if (request.url === '/sums') response.end(`${'0'.repeat(64)}  other.tar.gz\n${sha256}  ./server.tar.gz\n`);
    else response.end(request.url === '/server.tar.gz' ? bytes : 'altered');
  });
  const pinned = { kind: 'vendor', glibc: null, archive: 'tar.gz', members: {}, checksums: `${base}/sums` } as const;
  const path = await vendor({ ...pinned, url: `${base}/server.tar.gz` }).bring(folder, () => undefined);
  assert.deepEqual(await readFile(path), bytes);
  const altered = vendor({ ...pinned, url: `${base}/other.tar.gz` }).bring(folder, () => undefined);
  await assert.rejects(altered, { code: 'SHIPLOCK_SERVER_HASH' });
  const unlisted = vendor({ ...pinned, url: `${base}/third.tar.gz` }).bring(folder, () => undefined);
  await assert.rejects(unlisted, { code: 'SHIPLOCK_SERVER_NETWORK', message: /does not list it/ });
});

test('a checksum is read from plain, binary-marked and signed lists, and never where a name is ambiguous', () => {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
  assert.equal(checksumOf('envoy', `${a}  envoy\n${b}  envoy-contrib\n`), a);
  assert.equal(checksumOf('envoy', `${a} *envoy\r\n`), a);
  assert.equal(checksumOf('envoy', `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${a}  ./x64/envoy\n`), a);
  assert.equal(checksumOf('envoy', `${a}  x64/envoy\n${b}  arm64/envoy\n`), null);
  assert.equal(checksumOf('envoy', 'no list'), null);
});

test("a client's failure is told in its own first words, or as no connection, or as a full disk", () => {
  const failure = (errors: string, output = '') =>
    clientFailure('the package', 'its registry', { code: 1, errors, output });
  const told: [string, Error][] = [
    ['it has no connection to its registry', failure("WARNING: Retrying after connection broken by 'x'\nERROR: none")],
    [
      'it has no connection to its registry',
      failure('Err: 1\nW: Could not connect to 127.0.0.1:9\nE: Unable to locate'),
    ],
    [
      'it has no connection to its registry',
      failure('', '[ERROR] Plugin p: Could not transfer artifact a\n[ERROR] [Help 1]'),
    ],
    ['Unable to locate package prometheus', failure('Reading…\nE: Unable to locate package prometheus\n')],
    ['No matching distribution', failure('ERROR: No matching distribution\nnotice: a new pip\n')],
    ['ended by SIGKILL', failure('\nended by SIGKILL')],
    ['it gave no reason', failure('')],
  ];
  for (const [because, error] of told) {
    assert.equal(error.message, `the package could not be fetched from its registry: ${because}`);
  }
  for (const words of ['[Errno 28] No space left on device', "E: You don't have enough free space in /x"]) {
    assert.equal(diskFailure(failure(words), '/cache', 1e6)?.code, 'SHIPLOCK_DISK_FULL');
  }
});
