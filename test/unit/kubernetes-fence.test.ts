/** What a writer with an older fence may still do: nothing. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  acquireFence,
  FENCE_ANNOTATION,
  fencedWriter,
  type JsonPatchOperation,
  type KubernetesObject,
  REPLICA_SETS,
} from '../../activities/kubernetes/index.ts';
import { clustersAnsweredBy } from '../fixtures/few-answers.ts';
import { applied } from './json-patch.ts';

const AT = { namespace: 'shop', service: 'api' };
const REVISION = { type: REPLICA_SETS, namespace: 'shop', name: 'api-1' };
const FIVE: readonly JsonPatchOperation[] = [{ op: 'replace', path: '/spec/replicas', value: 5 }];
const LEASE = 'shiplock-api';

describe('a write of a service', () => {
  test('under the highest number is made, carries it, and raises the lease to it', async (t) => {
    const { client, objects } = await cluster(t, { lease: 2000, revision: 2000 });
    await fencedWriter(client, AT, 2001).patch(REVISION, () => FIVE);
    assert.equal(objects.get('api-1')?.spec?.replicas, 5);
    assert.equal(objects.get('api-1')?.metadata.annotations?.[FENCE_ANNOTATION], '2001');
    assert.equal(objects.get(LEASE)?.data?.fence, '2001');
  });

  test('under a lower number than the lease has seen is refused, and nothing is written', async (t) => {
    const { client, writes } = await cluster(t, { lease: 3000, revision: 2000 });
    await assert.rejects(
      fencedWriter(client, AT, 2001).patch(REVISION, () => FIVE),
      { type: 'SHIPLOCK_FENCE_STALE', nonRetryable: true, message: /fence 2001 is lower than 3000/ },
    );
    assert.deepEqual(writes, []);
  });

  test('under a lower number than the object carries is refused, and the object stays', async (t) => {
    const { client, writes } = await cluster(t, { lease: 2001, revision: 3000 });
    await assert.rejects(
      fencedWriter(client, AT, 2001).patch(REVISION, () => FIVE),
      { type: 'SHIPLOCK_FENCE_STALE', message: /ReplicaSet api-1 has seen/ },
    );
    assert.deepEqual(writes, []);
  });

  test('is worked out anew where somebody wrote since the object was read', async (t) => {
    const { client, objects, writes } = await cluster(t, { lease: 2001, revision: 2001 });
    const seen: number[] = [];
    await fencedWriter(client, AT, 2001).patch(REVISION, (current) => {
      const { replicas = 0 } = (current as Stored).spec ?? {};
      seen.push(replicas);
      if (seen.length === 1) change(objects, 'api-1', { spec: { replicas: 7 } });
      return [{ op: 'replace', path: '/spec/replicas', value: replicas + 1 }];
    });
    assert.deepEqual(seen, [1, 7]);
    assert.equal(objects.get('api-1')?.spec?.replicas, 8);
    assert.deepEqual(writes, ['PATCH api-1 409', 'PATCH api-1 200']);
  });

  test('of what was read beside the lease is made without another look at the lease', async (t) => {
    const { client, objects, reads } = await cluster(t, { lease: 2000, revision: 2000 });
    const writer = fencedWriter(client, AT, 2001);
    const [read] = await Promise.all([client.get(REVISION), writer.raise()]);
    assert.ok(read);
    const before = reads.length;
    await writer.patch(REVISION, () => FIVE, read);
    assert.equal(objects.get('api-1')?.spec?.replicas, 5);
    assert.deepEqual(reads.slice(before), []);
  });

  test('of what somebody wrote since looks at the lease again, and ends at a higher number', async (t) => {
    const { client, objects } = await cluster(t, { lease: 2001, revision: 2001 });
    const writer = fencedWriter(client, AT, 2001);
    const [read] = await Promise.all([client.get(REVISION), writer.raise()]);
    assert.ok(read);
    change(objects, 'api-1', { spec: { replicas: 7 } });
    change(objects, LEASE, { data: { fence: '3000', holders: '[]' } });
    await assert.rejects(
      writer.patch(REVISION, () => FIVE, read),
      { type: 'SHIPLOCK_FENCE_STALE' },
    );
    assert.equal(objects.get('api-1')?.spec?.replicas, 7);
  });

  test('of what was created looks at the lease again: a later writer may have come before it was there', async (t) => {
    const { client, objects } = await cluster(t, { lease: 2001, revision: 2001 }, () =>
      change(objects, LEASE, { data: { fence: '3000', holders: '[]' } }),
    );
    const writer = fencedWriter(client, AT, 2001);
    await writer.raise();
    const metadata = { name: 'api-2', annotations: {} };
    const created = await writer.create(REPLICA_SETS, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata,
      spec: { replicas: 0 },
    } as KubernetesObject);
    await assert.rejects(
      writer.patch({ ...REVISION, name: 'api-2' }, () => FIVE, created),
      { type: 'SHIPLOCK_FENCE_STALE' },
    );
    assert.equal(objects.get('api-2')?.spec?.replicas, 0);
  });

  test('may begin once the lease shows no higher number, before it shows ours', async (t) => {
    const { client, objects } = await cluster(t, { lease: 2000, revision: 2000 });
    const { looked, raised } = fencedWriter(client, AT, 2001).raising();
    await looked;
    assert.equal(objects.get(LEASE)?.data?.fence, '2000');
    await raised;
    assert.equal(objects.get(LEASE)?.data?.fence, '2001');
    const late = fencedWriter(client, AT, 2000).raising();
    await assert.rejects(late.looked, { type: 'SHIPLOCK_FENCE_STALE' });
    await assert.rejects(late.raised, { type: 'SHIPLOCK_FENCE_STALE' });
  });

  test('that changes nothing leaves a newer number behind all the same, and the same one only once', async (t) => {
    const { client, writes } = await cluster(t, { lease: 2001, revision: 2000 });
    const { patch } = fencedWriter(client, AT, 2001);
    await patch(REVISION, () => []);
    await patch(REVISION, () => []);
    assert.deepEqual(writes, ['PATCH api-1 200']);
  });
});

test('each release gets the next thousand, and the same one again', async (t) => {
  const { client } = await cluster(t, { lease: 2004, revision: 2004 });
  const holders = ['shop/one', 'shop/two', 'shop/one'];
  const fences = [];
  for (const holder of holders) fences.push(await acquireFence(client, AT, holder));
  assert.deepEqual(fences, [3000, 4000, 3000]);
});

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly replicas: number };
  readonly data?: Readonly<Record<string, string>>;
}

/** A lease and a ReplicaSet behind the API's own rules for `resourceVersion`; a whole API server is in `test/cluster`. */
async function cluster(
  t: TestContext,
  fences: { readonly lease: number; readonly revision: number },
  onCreate = () => {},
) {
  const objects = new Map<string, Stored>();
  const writes: string[] = [];
  const reads: string[] = [];
  const metadata = (name: string) => ({ name, resourceVersion: '1' });
  objects.set(LEASE, { metadata: metadata(LEASE), data: { fence: `${fences.lease}`, holders: '[]' } });
  const annotations = { [FENCE_ANNOTATION]: `${fences.revision}` };
  objects.set('api-1', { metadata: { ...metadata('api-1'), annotations }, spec: { replicas: 1 } });
  const clusters = await clustersAnsweredBy(t, async (request, response) => {
    const name = new URL(request.url ?? '', 'http://localhost').pathname.split('/').at(-1) ?? '';
    let body = '';
    for await (const part of request) body += part;
    if (request.method === 'POST') {
      onCreate();
      const object = JSON.parse(body) as Stored;
      change(objects, object.metadata.name, { ...object, metadata: { ...object.metadata, resourceVersion: '0' } });
      response.writeHead(201, { 'content-type': 'application/json' });
      return response.end(JSON.stringify(objects.get(object.metadata.name)));
    }
    const current = objects.get(name);
    assert.ok(current, `${name} is not there`);
    const status = request.method === 'GET' ? 200 : written(objects, current, request.method, JSON.parse(body));
    if (request.method === 'GET') reads.push(name);
    else writes.push(`${request.method} ${name} ${status}`);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? objects.get(name) : { kind: 'Status', reason: 'Conflict' }));
  });
  const client = clusters.client('test');
  return { client, objects, writes, reads };
}

/** A resourceVersion that is written must be the current one. @returns the status of the answer */
function written(objects: Map<string, Stored>, current: Stored, method: string | undefined, body: unknown): number {
  const after = method === 'PUT' ? (body as Stored) : applied(current, body as JsonPatchOperation[]);
  if (after.metadata.resourceVersion !== current.metadata.resourceVersion) return 409;
  change(objects, current.metadata.name, after);
  return 200;
}

function change(objects: Map<string, Stored>, name: string, after: Partial<Stored>): void {
  const now = { ...objects.get(name), ...after } as Stored;
  const resourceVersion = `${Number(now.metadata.resourceVersion) + 1}`;
  objects.set(name, { ...now, metadata: { ...now.metadata, resourceVersion } });
}
