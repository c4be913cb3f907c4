import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan } from '../../src/plan/plan.ts';
import { answerChecklist } from '../../src/validation/checklist.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import {
  answersOf,
  load,
  looks,
  metrics,
  NOTHING_READ,
  probe,
  type Verdict,
  verdicts,
  withLine,
  without,
} from './validation-lacks.ts';
import { wholePlan, wholeStatus } from './validation-records.ts';

describe('an item passes by its evidence alone', () => {
  const planted: readonly [item: string, what: string, ReleaseStatus, Verdict][] = [
    ['configuration correct', 'not written', withLine('configuration-1', { state: 'waiting' }), 'unshown'],
    ['configuration correct', 'written in vain', withLine('configuration-1', { state: 'failed' }), 'failed'],
    ['promotion criteria defined', 'never judged', metrics(['background'], NOTHING_READ), 'unshown'],
    ['promotion criteria defined', 'no metric on record', { ...wholeStatus(), metrics: [] }, 'unshown'],
    ['promotion criteria defined', 'no last look', withLine('monitor', { state: 'running' }), 'unshown'],
    ['rollback works', 'nobody looked', looks({ warm: undefined }), 'unshown'],
    ['rollback works', 'the new side answered', looks({ warm: { ...probe, version: '1.2.0' } }), 'unshown'],
    ['rollback works', 'nobody knows who answered', looks({ warm: { ...probe, version: null } }), 'unshown'],
    ['rollback works', 'no answer', looks({ warm: { ...probe, status: null, error: 'refused' } }), 'unshown'],
    ['rollback works', 'a bad answer', looks({ warm: { ...probe, status: 503 } }), 'unshown'],
    [
      'monitoring and alerting active',
      'nothing but errors',
      metrics(['background', 'cutover-before', 'cutover-after', 'flag-1-2'], NOTHING_READ),
      'unshown',
    ],
    ['pre-deployment checks comprehensive', 'a gate without report', { ...wholeStatus(), gates: [] }, 'unshown'],
    [
      'pre-deployment checks comprehensive',
      'a gate that failed',
      { ...wholeStatus(), gates: wholeStatus().gates.map((gate) => ({ ...gate, verdict: 'fail' as const })) },
      'failed',
    ],
    [
      'pre-deployment checks comprehensive',
      'an inconclusive gate',
      { ...wholeStatus(), gates: wholeStatus().gates.map((gate) => ({ ...gate, verdict: 'inconclusive' as const })) },
      'unshown',
    ],
    ['traffic shifts gradually', 'a weight that was not confirmed', withLine('step-3', { because: 'set' }), 'unshown'],
    ['traffic shifts gradually', 'a weight that was not set', withLine('step-1', { state: 'waiting' }), 'unshown'],
    [
      'traffic shifts gradually',
      'out of order',
      withLine('step-1', { endedAt: '2026-11-23T16:00:00.000Z' }),
      'unshown',
    ],
    ['traffic shifts gradually', 'no time on record', withLine('step-1', { endedAt: null }), 'unshown'],
    ['health checks during deployment', 'never ready', withLine('ready', { state: 'running' }), 'unshown'],
    ['manual approval works', 'nobody named', withLine('promotion', { because: 'approved by ' }), 'unshown'],
    ['manual approval works', 'not asked', withLine('cutover-approval', { state: 'skipped' }), 'unshown'],
    ['flags ramped in steps', 'a step open', withLine('flag-1-3', { state: 'waiting' }), 'unshown'],
    ['flags ramped in steps', 'no flag on record', without('flags'), 'unshown'],
    [
      'flags ramped in steps',
      'short of the plan',
      { ...wholeStatus(), flags: wholeStatus().flags?.map((flag) => ({ ...flag, percent: 10 })) },
      'unshown',
    ],
    ['flags guarded by analysis', 'never judged', metrics(['flag-1-2'], NOTHING_READ), 'unshown'],
    ['new side looked at before the switch', 'no probe', looks({ preview: undefined }), 'unshown'],
    [
      'new side looked at before the switch',
      'the old side seen',
      looks({ preview: { ...probe, version: '1.0.0' } }),
      'unshown',
    ],
    [
      'new side looked at before the switch',
      'a bad answer',
      looks({ preview: { ...probe, version: '1.2.0', status: 500 } }),
      'failed',
    ],
    [
      'new side looked at before the switch',
      'no analysis',
      withLine('cutover-before', { state: 'waiting' }),
      'unshown',
    ],
    ['all traffic in one switch', 'not confirmed', withLine('cutover-switch', { because: 'set' }), 'unshown'],
    ['all traffic in one switch', 'not made', withLine('cutover-switch', { state: 'waiting' }), 'unshown'],
    ['all traffic in one switch', 'traffic elsewhere', { ...wholeStatus(), weights: { '1.0.0': 100 } }, 'failed'],
    ['instant rollback', 'nobody looked', looks({ warm: undefined }), 'unshown'],
    ['instant rollback', 'no switch', withLine('cutover-switch', { startedAt: null }), 'unshown'],
    ['database migration safety', 'no migration on record', without('migrations'), 'unshown'],
    ['database migration safety', 'a line open', withLine('expand-1', { state: 'running' }), 'unshown'],
    [
      'database migration safety',
      'after the new version',
      withLine('expand-1', { endedAt: '2026-11-23T16:00:00.000Z' }),
      'failed',
    ],
    ['database migration safety', 'no start on record', withLine('ready', { startedAt: null }), 'failed'],
    ['plan admitted under the policy', 'no digest', { ...wholeStatus(), planDigest: null }, 'unshown'],
    ['plan admitted under the policy', 'not admitted', withLine('admission', { state: 'running' }), 'unshown'],
    ['trigger known', 'nobody', { ...wholeStatus(), startedBy: ' ' }, 'unshown'],
    ['image known by its digest', 'no image on record', without('image'), 'unshown'],
    ['notifications sent', 'nobody told', without('told'), 'unshown'],
    ['security review', 'not reviewed', withLine('validation-security', { state: 'waiting' }), 'unshown'],
    ['security review', 'no gate on record', { ...wholeStatus(), gates: [] }, 'unshown'],
    ['security review', 'no headers on record', looks({ headers: undefined }), 'unshown'],
    ['security review', 'a header missing', looks({ headers: { ...probe, headers: {} } }), 'failed'],
    ['security review', 'no image on record', without('image'), 'unshown'],
    ['performance validated', 'not measured', looks({ load: undefined }), 'unshown'],
    ['performance validated', 'not compared', looks({ load: { ...load, preview: null } }), 'unshown'],
    ['performance validated', 'failing', looks({ load: { ...load, live: { ...load.live, failed: 9 } } }), 'failed'],
    ['performance validated', 'not run', withLine('validation-performance', { state: 'waiting' }), 'unshown'],
    ['documented', 'no digest', { ...wholeStatus(), planDigest: null }, 'unshown'],
    ['every step done, or left out for a reason', 'one open', withLine('step-2', { state: 'waiting' }), 'unshown'],
    ['every step done, or left out for a reason', 'one failed', withLine('step-2', { state: 'failed' }), 'failed'],
    [
      'every step done, or left out for a reason',
      'one left out without reason',
      withLine('step-2', { state: 'skipped', because: '' }),
      'unshown',
    ],
    ['every step done, or left out for a reason', 'none on record', { ...wholeStatus(), progress: [] }, 'unshown'],
  ];
  for (const [item, what, status, verdict] of planted) {
    it(`${item}: ${what}: ${verdict}`, () => {
      const answer = answersOf(wholePlan(), status)[item];
      assert.equal(answer?.verdict, verdict, answer?.evidence);
      assert.ok(answer?.evidence);
    });
  }

  it('covers every item with at least one planted lack', () => {
    const covered = new Set(planted.map(([item]) => item));
    const items = answerChecklist(wholePlan(), wholeStatus()).map(({ item }) => item);
    assert.deepEqual(
      items.filter((item) => !covered.has(item)),
      [],
    );
  });

  it('passes nothing on an empty record', () => {
    const empty: ReleaseStatus = {
      ...without('image', 'migrations', 'flags', 'looks', 'told'),
      ...{ planDigest: null, startedBy: '', weights: {}, progress: [], gates: [], metrics: [] },
    };
    const answers = answerChecklist(wholePlan(), empty);
    assert.deepEqual(new Set(answers.map(({ verdict }) => verdict)), new Set(['unshown']));
  });

  it('fails an empty window: the old side would go at once', () => {
    const plan: Plan = { ...wholePlan(), window: { durationMs: 0 } };
    assert.equal(verdicts(plan, wholeStatus())['instant rollback'], 'failed');
  });
});
