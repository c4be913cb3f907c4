import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Builder, commands } from '../../activities/image/builder.ts';
import { parseRepository } from '../../activities/image/repository.ts';
import { userOf } from '../../activities/image/user.ts';

describe('a repository', () => {
  const cases: [string, boolean, string, string][] = [
    ['credlink/api', false, 'docker.io/credlink/api', 'https://registry-1.docker.io'],
    ['node', false, 'docker.io/library/node', 'https://registry-1.docker.io'],
    ['docker.io/node', false, 'docker.io/library/node', 'https://registry-1.docker.io'],
    ['ghcr.io/credlink/api', false, 'ghcr.io/credlink/api', 'https://ghcr.io'],
    ['registry:5000/a/b/c', false, 'registry:5000/a/b/c', 'https://registry:5000'],
    ['localhost/api', true, 'localhost/api', 'http://localhost'],
    ['127.0.0.1:5000/credlink/api', true, '127.0.0.1:5000/credlink/api', 'http://127.0.0.1:5000'],
    ['[::1]:5000/api', true, '[::1]:5000/api', 'http://[::1]:5000'],
  ];
  for (const [repository, insecure, name, origin] of cases) {
    it(`${repository} is ${name}, asked at ${origin}`, () => {
      const found = parseRepository({ repository, insecure });
      assert.deepEqual([found.name, found.origin], [name, origin]);
      assert.equal(new URL('/v2/', found.origin).origin, origin);
    });
  }

  const refused = [
    '',
    'Credlink/api',
    'credlink/api:1.0.0',
    `credlink/api@sha256:${'a'.repeat(64)}`,
    'https://registry.example/api',
    'a@registry.example/api',
    'registry.example/../api',
    'registry.example//api',
    'registry.example:port/api',
    'registry.example/api?x',
    '--insecure/api',
    `registry.example/${'a'.repeat(255)}`,
  ];
  for (const repository of refused) {
    it(`is refused for good: ${repository.slice(0, 60) || 'nothing'}`, () => {
      const error = { type: 'SHIPLOCK_IMAGE_REPOSITORY', nonRetryable: true };
      assert.throws(() => parseRepository({ repository, insecure: false }), error);
    });
  }

  it('is not asked over plain HTTP beyond this machine, whatever it is called', () => {
    for (const host of ['registry.example', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1:5000']) {
      assert.throws(() => parseRepository({ repository: `${host}/api`, insecure: true }), /not on this machine/, host);
    }
  });
});

describe('the commands that build and push', () => {
  const order = { tag: 'localhost:5000/api:1', directory: '/srv/app', file: '/srv/app/Dockerfile', insecure: true };
  const builder = (name: Builder['name'], changed: Partial<Builder> = {}): Builder => ({
    name,
    version: '1',
    storage: [],
    isolation: [],
    ...changed,
  });
  const what = '--file /srv/app/Dockerfile --tag localhost:5000/api:1 /srv/app';
  const cases: [string, Builder, string, string][] = [
    ['docker', builder('docker'), `docker build ${what}`, 'docker push localhost:5000/api:1'],
    ['podman', builder('podman'), `podman build ${what}`, 'podman push --tls-verify=false localhost:5000/api:1'],
    [
      'buildah',
      builder('buildah'),
      `buildah build ${what}`,
      'buildah push --tls-verify=false localhost:5000/api:1 docker://localhost:5000/api:1',
    ],
    [
      'buildah without mounts and namespaces',
      builder('buildah', { storage: ['--storage-driver', 'vfs'], isolation: ['--isolation', 'chroot'] }),
      `buildah --storage-driver vfs build --isolation chroot ${what}`,
      'buildah --storage-driver vfs push --tls-verify=false localhost:5000/api:1 docker://localhost:5000/api:1',
    ],
  ];
  for (const [named, by, build, push] of cases) {
    it(`of ${named}`, () => {
      const found = commands(by, order);
      assert.deepEqual([found.build.join(' '), found.push.join(' ')], [build, push]);
    });
  }

  it('check certificates, but of a registry that speaks plain HTTP', () => {
    for (const name of ['docker', 'podman', 'buildah'] as const) {
      const { build, push } = commands(builder(name), { ...order, insecure: false });
      assert.doesNotMatch([...build, ...push].join(' '), /tls-verify/);
    }
  });
});

describe('the user of an image', () => {
  const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
  const manifest = (of: string) => JSON.stringify({ config: { digest: digest(of) } });
  const index = (...platforms: { of: string; os?: string }[]) =>
    JSON.stringify({ manifests: platforms.map(({ of, os = 'linux' }) => ({ digest: digest(of), platform: { os } })) });
  const user = (User?: unknown) => JSON.stringify({ config: { User } });
  const read = (text: string, parts: Record<string, string> = {}) => {
    const part = async (of: string) => parts[of.at(-1) ?? ''] ?? null;
    return userOf(text, { manifest: part, blob: part });
  };

  it('is what its configuration names, and nothing where that is nobody, who is root', async () => {
    assert.equal(await read(manifest('c'), { c: user('node') }), 'node');
    assert.equal(await read(manifest('c'), { c: user() }), '');
    assert.equal(await read(manifest('c'), { c: '{}' }), '');
  });

  it('is what all platforms of an index agree on, attestations left aside', async () => {
    const both = index({ of: 'a' }, { of: 'b' }, { of: 'f', os: 'unknown' });
    const parts = { a: manifest('c'), b: manifest('d') };
    assert.equal(await read(both, { ...parts, c: user('1000'), d: user('1000') }), '1000');
    assert.equal(await read(both, { ...parts, c: user('1000'), d: user() }), null);
    assert.equal(await read(both, { ...parts, c: user('1000') }), null);
    assert.equal(await read(index(), {}), null);
  });

  it('is unknown where the configuration cannot be read', async () => {
    assert.equal(await read(manifest('c')), null);
    assert.equal(await read(manifest('c'), { c: 'no JSON' }), null);
    assert.equal(await read(manifest('c'), { c: user(0) }), null);
    for (const text of [
      '',
      'null',
      '{}',
      '{"config":{"digest":"../../x"}}',
      '{"manifests":[null]}',
      index(...Array(9).fill({ of: 'a' })),
    ]) {
      assert.equal(await read(text, { a: manifest('c'), c: user('1000') }), null, text.slice(0, 40));
    }
  });
});
