/** The traps of messages: nothing that anybody sends, or starts a release with, can wedge it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { type ApplicationFailure, defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { Plan } from '../../src/plan/plan.ts';
import {
  RELEASE_WORKFLOW,
  type ReleaseStatus,
  releaseId,
  SEARCH_ATTRIBUTES,
  SIGNALS,
} from '../../workflows/messages.ts';
import { type ReleaseHandle, statusOf, until, withWorld } from './environment.ts';
import { failedTasks, NONSENSE, sendRaw } from './nonsense.ts';
import { credlinkPlan } from './plans.ts';
import { createWorld } from './world.ts';

const version = '1.1.0';
const limit = { timeout: 300_000 };
const A_MOMENT_MS = 20;

/** Ten percent, and then a pause until somebody promotes. */
function paused(changes: Partial<Plan> = {}): Plan {
  return credlinkPlan({
    gates: [],
    configuration: [],
    canary: {
      steps: [
        { kind: 'setWeight', weight: 10 },
        { kind: 'pause', durationMs: null, deadlineMs: 24 * 3_600_000 },
      ],
      background: null,
      readyDeadlineMs: 60_000,
    },
    promotion: { monitor: null, approval: null },
    ...changes,
  });
}

const waits = (status: ReleaseStatus) => status.waiting?.kind === 'pause';

test('traps 4, 5, 6: whatever is sent is refused with its reason, and the release goes on', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(paused());
    await until(running, handle, waits);
    for (const nonsense of NONSENSE) await sendRaw(running, handle, nonsense);
    const { decisions, waiting } = await until(
      running,
      handle,
      (status) => status.decisions.length >= NONSENSE.length,
      A_MOMENT_MS,
    );
    for (const [index, { what, because }] of NONSENSE.entries()) {
      assert.equal(decisions[index]?.accepted, false, what);
      assert.match(decisions[index]?.because ?? '', because, what);
      assert.ok((decisions[index]?.payload.length ?? 0) <= 200, `${what} is shown shortened`);
    }
    assert.deepEqual(await failedTasks(handle), [], 'no workflow task failed');
    await assert.rejects(handle.executeUpdate('approve', { args: ['x'] }), 'there are no updates');
    const page = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    assert.match(page.currentDetails, /\*\*refused\*\* retry/);
    assert.doesNotMatch(page.currentDetails, /<img/, 'foreign markup stays text');

    await handle.signal('promote', { step: waiting?.token });
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
  });
});

test(
  'a message that comes before the first task is handled: all handlers are set before the first wait',
  limit,
  async () => {
    const world = createWorld({ canaryVersion: version });
    await withWorld(world, async ({ env }) => {
      const plan = paused();
      const handle = (await env.client.workflow.signalWithStart(RELEASE_WORKFLOW, {
        workflowId: releaseId(plan),
        taskQueue: 'shiplock',
        args: [{ plan }],
        signal: 'abort',
        signalArgs: [{ reason: 'never mind' }],
        typedSearchAttributes: [
          {
            key: defineSearchAttributeKey(SEARCH_ATTRIBUTES.service, SearchAttributeType.KEYWORD),
            value: plan.service,
          },
        ],
      })) as unknown as ReleaseHandle;
      await assert.rejects(handle.result(), (error: WorkflowFailedError) => {
        assert.equal(error.cause?.message, 'never mind');
        return true;
      });
      assert.deepEqual(world.journal, [], 'nothing had been done');
    });
  },
);

test('a cancel request is honoured whatever ids others have sent', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(paused());
    await until(running, handle, waits);
    await handle.signal('promote', { step: 'x', id: 'cancel' });
    await handle.signal('promote', { step: 'x', id: 'signal-3' });
    await handle.signal('promote', { step: 'y' });
    await until(running, handle, ({ decisions }) => decisions.length === 3, A_MOMENT_MS);
    await handle.cancel();
    await assert.rejects(handle.result(), (error: WorkflowFailedError) => {
      assert.equal(error.cause?.message, 'cancel requested');
      return true;
    });
    assert.deepEqual(world.weights, { '1.0.0': 100 });
  });
});

test('the same message twice is one message; an abort with the id of another message is an abort', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(paused());
    await until(running, handle, waits);
    await handle.signal('promote', { step: 'x', id: 'mine' });
    await handle.signal('promote', { step: 'x', id: 'mine' });
    await handle.signal('abort', { reason: 'enough', id: 'mine' });
    await assert.rejects(handle.result(), WorkflowFailedError);
    const { decisions } = await statusOf(handle);
    assert.deepEqual(decisions.map(({ signal, accepted }) => [signal, accepted]).sort(), [
      ['abort', true],
      ['promote', false],
    ]);
  });
});

test('a start with anything but a plan fails at once, and says so', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async ({ env }) => {
    const { format, service } = paused();
    const long = 'x'.repeat(10_000);
    const inputs: readonly (readonly unknown[])[] = [
      [],
      [null],
      ['release it'],
      [{}],
      [{ plan: null }],
      [{ plan: { format, service } }],
      [{ plan: { ...paused(), version: 7 } }],
      [{ plan: { ...paused(), version: long } }],
      [{ plan: { ...paused(), gates: 'none' } }],
      [{ plan: { ...paused(), canary: { steps: [{ kind: 'jump' }] } } }],
      [{ plan: paused(), resume: 'from where I was' }],
    ];
    for (const [index, args] of inputs.entries()) {
      const workflowId = `nonsense-${index}`;
      const handle = await env.client.workflow.start(RELEASE_WORKFLOW, { workflowId, taskQueue: 'shiplock', args });
      const error = await handle.result().then(
        () => assert.fail('it was expected to fail'),
        (error: WorkflowFailedError) => error.cause as ApplicationFailure,
      );
      assert.equal(error.type, 'SHIPLOCK_PLAN_INVALID', JSON.stringify(args).slice(0, 200));
      assert.match(error.message, /no plan of a release/);
    }
    assert.deepEqual(world.journal, []);
  });
});

test('every JSON to paste fits into 60 characters, also for long names', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.gate = () => ({ verdict: 'inconclusive', because: 'no report', durationMs: 1, exitCode: null, log: null });
  const gate = {
    kind: 'command',
    name: `check-${'x'.repeat(56)}`,
    directory: '/',
    timeoutMs: 1_000,
    command: ['true'],
  } as const;
  await withWorld(world, async (running) => {
    const handle = await running.start(paused({ gates: [gate], version: 'f'.repeat(40) }));
    await until(running, handle, ({ waiting }) => waiting?.kind === 'gate');
    const { definition, currentDetails } = await handle.query<{
      definition: { signalDefinitions: { name: string; description: string }[] };
      currentDetails: string;
    }>('__temporal_workflow_metadata');
    const offered = definition.signalDefinitions.map(({ name }) => name);
    assert.deepEqual(offered, ['retry', 'abort', 'pause'], 'what answers comes first');
    assert.ok(offered.every((name) => (SIGNALS as readonly string[]).includes(name)));
    const pasted = [...currentDetails.matchAll(/`(\{"[^`]*\})`/g)].map(([, json = '']) => json);
    assert.ok(pasted.length >= 2);
    for (const json of pasted) {
      assert.ok(json.length <= 60, json);
      assert.doesNotThrow(() => JSON.parse(json));
    }
    await handle.signal('retry', JSON.parse(pasted[0] ?? ''));
    const { decisions } = await until(running, handle, (status) => status.decisions.length === 1, A_MOMENT_MS);
    assert.equal(decisions[0]?.accepted, true, decisions[0]?.because);
    await handle.signal('abort');
    await assert.rejects(handle.result());
  });
});
