import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Client } from '@temporalio/client';
import { bindingOf, createAdmissionActivities } from '../../activities/admission/index.ts';
import type { Admission } from '../../activities/admission/port.ts';
import { createAttestationActivities } from '../../activities/attestation/index.ts';
import type { Attestation } from '../../activities/attestation/port.ts';
import type { WorkloadState } from '../../activities/workload/port.ts';
import { planDigest } from '../../src/plan/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { parsePolicy, policyDigest, policyRefusals } from '../../workers/policy.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { somePlan } from '../fixtures/some-plan.ts';
import { openTemporal, type TestTemporal } from '../fixtures/temporal.ts';

let server: TestTemporal;

before(async () => {
  server = await openTemporal();
});
after(() => server?.close());

/** A client of somebody: identity is what it claims. */
function clientOf(identity: string): Client {
  return new Client({ connection: server.connection, identity });
}

/** An open release; no worker is needed for what the server itself records. */
async function startedBy(identity: string): Promise<{ workflowId: string; runId: string }> {
  const workflowId = `release-production-${randomUUID()}`;
  const handle = await clientOf(identity).workflow.start('release', { workflowId, taskQueue: 'nobody', args: [{}] });
  return { workflowId, runId: handle.firstExecutionRunId };
}

async function signal(workflowId: string, name: string, identity: string): Promise<void> {
  await clientOf(identity).workflow.getHandle(workflowId).signal(name, { step: 'x' });
}

describe('an attestation', () => {
  async function attest(
    workflowExecution: { workflowId: string; runId: string },
    request: { signal: string; nth: number },
  ) {
    const { attest } = createAttestationActivities({ pageSize: 2 });
    return activityEnvironment({ client: server.client, workflowExecution }).run(
      attest,
      request,
    ) as Promise<Attestation>;
  }

  it('says who sent which signal of a name, page by page, as the server has it', async () => {
    const release = await startedBy('ci');
    for (const [name, who] of [
      ['approve', 'alice'],
      ['pause', 'bob'],
      ['approve', ''],
      ['approve', 'carol'],
    ] as const) {
      await signal(release.workflowId, name, who);
    }
    const first = await attest(release, { signal: 'approve', nth: 0 });
    assert.deepEqual([first.identity, first.principal, first.level], ['alice', null, 'identity']);
    assert.match(first.eventTime, /^20\d\d-.*Z$/);
    const third = await attest(release, { signal: 'approve', nth: 2 });
    assert.equal(third.identity, 'carol');
    assert.ok(Number(third.eventId) > Number(first.eventId));
    assert.equal((await attest(release, { signal: 'pause', nth: 0 })).identity, 'bob');
  });

  it('calls a sender anonymous who claims nothing', async () => {
    const release = await startedBy('ci');
    await server.connection.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: release,
      signalName: 'approve',
      identity: '',
    });
    assert.equal((await attest(release, { signal: 'approve', nth: 0 })).level, 'anonymous');
  });

  it('of a signal that was never sent fails, and is tried again', async () => {
    const release = await startedBy('ci');
    await signal(release.workflowId, 'approve', 'alice');
    await assert.rejects(attest(release, { signal: 'approve', nth: 1 }), {
      type: 'SHIPLOCK_ATTESTATION_MISSING',
      nonRetryable: false,
      message: /holds 1 signals "approve", number 1 is asked for/,
    });
  });
});

describe('an admission', () => {
  const nothing: WorkloadState = { stable: null, canary: null, weights: {}, revisions: [] };
  const policy = parsePolicy(
    `{services: [credlink-api], environments: [production], platforms: [local], commands: [node server.ts, pnpm test **],
      directories: [/srv/credlink], hosts: [prometheus.monitoring.svc], workloadEnvironment: [NODE_ENV]}`,
    'policy.yaml',
  );

  async function admit(plan: unknown, { allowed = policy as typeof policy | null } = {}) {
    const release = await startedBy('ci-job-7');
    const fences: string[] = [];
    const { admit } = createAdmissionActivities({
      policyRefusals: (sent) => policyRefusals(sent, allowed),
      policyDigest: policyDigest(allowed),
      acquireFence: async ({ service }, holder) => {
        fences.push(`${service} ${holder}`);
        return 3000;
      },
      describeWorkload: async () => nothing,
    });
    const worker = activityEnvironment({ client: server.client, workflowExecution: release });
    const request = { plan: plan as Plan, firstRunId: release.runId };
    return { release, fences, answer: worker.run(admit, request) as Promise<Admission> };
  }

  it('binds the release to its plan, its policy, its fence and who started it', async () => {
    const { release, fences, answer } = await admit(somePlan());
    const admission = await answer;
    assert.deepEqual(admission, {
      planDigest: planDigest(somePlan()),
      binding: bindingOf(planDigest(somePlan()), release.runId),
      policyDigest: policyDigest(policy),
      fence: 3000,
      before: nothing,
      startedBy: { identity: 'ci-job-7', principal: null },
    });
    assert.match(admission.binding, /^[0-9a-f]{8}$/);
    assert.deepEqual(fences, [`credlink-api ${release.runId}`]);
  });

  it('binds the same plan otherwise when it is started again', () => {
    assert.notEqual(bindingOf('digest', randomUUID()), bindingOf('digest', randomUUID()));
  });

  const invalid: [string, unknown, RegExp][] = [
    [
      'a weight of 101',
      { ...somePlan(), canary: { ...somePlan().canary, steps: [{ kind: 'setWeight', weight: 101 }] } },
      /canary\.steps\[0\]\.weight/,
    ],
    ['an unknown field', { ...somePlan(), extra: 1 }, /extra/],
    ['nothing', null, /not a plan/],
    ['another format', { ...somePlan(), format: 99 }, /format/],
  ];
  for (const [what, plan, message] of invalid) {
    it(`refuses a plan put past the client, for good, before it takes a fence: ${what}`, async () => {
      const { fences, answer } = await admit(plan);
      await assert.rejects(answer, { type: 'SHIPLOCK_PLAN_INVALID', nonRetryable: true, message });
      assert.deepEqual(fences, []);
    });
  }

  it('refuses what the policy does not name, for good, with every reason, before it takes a fence', async () => {
    const { fences, answer } = await admit({ ...somePlan(), service: 'billing', environment: 'lab' });
    await assert.rejects(answer, {
      type: 'SHIPLOCK_POLICY_REFUSED',
      nonRetryable: true,
      message: /service "billing".*environment "lab"/,
    });
    assert.deepEqual(fences, []);
  });

  it('refuses everything where the worker has no policy', async () => {
    const { answer } = await admit(somePlan(), { allowed: null });
    await assert.rejects(answer, { type: 'SHIPLOCK_POLICY_REFUSED', message: /no policy/ });
  });
});
