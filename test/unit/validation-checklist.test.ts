import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan } from '../../src/plan/plan.ts';
import { answerChecklist } from '../../src/validation/checklist.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { answersOf, load, looks, verdicts, withLine } from './validation-lacks.ts';
import { at, drivenTo, wholePlan, wholeStatus } from './validation-records.ts';

describe('the checklist of a release with everything on record', () => {
  it('has the items of all five steps, each passed by what it names', () => {
    const items = answerChecklist(wholePlan(), wholeStatus());
    assert.deepEqual(
      items.filter(({ verdict }) => verdict !== 'passed'),
      [],
    );
    const counts = Object.fromEntries(
      Object.entries(Object.groupBy(items, ({ step }) => step)).map(([step, all]) => [step, all?.length]),
    );
    assert.deepEqual(counts, { 43: 8, 44: 2, 45: 4, 46: 4, 47: 4 });
    assert.ok(items.every(({ evidence }) => evidence.length > 5));
  });

  it('says in numbers what was shown, and no more', () => {
    const answers = answersOf(wholePlan(), wholeStatus());
    const evidence = Object.fromEntries(Object.entries(answers).map(([item, answer]) => [item, answer.evidence]));
    assert.deepEqual(evidence, {
      'configuration correct': '1 of 1 fields written: 1.0.0 → 1.2.0',
      'promotion criteria defined': '3 of 3 metrics judged, 9 readings; last look: success 1, p95 0.1 s',
      'rollback works': '1.0.0 is warm and answers 200 in 0.010 s; going back is one traffic move, which was not made',
      'monitoring and alerting active':
        '12 of 12 readings good; a bad one takes the ramp and the switch back; alert rules beyond that are not asked',
      'pre-deployment checks comprehensive': '2 of 2 gates passed: unit-tests, audit',
      'traffic shifts gradually': '2 of 2 weights confirmed by the router, in the order of the plan: 10, 50 %',
      'health checks during deployment': '2 of 2 replicas ready after 2.1 s',
      'manual approval works': 'approved by ann (identity); approved by bob (identity)',
      'flags ramped in steps': 'new-checkout: on from 0 to 100 %',
      'flags guarded by analysis': '1 of 1 metrics judged between the steps',
      'new side looked at before the switch': '/health answers 200 in 0.010 s; analysis: success-rate pass',
      'all traffic in one switch': '100 % for 1.2.0, confirmed by the router after 1.0 s',
      'instant rollback':
        '1.0.0 is warm and answers 200 in 0.010 s; the same switch, 1.0 s forward, goes back until the window ends',
      'database migration safety':
        '1 of 1 expanding migrations done before the new version ran (0 found); 1 contracting, only on approval, after the window',
      'plan admitted under the policy': 'plan dddddddddddd, replaces 1.0.0',
      'trigger known': 'ci@pipeline, 2026-11-23T15:00:00.000Z',
      'image known by its digest': 'sha256:aaaaaaaaaaaa, found',
      'notifications sent': '12 events for ops; delivery holds up nothing',
      'security review': 'audit: nothing at high; the image runs as node; 1 of 1 required headers',
      'performance validated': "p95 0.100 s of 500 requests, 0 failed; 1.00 times the old side's 0.100 s",
      documented: evidence.documented,
      'every step done, or left out for a reason': '24 of 24 steps done, 0 left out with their reason',
    });
    assert.match(evidence.documented ?? '', /^release notes of \d\d lines, written from this record$/);
  });
});

describe('what is not asked', () => {
  it('is not planned where the plan leaves it out', () => {
    const { image, database, cutover, flags, validation, notify, ...small } = wholePlan();
    const bare: Plan = {
      ...small,
      gates: [],
      configuration: [],
      canary: { ...small.canary, steps: [], background: null },
      promotion: { monitor: null, approval: null },
    };
    const asked = Object.entries(verdicts(bare, wholeStatus())).filter(([, verdict]) => verdict !== 'not planned');
    assert.deepEqual(
      asked.map(([item]) => item),
      [
        'rollback works',
        'health checks during deployment',
        'plan admitted under the policy',
        'trigger known',
        'documented',
        'every step done, or left out for a reason',
      ],
    );
  });

  it("is on platform argo what its controller says; the old pods are the controller's to keep", () => {
    const { cutover, ...whole } = wholePlan();
    const plan: Plan = {
      ...whole,
      target: {
        platform: 'argo',
        cluster: 'production',
        namespace: 'shop',
        rollout: 'shop',
        container: 'app',
        repository: 'registry.example/api',
        readinessPath: '/ready',
        stableService: 'api-stable',
        canaryService: 'api-canary',
        pauseDeadlineMs: 1_000,
        inconclusiveDeadlineMs: 1_000,
        deadlineMs: 1_000,
      },
      canary: { steps: [], background: null, readyDeadlineMs: 1_000 },
    };
    const recorded = wholeStatus();
    const line = (name: string, second: number) => ({
      ...({ name, title: name, state: 'done', because: 'done' } as const),
      ...{ startedAt: at(second), endedAt: at(second + 1) },
    });
    const status = (phase: 'Healthy' | 'Progressing', imageAt: number): ReleaseStatus => ({
      ...recorded,
      progress: [
        ...recorded.progress.filter(({ name }) => !/^(ready|step-)/.test(name)),
        ...[line('rollout-image', imageAt), line('rollout', imageAt + 1)],
      ],
      rollout: drivenTo(phase),
    });
    const verdictsAt = (driven: ReleaseStatus) => {
      const { 'rollback works': back, 'health checks during deployment': healthy, ...more } = verdicts(plan, driven);
      return [back, healthy, more['database migration safety']];
    };
    assert.deepEqual(verdictsAt(status('Healthy', 50)), ['not planned', 'passed', 'passed']);
    assert.deepEqual(verdictsAt(status('Progressing', 50)), ['not planned', 'unshown', 'passed']);
    assert.deepEqual(verdictsAt(status('Healthy', 0)), ['not planned', 'passed', 'failed']);
    assert.equal(
      answersOf(plan, status('Healthy', 50))['health checks during deployment']?.evidence,
      "2 of 2 pods available; Argo's controller says Healthy",
    );
  });

  it('is undone where its phase was taken back, with the reason; that phase fails nothing else', () => {
    const failed = withLine('flag-1-2', { state: 'failed', because: 'success-rate: 0.7' });
    const status: ReleaseStatus = { ...failed, undone: [{ phase: 'flags', because: 'success-rate: 0.7' }] };
    const answers = answersOf(wholePlan(), status);
    assert.deepEqual(answers['flags ramped in steps'], {
      step: 44,
      item: 'flags ramped in steps',
      verdict: 'undone',
      evidence: 'success-rate: 0.7',
    });
    const against = Object.values(answers).filter(({ verdict }) => verdict === 'failed' || verdict === 'unshown');
    assert.deepEqual(against, []);
  });

  it('is what a first release does not have: a ramp, and something to go back to', () => {
    const skipped = wholeStatus();
    const first: ReleaseStatus = {
      ...skipped,
      from: null,
      metrics: skipped.metrics.filter(({ analysis }) => analysis !== 'background'),
      looks: { ...skipped.looks, warm: undefined, load: { ...load, preview: null } },
      progress: skipped.progress.map((line) =>
        /^(step-|monitor|validation-way-back)/.test(line.name)
          ? { ...line, state: 'skipped', because: 'a first release has no stable side' }
          : line,
      ),
    };
    const answers = Object.entries(verdicts(wholePlan(), first)).filter(([, verdict]) => verdict !== 'passed');
    assert.deepEqual(Object.fromEntries(answers), {
      'promotion criteria defined': 'not planned',
      'rollback works': 'not planned',
      'monitoring and alerting active': 'not planned',
      'traffic shifts gradually': 'not planned',
      'instant rollback': 'not planned',
    });
  });
});

describe('a version that the plan’s rollbackWindow knows', () => {
  const because = '1.2.0 was stable before, 0 others ago: within the rollback window of 1';
  const whole = wholePlan();
  const plan: Plan = { ...whole, canary: { ...whole.canary, rollbackWindow: { revisions: 1 } } };
  const ramp = new Set(whole.canary.steps.map((_, index) => `step-${index + 1}`));
  const status: ReleaseStatus = {
    ...wholeStatus(),
    progress: wholeStatus().progress.map((line) =>
      ramp.has(line.name) ? { ...line, state: 'skipped', because } : line,
    ),
    metrics: wholeStatus().metrics.filter(({ analysis }) => /^(cutover|flag)-/.test(analysis)),
  };

  it('is not failed for the ramp that it does not take, and the evidence says why', () => {
    const answers = answersOf(plan, status);
    assert.deepEqual(
      Object.values(answers).filter(({ verdict }) => verdict === 'failed' || verdict === 'unshown'),
      [],
    );
    assert.equal(answers['traffic shifts gradually']?.verdict, 'waived');
    assert.equal(answers['traffic shifts gradually']?.evidence, because);
    assert.match(
      answers['promotion criteria defined']?.evidence ?? '',
      /the others left out: 1\.2\.0 was stable before/,
    );
    const unread = answersOf(plan, { ...status, metrics: [] });
    assert.equal(unread['monitoring and alerting active']?.verdict, 'waived');
  });

  it('is failed for a ramp that was left out for any other reason', () => {
    assert.equal(verdicts(whole, status)['traffic shifts gradually'], 'unshown');
    const some = {
      ...status,
      progress: status.progress.map((line) => (line.name === 'step-1' ? { ...line, because: '' } : line)),
    };
    assert.equal(verdicts(plan, some)['traffic shifts gradually'], 'unshown');
  });
});

describe('what a person decided', () => {
  const waived = { state: 'skipped', because: 'waived by promoteFull' } as const;

  it('counts as waived where some of the ramp was shown, and is said', () => {
    const answer = answersOf(wholePlan(), withLine('step-3', waived))['traffic shifts gradually'];
    assert.equal(answer?.verdict, 'passed');
    assert.match(answer?.evidence ?? '', /^1 of 2 weights confirmed by the router, 1 waived by promoteFull/);
  });

  it('says who did without the whole ramp, which then neither shows anything nor fails', () => {
    const status = withLine('step-3', waived);
    const none = {
      ...status,
      progress: status.progress.map((line) => (line.name === 'step-1' ? { ...line, ...waived } : line)),
      metrics: [],
    };
    const by = { name: 'ann', level: 'identity', eventId: '7' } as const;
    const payload = '{"step":"ramp@1a2b3c4d","reason":"a fix"}';
    const decision = { id: '1', signal: 'promoteFull', at: '', accepted: true, because: '', payload, by } as const;
    const answers = answersOf(wholePlan(), { ...none, decisions: [decision] });
    assert.equal(answers['traffic shifts gradually']?.verdict, 'waived');
    assert.match(answers['traffic shifts gradually']?.evidence ?? '', /^waived by promoteFull: ann sent .*a fix/);
    assert.equal(answers['monitoring and alerting active']?.verdict, 'waived');
    assert.notEqual(answers['promotion criteria defined']?.verdict, 'unshown');
  });

  it('lets a load pass that shows neither, under the name of who decided', () => {
    const undecided = looks({ load: { ...load, preview: null } });
    const by = { name: 'ann', level: 'identity', eventId: '7' } as const;
    const decision = { id: '1', signal: 'approve', at: '', accepted: true, because: '', by };
    const payload = '{"step":"performance@1a2b3c4d"}';
    const decided: ReleaseStatus = { ...undecided, decisions: [{ ...decision, payload }] };
    const answer = answersOf(wholePlan(), decided)['performance validated'];
    assert.equal(answer?.verdict, 'passed');
    assert.match(
      answer?.evidence ?? '',
      /neither shown nor disproved \(.*could not be compared with\); ann decided to go on/,
    );
    const refused: ReleaseStatus = { ...undecided, decisions: [{ ...decision, payload, accepted: false }] };
    assert.equal(verdicts(wholePlan(), refused)['performance validated'], 'unshown');
  });
});
