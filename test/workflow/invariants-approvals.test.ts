/** Invariant 5: approvals are bound to release, step, plan and person; so is whatever else moves a release on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision, SignalName, SignalPayload, Waiting } from '../../workflows/messages.ts';
import type { ReleaseHandle } from './environment.ts';
import { APPROVAL, analysisOf, METRIC, openPause, plainPlan, smallPlan, weight } from './invariants-plans.ts';
import { CANARY, endOf, type Scene, withScenes } from './invariants-scenes.ts';

const limit = { timeout: 300_000 };
/** The binding that the world's admission gives every release. */
const BINDING = '1a2b3c4d';

describe('an approval is bound', () => {
  const scenes = withScenes();

  it('to the step, the release and the plan: early, foreign, unnamed and late ones are refused', limit, async () => {
    const scene = scenes.open();
    const handle = await scene.start(plainPlan({ steps: [weight(10), openPause], approval: APPROVAL }));
    const first = await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', 1_000);
    const early = await sent(scene, handle, 'approve', { step: `promotion@${BINDING}` });
    assert.deepEqual([early.accepted, early.because], [false, 'nothing waits for approve now']);
    await sent(scene, handle, 'promote', { step: first.waiting?.token });
    const { waiting } = await scene.until(handle, (status) => status.waiting?.kind === 'approval', 1_000);
    assert.equal(waiting?.token, `promotion@${BINDING}`);
    for (const [what, step, because] of [
      ['of another release, or another plan', 'promotion@00000000', /"promotion@00000000" is not what is asked for/],
      ['of another step', `step-2@${BINDING}`, /is not what is asked for/],
      ['of no step', undefined, /"step" is missing; send \{"step":"promotion@1a2b3c4d"\}/],
    ] as const) {
      const foreign = await sent(scene, handle, 'approve', { step });
      assert.equal(foreign.accepted, false, what);
      assert.match(foreign.because, because, what);
    }
    const right = await sent(scene, handle, 'approve', { step: waiting?.token });
    assert.deepEqual([right.accepted, right.because], [true, 'approval 1 of 1']);
    const late = await sent(scene, handle, 'approve', { step: waiting?.token });
    assert.equal(late.accepted, false);
    assert.equal((await endOf(handle)).type, 'Released');
  });

  it('to the person: each counts once, until there are enough', limit, async () => {
    const scene = scenes.open();
    const handle = await scene.start(plainPlan({ approval: { ...APPROVAL, requires: 'identity', quorum: 2 } }));
    const { waiting } = await scene.until(handle, (status) => status.waiting?.kind === 'approval', 1_000);
    const step = waiting?.token;
    assert.equal((await from(scene, 'ann', handle, 'approve', { step })).because, 'approval 1 of 2');
    const again = await from(scene, 'ann', handle, 'approve', { step });
    assert.deepEqual([again.accepted, again.because], [false, 'ann has approved already']);
    assert.ok(!hasAllTraffic(scene), 'one is not enough');
    assert.equal((await from(scene, 'bob', handle, 'approve', { step })).because, 'approval 2 of 2');
    const { type, status } = await endOf(handle);
    assert.equal(type, 'Released');
    assert.equal(
      status.progress.find(({ name }) => name === 'promotion')?.because,
      'approved by ann (identity), bob (identity)',
    );
  });

  it('to somebody else than who started it, where the plan says so', limit, async () => {
    const scene = scenes.open();
    const handle = await scene.start(plainPlan({ approval: { ...APPROVAL, notStarter: true } }));
    const { waiting } = await scene.until(handle, (status) => status.waiting?.kind === 'approval', 1_000);
    const step = waiting?.token;
    const own = await from(scene, 'ci@host', handle, 'approve', { step });
    assert.deepEqual([own.accepted, own.because], [false, 'ci@host started this release and cannot approve it']);
    const nobody = await from(scene, '', handle, 'approve', { step });
    assert.equal(nobody.accepted, false, 'an anonymous sender could be the starter');
    assert.equal((await from(scene, 'ann', handle, 'approve', { step })).accepted, true);
    assert.equal((await endOf(handle)).type, 'Released');
  });

  it('also where an analysis is inconclusive: to each question anew, and not to the starter', limit, async () => {
    const scene = scenes.open();
    scene.world.metric = () => 0.9;
    const metric = { ...METRIC, failureCondition: 'result[0] < 0.5' };
    const { canary } = smallPlan();
    const handle = await scene.start(
      smallPlan({
        approval: { ...APPROVAL, notStarter: true },
        canary: { ...canary, background: { startingStep: 1, analysis: analysisOf({ metrics: [metric] }) } },
      }),
    );
    const within = await scene.until(handle, ({ waiting }) => waiting?.kind === 'inconclusive', 1_000);
    const own = await from(scene, 'ci@host', handle, 'approve', { step: within.waiting?.token });
    assert.deepEqual([own.accepted, own.because], [false, 'ci@host started this release and cannot approve it']);
    const ann = await from(scene, 'ann', handle, 'approve', { step: within.waiting?.token });
    assert.equal(ann.accepted, true);
    const atEnd = await scene.until(handle, ({ waiting }) => isAnother(waiting, within.waiting), 1_000);
    assert.equal(atEnd.waiting?.kind, 'inconclusive', 'the end of the ramp is another question');
    const late = await from(scene, 'bob', handle, 'approve', { step: within.waiting?.token });
    assert.equal(late.accepted, false, 'what was said within the ramp does not answer it');
    assert.equal((await endOf(handle)).type, 'RolledBack');
  });

  it('just as promote, promoteFull and resume are: to what is asked, and to a person of the level', limit, async () => {
    const scene = scenes.open();
    const handle = await scene.start(
      plainPlan({
        steps: [weight(10), openPause, weight(20), openPause],
        approval: { ...APPROVAL, requires: 'identity' },
      }),
    );
    const { waiting } = await scene.until(handle, (status) => status.waiting?.kind === 'pause', 1_000);
    await sent(scene, handle, 'pause', { reason: 'lunch' });
    const named: [SignalName, SignalPayload, SignalPayload][] = [
      ['promote', { step: waiting?.token }, { step: `step-4@${BINDING}` }],
      ['resume', { step: `pause-1@${BINDING}` }, { step: `pause-2@${BINDING}` }],
      ['promoteFull', { step: `ramp@${BINDING}`, reason: 'now' }, { step: 'ramp@00000000', reason: 'now' }],
    ];
    for (const [signal, , foreign] of named) {
      const refused = await from(scene, 'ann', handle, signal, foreign);
      assert.equal(refused.accepted, false, `${signal} of something else`);
      assert.match(refused.because, /is not what is asked for; send/);
    }
    for (const [signal, right] of named) {
      const unproven = await from(scene, '', handle, signal, right);
      assert.equal(unproven.accepted, false, `${signal} of nobody`);
      assert.equal(unproven.because, 'the sender is anonymous; the plan requires identity');
    }
    for (const [signal, right] of named.slice(1)) {
      assert.equal((await from(scene, 'ann', handle, signal, right)).accepted, true, signal);
    }
    const asked = await scene.until(handle, (status) => status.waiting?.kind === 'approval', 1_000);
    assert.ok(!hasAllTraffic(scene), 'promoteFull goes never past an approval');
    await from(scene, 'ann', handle, 'approve', { step: asked.waiting?.token });
    assert.equal((await endOf(handle)).type, 'Released');
  });

  it('just as retry and skip are: to the act, never to the next attempt', limit, async () => {
    const scene = scenes.open();
    let runs = 0;
    scene.world.gate = () => {
      runs += 1;
      const verdict = runs < 3 ? 'inconclusive' : 'pass';
      return { verdict, because: `run ${runs}`, durationMs: 5, exitCode: null, log: null };
    };
    const handle = await scene.start(plainPlan());
    const first = await scene.until(handle, ({ waiting }) => waiting?.kind === 'gate', 1_000);
    const act = first.waiting?.token;
    const skip = await sent(scene, handle, 'skip', { act, reason: 'why not' });
    assert.deepEqual([skip.accepted, skip.because], [false, 'a gate cannot be skipped']);
    assert.equal((await sent(scene, handle, 'retry', {})).accepted, false);
    assert.equal((await sent(scene, handle, 'retry', { act })).accepted, true);
    const second = await scene.until(handle, ({ waiting }) => waiting !== null && waiting.token !== act, 1_000);
    const late = await sent(scene, handle, 'retry', { act });
    assert.equal(late.accepted, false, 'it was meant for the attempt before');
    await sent(scene, handle, 'retry', { act: second.waiting?.token });
    assert.equal((await endOf(handle)).type, 'Released');
  });
});

function isAnother(waiting: Waiting | null, before: Waiting | null): boolean {
  return waiting !== null && waiting.token !== before?.token && waiting.kind !== 'pause';
}

let messages = 0;

/** Sends a message; the decision on it. */
async function sent(
  scene: Scene,
  handle: ReleaseHandle,
  signal: SignalName,
  payload: SignalPayload,
): Promise<Decision> {
  messages += 1;
  const id = `message ${messages}`;
  await handle.signal(signal, { ...payload, id });
  const { decisions } = await scene.until(handle, (status) => status.decisions.some((known) => known.id === id), 10);
  return decisions.find((known) => known.id === id) as Decision;
}

/** The same, from somebody whose client claims this identity. */
function from(
  scene: Scene,
  identity: string,
  ...message: [ReleaseHandle, SignalName, SignalPayload]
): Promise<Decision> {
  scene.world.sender = () => ({ identity, principal: null });
  return sent(scene, ...message);
}

function hasAllTraffic({ calls }: Scene): boolean {
  return calls.some(({ request }) => request?.weights?.[CANARY] === 100);
}
