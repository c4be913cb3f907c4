/** Images with a real builder (Debian's buildah) and a real registry (Debian's docker-registry) on loopback. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { ApplicationFailure } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { createConfigurationActivities } from '../../activities/configuration/index.ts';
import { createImageActivities } from '../../activities/image/index.ts';
import type { PreparedImage } from '../../activities/image/port.ts';
import type { ConfigurationEdit, ImageBuild, ImagePlan } from '../../src/plan/plan.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { type ImagePlace, imagePlace, whatIsMissing } from '../fixtures/image-registry.ts';

const skip = whatIsMissing() ?? false;
if (skip) console.log(`images are not tested, for want of ${skip}`);
const SAMPLE_SERVICE = path.join(import.meta.dirname, '../../infra/sample-service');
const OTHER = `sha256:${'0'.repeat(64)}`;

describe('the image of a version', { skip, timeout: 300_000 }, () => {
  let place: ImagePlace;
  let beats: unknown[];

  before(async () => {
    place = await imagePlace();
    await place.registry.start();
    await cp(SAMPLE_SERVICE, place.app, { recursive: true });
  });
  after(() => place.remove());

  const build = (file = 'Dockerfile'): ImageBuild => ({ directory: place.app, file, timeoutMs: 60_000 });
  const repository = () => `${place.host}/credlink/api`;

  function prepare(
    version: string,
    image: Partial<ImagePlan> = {},
    here: { environment?: Record<string, string>; worker?: MockActivityEnvironment } = {},
  ): Promise<PreparedImage> {
    const { app, logs } = place;
    const { environment = place.environment, worker = activityEnvironment() } = here;
    const { prepareImage } = createImageActivities({
      directories: [app],
      logs,
      environment,
      runAs: null,
      dockerConfig: '/nowhere',
    });
    const plan = { repository: repository(), build: null, digest: null, insecure: true, ...image };
    beats = [];
    worker.on('heartbeat', (details) => beats.push(details));
    const key = `release-production-api/run/${version}`;
    return worker.run(prepareImage, { image: plan, version, key }) as Promise<PreparedImage>;
  }

  /** Nothing here is a builder. */
  const bare = { environment: { PATH: '/nowhere' } };

  /** What the registry itself says. */
  async function digestOf(version: string): Promise<string | null> {
    const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';
    const url = `http://${place.host}/v2/credlink/api/manifests/${version}`;
    const answer = await fetch(url, { method: 'HEAD', headers: { accept } });
    return answer.headers.get('docker-content-digest');
  }

  it('is built and pushed, and named by the digest that the registry answers', async () => {
    const image = await prepare('1.0.0', { build: build() });
    assert.equal(image.how, 'built');
    assert.match(image.because, /^built with buildah \d+\.\d+\S* and pushed$/);
    assert.equal(image.digest, await digestOf('1.0.0'));
    assert.equal(image.reference, `${repository()}:1.0.0@${image.digest}`);
    assert.ok(beats.length > 0, 'heartbeats');
  });

  it('has the user that its Dockerfile names, who is not root', async () => {
    assert.equal((await prepare('1.0.0')).user, '65532:65532');
  });

  it('has the log of its build stored like that of a gate', async () => {
    const log = path.join(place.logs, 'release-production-api/run/1.0.0/build/gate.log');
    assert.match(await readFile(log, 'utf8'), /STEP 1\/\d+: FROM scratch/);
  });

  it('is found by a retry, and never built over, also where what it is built from has changed', async () => {
    const before = await digestOf('1.0.0');
    await writeFile(path.join(place.app, 'serve.ts'), '// changed\n', { flag: 'a' });
    const image = await prepare('1.0.0', { build: build() });
    assert.deepEqual([image.how, image.digest], ['found', before]);
    assert.match(image.because, /has this tag, so it is not built again/);
  });

  it('is built anew where the tag is one that moves', async () => {
    const first = await prepare('latest', { build: build() });
    await writeFile(path.join(place.app, 'serve.ts'), '// changed again\n', { flag: 'a' });
    const second = await prepare('latest', { build: build() });
    assert.deepEqual([first.how, second.how], ['built', 'built']);
    assert.notEqual(first.digest, second.digest);
    assert.equal(second.digest, await digestOf('latest'));
  });

  it('is not built with a docker whose daemon does not answer', async () => {
    const PATH = [place.environment.PATH, process.env.PATH].join(path.delimiter);
    const environment = { ...place.environment, PATH, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
    const { because } = await prepare('1.0.2', { build: build() }, { environment });
    assert.match(because, /^built with (podman|buildah)/);
  });

  it('is found where it exists and nothing is to be built', async () => {
    const image = await prepare('1.0.0', { digest: await digestOf('1.0.0') }, bare);
    assert.deepEqual([image.how, image.user], ['found', '65532:65532']);
  });

  it('is found by its digest where the registry has it under another tag', async () => {
    const digest = await digestOf('1.0.0');
    const image = await prepare('1.0.1', { digest });
    assert.deepEqual([image.how, image.digest], ['found', digest]);
    assert.match(image.because, /the plan's digest, without the tag$/);
    const unbuilt = await prepare('1.0.1', { digest, build: build() });
    assert.match(unbuilt.because, /without the tag, so it is not built again$/);
    assert.equal(await digestOf('1.0.1'), null);
  });

  it('is refused where the registry has another one than the plan says', async () => {
    const wrong = prepare('1.0.0', { digest: OTHER, build: build() });
    await assert.rejects(wrong, (error: ApplicationFailure) => {
      assert.match(error.message, /1\.0\.0 is sha256:[0-9a-f]{64} in its registry, the plan says sha256:0{64}/);
      return error.type === 'SHIPLOCK_IMAGE_DIFFERS' && error.nonRetryable === true;
    });
  });

  it('is unknown where nobody has it', async () => {
    const unknown = { type: 'SHIPLOCK_IMAGE_UNKNOWN', nonRetryable: true };
    await assert.rejects(prepare('9.9.9'), { ...unknown, message: /has no image credlink\/api:9\.9\.9; push it/ });
    await assert.rejects(prepare('9.9.9', { digest: OTHER }), { ...unknown, message: /and no sha256:0{64}/ });
  });

  it('is unknown where it is to be built and nothing here can, and says so', async () => {
    const image = prepare('9.9.9', { build: build() }, bare);
    await assert.rejects(image, { type: 'SHIPLOCK_IMAGE_UNKNOWN', message: /no docker, podman or buildah works/ });
  });

  it('is not there where its Dockerfile fails, and the end of the log is named', async () => {
    await writeFile(path.join(place.app, 'Dockerfile.broken'), 'FROM scratch\nCOPY nothing-of-this-name /\n');
    await assert.rejects(prepare('2.0.0', { build: build('Dockerfile.broken') }), (error: ApplicationFailure) => {
      assert.match(error.message, /2\.0\.0 was not built with buildah: exit code \d+ after/);
      assert.match(error.message, /build\/gate\.log/);
      assert.match(error.message, /nothing-of-this-name/);
      return error.type === 'SHIPLOCK_IMAGE_FAILED' && error.nonRetryable === true;
    });
    assert.equal(await digestOf('2.0.0'), null);
  });

  it('is not built in more than its time', async () => {
    const image = prepare('2.0.0', { build: { ...build(), timeoutMs: 1 } });
    await assert.rejects(image, { type: 'SHIPLOCK_IMAGE_FAILED', message: /had not ended after/ });
    assert.equal(await digestOf('2.0.0'), null);
  });

  it('is no longer built once its release is aborted, and nothing of the builder stays', async (t) => {
    const base = await hangingRegistry(t);
    await writeFile(path.join(place.app, 'Dockerfile.hanging'), `FROM ${base.host}/base:1\n`);
    const worker = activityEnvironment();
    const image = prepare('2.0.0', { build: build('Dockerfile.hanging') }, { worker });
    const refused = assert.rejects(image, { name: 'CancelledFailure' });
    const connection = await base.asked;
    const gone = once(connection, 'close');
    worker.cancel('CANCELLED');
    await refused;
    await gone;
    assert.equal(await digestOf('2.0.0'), null);
  });

  it('is carried by its digest into Helm values and a Rollout, and out of them again, all else kept', async () => {
    const directories = [place.app];
    const state = path.join(place.app, '../state');
    const { readConfiguration, writeConfiguration } = createConfigurationActivities({ directories, state });
    const values = 'image:\n  tag: 1.0.0 # by release\n  digest: "" # what runs\n';
    const named = (of: string) =>
      `kind: Rollout # by release\nspec: {template: {spec: {containers: [{name: api,   image: "${of}"}]}}}\n`;
    const [helm, rollout] = ['values.yaml', 'rollout.yaml'].map((name) => path.join(place.app, name)) as [
      string,
      string,
    ];
    await writeFile(helm, values);
    await writeFile(rollout, named(`${repository()}:1.0.0`));
    const edits: ConfigurationEdit[] = [
      { kind: 'helm', file: helm, field: 'image.digest', carries: 'digest' },
      { kind: 'rollout', file: rollout, field: 'api', carries: 'digest' },
    ];
    const { digest, reference } = await prepare('1.0.0');
    for (const edit of edits) {
      const { value } = await readConfiguration({ edit });
      await writeConfiguration({ edit, from: value, to: digest, fence: 1 });
    }
    assert.equal(await readFile(helm, 'utf8'), values.replace('""', `"${digest}"`));
    assert.equal(await readFile(rollout, 'utf8'), named(reference));
    for (const edit of edits) await writeConfiguration({ edit, from: digest, to: '', fence: 2 });
    assert.equal(await readFile(helm, 'utf8'), values);
    assert.equal(await readFile(rollout, 'utf8'), named(`${repository()}:1.0.0`));
  });

  it('is not built from outside the directories of the policy', async () => {
    const elsewhere = (changed: Partial<ImageBuild>) => prepare('2.0.0', { build: { ...build(), ...changed } });
    await assert.rejects(elsewhere({ directory: SAMPLE_SERVICE }), { type: 'SHIPLOCK_POLICY_REFUSED' });
    await assert.rejects(elsewhere({ file: '../storage.conf' }), { type: 'SHIPLOCK_POLICY_REFUSED' });
    await assert.rejects(elsewhere({ file: 'Dockerfile.none' }), { type: 'SHIPLOCK_FILE_MISSING' });
  });

  describe('while the registry is down', () => {
    before(() => place.registry.stop());
    after(() => place.registry.start());

    it('is asked for again later, and nothing is built meanwhile', async () => {
      const silent = { type: 'SHIPLOCK_REGISTRY_UNREACHABLE', nonRetryable: false, message: /ECONNREFUSED/ };
      await assert.rejects(prepare('3.0.0'), silent);
      await assert.rejects(prepare('3.0.0', { build: build() }), silent);
    });

    it('is what the plan gives, and the evidence says that nobody was asked', async () => {
      const image = await prepare('3.0.0', { digest: OTHER });
      assert.deepEqual([image.how, image.digest, image.user], ['given', OTHER, null]);
      assert.equal(image.reference, `${repository()}:3.0.0@${OTHER}`);
      assert.match(image.because, /taken on trust: the registry http:\/\/localhost:\d+ cannot be asked/);
    });
  });
});

/** Takes connections and never says a word. */
async function hangingRegistry(t: TestContext): Promise<{ host: string; asked: Promise<Socket> }> {
  const { promise: asked, resolve } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => resolve(socket.on('error', () => undefined).resume())).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
