/** What is shown of an undo that the server tries again and again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lastFailureOf, type PendingActivity, told, untold } from '../../src/client/last-failure.ts';
import type { Progress, ReleaseStatus } from '../../workflows/messages.ts';
import { UNTOLD } from '../../workflows/untold.ts';
import { stuck as answered } from './page-statuses.ts';

const REASON = 'there is no VirtualService shop; $& create it';
const [undo] = answered.progress.filter(({ name, state }) => name.startsWith('undo-') && state === 'running');
assert.ok(undo?.startedAt && answered.waiting);
const line = undo;
const BEGAN = Date.parse(undo.startedAt);
/** Its reason is not known to the release. */
const stuck: ReleaseStatus = withBecause(UNTOLD);

function withBecause(because: string): ReleaseStatus {
  const { waiting } = answered;
  assert.ok(waiting);
  return {
    ...answered,
    progress: answered.progress.map((one) => (one === line ? { ...one, because } : one)),
    waiting: { ...waiting, prompt: `Stuck: ${line.title} (${because}). Try again, or skip it?` },
  };
}

function pending(name: string, sinceMs: number, message: string | null = REASON): PendingActivity {
  const at = BEGAN + sinceMs;
  return {
    activityType: { name },
    scheduledTime: { seconds: Math.floor(at / 1_000), nanos: (at % 1_000) * 1_000_000 },
    lastFailure: message === null ? null : { message },
  };
}

describe('an undo whose attempts fail', () => {
  test('has its last failure beside it, and in the question', () => {
    assert.equal(untold(stuck)?.name, line.name);
    const shown = told(stuck, line, REASON);
    assert.equal(shown.waiting?.prompt, `Stuck: ${line.title} (${REASON}). Try again, or skip it?`);
    assert.equal(shown.progress.find(({ name }) => name === line.name)?.because, REASON);
    assert.deepEqual({ ...shown, progress: stuck.progress, waiting: stuck.waiting }, stuck);
  });

  test('has it before anybody is asked, too', () => {
    const early: ReleaseStatus = { ...withBecause(''), waiting: null };
    assert.equal(untold(early)?.name, line.name);
    const shown = told(early, line, REASON);
    assert.deepEqual([shown.waiting, untold(shown)], [null, null]);
  });

  test('keeps what the release itself knows, and is none where nothing is undone', () => {
    assert.equal(untold(withBecause('drifted')), null);
    const over: readonly Progress[] = stuck.progress.map((one) => ({ ...one, state: 'done' }));
    assert.equal(untold({ ...stuck, progress: over }), null);
    const forward: readonly Progress[] = stuck.progress.map((one) => ({ ...one, name: `step-${one.name}` }));
    assert.equal(untold({ ...stuck, progress: forward }), null);
  });
});

test('the last failure is that of the latest act of the undo itself', () => {
  const of = (...all: readonly PendingActivity[]) => lastFailureOf(line, all);
  assert.equal(of(pending('setWeights', 0)), REASON);
  assert.equal(of(pending('setWeights', 5, 'late'), pending('scaleRevisions', 4, 'early')), 'late');
  assert.equal(of(pending('setWeights', 0, null)), null);
  assert.equal(of(pending('setWeights', 0, 'of a former one'), pending('setWeights', 9, null)), null);
  assert.equal(of(pending('setWeights', -1)), null, 'what went forward');
  assert.equal(of(pending('notify', 5), pending('attest', 6)), null, 'what goes on beside it');
  assert.equal(of(), null);
  assert.equal(of({}), null);
});
