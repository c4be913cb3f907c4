import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptsOn } from '../../infra/local/servers/fetch.ts';
import { pins } from '../../infra/local/servers/pins.ts';
import { type Machine, olderThan, type Platform, platformOf, runsOn } from '../../infra/local/servers/platform.ts';
import { jarPath, testServerJars } from '../../infra/local/servers/test-server.lock.ts';

const debian12: Machine = { system: 'linux', architecture: 'x64', glibc: '2.36' };

test('every pinned file has a SHA-256, a size, and its version and platform in its name', () => {
  const architectures: Record<Platform, RegExp> = {
    'linux-x64': /(x86_64|amd64)\.(whl|deb)$|linux-x64-[\w.-]+\.tgz$/,
    'linux-arm64': /(aarch64|arm64)\.(whl|deb)$|linux-arm64-[\w.-]+\.tgz$/,
    'darwin-arm64': /macosx_\d+_\d+_arm64\.whl$|darwin-arm64-[\w.-]+\.tgz$/,
    'darwin-x64': /macosx_\d+_\d+_x86_64\.whl$|darwin-x64-[\w.-]+\.tgz$/,
  };
  let checked = 0;
  for (const pin of Object.values(pins)) {
    for (const [platform, file] of Object.entries(pin.files)) {
      if (file.kind === 'jars') continue;
      checked += 1;
      assert.match(file.sha256, /^[0-9a-f]{64}$/);
      assert.ok(file.bytes > 10e6, `${file.filename} is an archive of a server`);
      assert.ok(file.filename.includes(pin.version), `${file.filename} names ${pin.version}`);
      assert.match(file.filename, architectures[platform as Platform]);
      assert.ok(Object.keys(file.members).length > 0);
    }
  }
  assert.equal(checked, 17);
});

test('no two pinned files share a SHA-256', () => {
  const files = Object.values(pins).flatMap(({ files }) => Object.values(files));
  const hashes = files.flatMap((file) => (file.kind === 'jars' ? [] : [file.sha256]));
  hashes.push(...testServerJars.map(({ sha256 }) => sha256));
  assert.equal(new Set(hashes).size, hashes.length);
});

test('the test server is locked with all its libraries, each once, each with a SHA-256', () => {
  assert.equal(testServerJars.length, 39);
  assert.equal(new Set(testServerJars.map(({ coordinates }) => coordinates)).size, 39);
  for (const { coordinates, sha256 } of testServerJars) {
    assert.match(coordinates, /^[^:]+:[^:]+:[^:]+$/);
    assert.match(sha256, /^[0-9a-f]{64}$/);
  }
  assert.equal(
    jarPath('io.temporal:temporal-test-server:1.31.0'),
    'io/temporal/temporal-test-server/1.31.0/temporal-test-server-1.31.0.jar',
  );
});

test('a vendor download is verified by a list of checksums of the same release', () => {
  for (const pin of Object.values(pins)) {
    for (const { url, checksums } of Object.values(pin.vendor)) {
      assert.ok(url.startsWith('https://') && url.includes(pin.version));
      assert.equal(
        new URL(url).pathname.split('/').slice(0, -1).join('/'),
        new URL('.', checksums).pathname.slice(0, -1),
      );
    }
  }
});

test('a machine is offered the registry first, then the vendor, and nothing that cannot run there', () => {
  const offers: [string, keyof typeof pins, Machine, string[]][] = [
    ['Debian 12', 'envoy', debian12, ['registry', 'vendor']],
    ['Debian 12', 'prometheus', debian12, ['registry', 'vendor']],
    ['Debian 12', 'temporal', debian12, ['registry', 'vendor']],
    ['Debian 12', 'postgres', debian12, ['registry']],
    ['musl has no PostgreSQL of ours', 'postgres', { ...debian12, glibc: null }, []],
    ['Debian 12', 'temporal-test-server', debian12, ['registry']],
    ['glibc 2.31 has Envoy', 'envoy', { ...debian12, glibc: '2.31' }, ['registry', 'vendor']],
    ['glibc 2.28 has no Envoy', 'envoy', { ...debian12, glibc: '2.28' }, []],
    ['glibc 2.31 is too old for the Debian package', 'prometheus', { ...debian12, glibc: '2.31' }, ['vendor']],
    ['musl has no Envoy', 'envoy', { ...debian12, glibc: null }, []],
    ['musl has Temporal', 'temporal', { ...debian12, glibc: null }, ['registry', 'vendor']],
    ['an Apple M', 'envoy', { system: 'darwin', architecture: 'arm64', glibc: null }, ['registry']],
    ['an Apple M', 'prometheus', { system: 'darwin', architecture: 'arm64', glibc: null }, ['vendor']],
    ['an Apple with Intel', 'envoy', { system: 'darwin', architecture: 'x64', glibc: null }, []],
    ['Windows', 'temporal', { system: 'win32', architecture: 'x64', glibc: null }, []],
  ];
  for (const [what, name, machine, expected] of offers) {
    assert.deepEqual(
      attemptsOn(pins[name], machine).map(({ from }) => from),
      expected,
      `${what}: ${name}`,
    );
  }
});

test('a platform is named only where something is pinned for it', () => {
  assert.equal(platformOf(debian12), 'linux-x64');
  assert.equal(platformOf({ ...debian12, architecture: 'arm64' }), 'linux-arm64');
  assert.equal(platformOf({ ...debian12, architecture: 'riscv64' }), null);
  assert.equal(platformOf({ system: 'freebsd', architecture: 'x64', glibc: null }), null);
});

test('what does not run on a C library is refused with both versions', () => {
  assert.deepEqual(runsOn({ ...debian12, glibc: '2.28' }, '2.31'), {
    verdict: false,
    because: 'it needs glibc 2.31 or newer, and this machine has 2.28',
  });
  assert.equal(runsOn(debian12, '2.31').verdict, true);
});

test('versions compare number by number, not letter by letter', () => {
  const table: [string, string, boolean][] = [
    ['1.9.1', '1.10.0', true],
    ['1.10.0', '1.9.1', false],
    ['1.9.1', '1.9.1', false],
    ['2.36', '2.31', false],
    ['2.4', '2.31', true],
    ['1.40', '1.40.0', false],
    ['1', '1.0.1', true],
  ];
  for (const [version, minimum, expected] of table) {
    assert.equal(olderThan(version, minimum), expected, `${version} older than ${minimum}`);
  }
});
