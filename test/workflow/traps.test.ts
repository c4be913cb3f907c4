/**
 * The fifteen traps of Temporal's TypeScript SDK that releases must not fall into, in their order. Those of messages
 * (4 to 6) are in `traps-messages.test.ts`; what another file shows is named here, and must be there.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ShiplockError } from '../../src/errors.ts';
import { registerSearchAttributes } from '../../workers/attributes.ts';
import { type ReleaseStatus, SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { until, withWorld } from './environment.ts';
import { failedTasks } from './nonsense.ts';
import { automatic, credlinkPlan } from './plans.ts';
import { createWorld } from './world.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const limit = { timeout: 300_000 };
/** `temporal.api.enums.v1.IndexedValueType`. */
const KEYWORD = 2;

function workflowSources(): [file: string, text: string][] {
  return readdirSync(join(root, 'workflows'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, read(join('workflows', file))]);
}

interface Locked {
  readonly version: string;
}

test('trap 1: there is one protobufjs of version 8 for all of Temporal, and one version of all its packages', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const temporal = Object.entries(packages).filter(([at]) => /(^|\/)node_modules\/@temporalio\/[^/]+$/.test(at));
  // The native bridge and the UI-less helpers are released together with the SDK.
  assert.deepEqual([...new Set(temporal.map(([, { version }]) => version))], ['1.24.0']);
  assert.ok(
    temporal.every(([at]) => at.lastIndexOf('node_modules/') === 0),
    'none of them is there twice',
  );
  assert.match(packages['node_modules/protobufjs']?.version ?? '', /^8\./);
  const copies = Object.keys(packages).filter((at) => /@temporalio\/.*node_modules\/protobufjs$/.test(at));
  assert.deepEqual(copies, []);
});

test('trap 3: a claimed identity is a claim; an approval that needs more is refused to it', limit, async () => {
  const world = createWorld({ canaryVersion: '1.1.0' });
  const approval = { deadlineMs: 3_600_000, requires: 'principal', quorum: 1, notStarter: true } as const;
  const plan = { ...credlinkPlan(), promotion: { monitor: null, approval } };
  await withWorld(world, async (running) => {
    const handle = await running.start(plan);
    const { waiting } = await until(running, handle, (status) => status.waiting?.kind === 'approval');
    const approve = async (id: string, sender: { identity: string; principal: string | null }) => {
      world.sender = () => sender;
      await handle.signal('approve', { step: waiting?.token, id });
      const holds = ({ decisions }: ReleaseStatus) => decisions.some((decision) => decision.id === id);
      const { decisions } = await until(running, handle, holds, 20);
      return decisions.find((decision) => decision.id === id)?.because;
    };
    assert.match((await approve('ui', { identity: '', principal: null })) ?? '', /anonymous.*requires principal/);
    assert.match(
      (await approve('cli', { identity: 'boss@corp', principal: null })) ?? '',
      /identity.*requires principal/,
    );
    assert.equal(await approve('proven', { identity: 'boss@corp', principal: 'jwt:ann@corp' }), 'approval 1 of 1');
    await handle.signal('finalise');
    assert.equal(((await handle.result()) as ReleaseStatus).outcome, 'released');
  });
});

test('traps 4 and 6: releases have no updates, and so no validators', () => {
  for (const [file, text] of workflowSources()) {
    assert.doesNotMatch(text, /defineUpdate|DefaultUpdateHandler|validator/, file);
  }
});

test('trap 7: a worker registers the search attributes before it takes a release, or does not start', async () => {
  // The time-skipping server has no list of them; the real one is asked whenever a worker starts in `test/e2e`.
  const known: Record<string, number> = { ShiplockService: KEYWORD };
  const operatorService = {
    listSearchAttributes: async () => ({ customAttributes: known }),
    addSearchAttributes: async ({ searchAttributes }: { searchAttributes: Record<string, number> }) => {
      for (const name of Object.keys(searchAttributes)) assert.ok(!(name in known), `${name} is there already`);
      Object.assign(known, searchAttributes);
    },
  };
  const register = () => registerSearchAttributes({ operatorService } as never, 'default');
  await register();
  await register();
  assert.deepEqual(known, Object.fromEntries(Object.values(SEARCH_ATTRIBUTES).map((name) => [name, KEYWORD])));

  const deaf = { operatorService: { listSearchAttributes: () => Promise.reject(new Error('permission denied')) } };
  await assert.rejects(registerSearchAttributes(deaf as never, 'default'), (error: ShiplockError) => {
    assert.ok(error instanceof ShiplockError);
    assert.equal(error.code, 'SHIPLOCK_SEARCH_ATTRIBUTES');
    assert.match(error.mend ?? '', /search-attribute create .*--name ShiplockService --type Keyword/);
    return true;
  });
  const started = read('workers/main.ts');
  assert.ok(started.indexOf('registerSearchAttributes(') < started.indexOf('Worker.create('));
});

test('trap 9: heartbeats are not held back, so that a cancelled wait ends within a second', () => {
  assert.match(read('workers/main.ts'), /maxHeartbeatThrottleInterval: '1s'/);
  const options = read('workflows/activities.ts');
  assert.match(options, /const HEARTBEAT_MS = 5_000;/);
  for (const longRunning of ['function waiting', 'function building']) {
    const body = options.slice(options.indexOf(longRunning)).split('\n}\n')[0] ?? '';
    assert.match(body, /heartbeatTimeout:/, longRunning);
  }
});

test('trap 10: how many releases stay in memory is set, not derived from the heap', () => {
  assert.match(read('workers/main.ts'), /maxCachedWorkflows: CACHED_RELEASES/);
});

test('trap 11: an hour of CredLink’s plan takes seconds, without a single failed workflow task', limit, async () => {
  const world = createWorld({ canaryVersion: '1.1.0' });
  await withWorld(world, async ({ start, env }) => {
    const began = performance.now();
    const before = await env.currentTimeMs();
    const handle = await start(automatic(credlinkPlan()));
    await handle.result();
    const skipped = (await env.currentTimeMs()) - before;
    assert.ok(skipped > 45 * 60_000, `the plan took ${skipped} ms of its own time`);
    assert.ok(performance.now() - began < skipped / 20);
    assert.deepEqual(await failedTasks(handle), []);
  });
});

test('trap 12: no module of Node is imported by a workflow', () => {
  for (const [file, text] of workflowSources()) assert.doesNotMatch(text, /from '(node:|assert)/, file);
});

test('trap 15: nothing rests on images that are no longer made', () => {
  const compose = read('docker-compose.yml');
  assert.doesNotMatch(compose, /auto-setup|temporalio\/docker-compose/);
  assert.match(compose, /image: temporalio\/temporal:\d/);
});

const ELSEWHERE: readonly [trap: string, file: string, name: string][] = [
  [
    '1 and 13: a history in a JSON file replays',
    'test/replay/replay.test.ts',
    'replays with every verdict as recorded',
  ],
  ['2: a replay is no proof; every verdict is computed again', 'test/replay/altered.test.ts', 'altered is found out'],
  [
    '8: what undoes a release outlives its cancellation',
    'test/workflow/release.test.ts',
    'a cancel request is an abort',
  ],
  ['10: no zod in the workflow bundle', 'test/unit/audit-bundle.test.ts', 'holds no zod'],
  ['14: a history is kept before the server forgets it', 'test/replay/archive.test.ts', 'within a minute'],
  ['continue-as-new is no failure', 'test/workflow/release.test.ts', 'continues in a new run and loses nothing'],
];

for (const [trap, file, name] of ELSEWHERE) {
  test(`trap ${trap}: see ${file}`, () => assert.ok(read(file).includes(name), `${file} has no test “${name}”`));
}
