/** A metric's Job as it is created, and what its end means. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endOf, hasEnded, isAtWork, type Job, whyNotAtWork } from '../../activities/jobs/ending.ts';
import { earlierReading, jobName, jobOf } from '../../activities/jobs/manifest.ts';
import type { JobReading } from '../../activities/jobs/port.ts';
import type { Pod } from '../../activities/workload/kubernetes/pod.ts';
import { assessJob } from '../../src/analysis/job.ts';
import type { KubernetesJob } from '../../src/plan/plan.ts';
import { random } from '../fixtures/random.ts';

const RUN = '0190a0f2-6d5f-7c3e-9f00-1a2b3c4d5e6f';
const reading = (changes: Partial<JobReading> = {}): JobReading => {
  const { metric = 'smoke', number = 1 } = changes;
  return { key: `release-production-shop/${RUN}/step-2/${metric}/${number}`, metric, number, ...changes };
};

const JOB: KubernetesJob = {
  kind: 'kubernetesJob',
  metadata: { labels: { team: 'shop' }, annotations: { note: 'a' } },
  spec: {
    activeDeadlineSeconds: 60,
    ttlSecondsAfterFinished: 3600,
    backoffLimit: 2,
    template: {
      metadata: { labels: { app: 'smoke' }, annotations: { 'sidecar.istio.io/inject': 'false' } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'smoke', image: 'registry.example/smoke:1' }] },
    },
  },
  timeoutMs: 60_000,
};

describe('the name of a Job', () => {
  it('is the same for every attempt at a reading', () => {
    assert.equal(jobName('shop', reading()), jobName('shop', reading()));
    assert.match(jobName('shop', reading()), /^shop-smoke-1-[0-9a-f]{10}$/);
  });

  it('is another one for every other reading', () => {
    const keys = [
      reading(),
      reading({ number: 2 }),
      reading({ metric: 'smoke2' }),
      reading({ key: reading().key.replace('step-2', 'step-4') }),
      reading({ key: reading().key.replace(RUN, 'another') }),
    ];
    assert.equal(new Set(keys.map((one) => jobName('shop', one))).size, keys.length);
    assert.notEqual(jobName('shop', reading()), jobName('till', reading()));
  });

  it('is a name of a Job and of its pods, whatever the metric is called', () => {
    const next = random(17);
    for (let count = 0; count < 500; count += 1) {
      const text = (most: number) =>
        String.fromCodePoint(
          ...Array.from({ length: 1 + Math.floor(next() * most) }, () => 32 + Math.floor(next() * 1_000)),
        );
      const name = jobName(text(63), reading({ metric: text(100), number: 1 + Math.floor(next() * 1e9) }));
      assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      assert.ok(name.length <= 53, name);
    }
  });

  it('tells that of an earlier reading', () => {
    assert.deepEqual(earlierReading(reading({ number: 12 }), 10), reading({ number: 2 }));
    assert.equal(earlierReading(reading({ number: 10 }), 10), null);
  });
});

describe('a Job', () => {
  const made = jobOf({ service: 'shop', reading: reading(), release: RUN, job: JOB }, 'run/7');

  it('has the labels of its release, as its pods have, and says which reading it is', () => {
    const own = {
      'shiplock.dev/service': 'shop',
      'shiplock.dev/release': RUN,
      'app.kubernetes.io/managed-by': 'shiplock',
    };
    assert.deepEqual(made.metadata.labels, { team: 'shop', ...own });
    assert.deepEqual(made.spec.template.metadata.labels, { app: 'smoke', ...own });
    assert.deepEqual(made.metadata.annotations, {
      note: 'a',
      'shiplock.dev/reading': reading().key,
      'shiplock.dev/asked-by': 'run/7',
    });
  });

  it('is what the plan says otherwise', () => {
    const { template, ...spec } = made.spec;
    assert.deepEqual(spec, { activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 3600, backoffLimit: 2 });
    assert.deepEqual(template.spec, (JOB.spec.template as { spec: object }).spec);
    assert.deepEqual(template.metadata.annotations, { 'sidecar.istio.io/inject': 'false' });
  });

  it('cannot take labels of the engine away', () => {
    const labels = { 'shiplock.dev/release': 'other', 'app.kubernetes.io/managed-by': 'nobody' };
    const job = { ...JOB, metadata: { labels } };
    assert.equal(
      jobOf({ service: 'shop', reading: reading(), release: RUN, job }, 'x').metadata.labels['shiplock.dev/release'],
      RUN,
    );
  });
});

const job = (status: Job['status']): Job => ({ metadata: { name: 'shop-smoke-1', uid: 'u' }, status: status ?? {} });
const condition = (type: string, reason = '', message = '') => ({ type, status: 'True', reason, message });
const failed = (reason: string, message = '') =>
  job({ failed: 1, startTime: '2026-11-26T12:00:00Z', conditions: [condition('Failed', reason, message)] });
const pod = (containerStatuses: NonNullable<Pod['status']>['containerStatuses'], phase = 'Failed'): Pod => ({
  metadata: { name: 'p' },
  spec: { nodeName: 'n' },
  status: { phase, ...(containerStatuses && { containerStatuses }) },
});
const terminated = (exitCode: number, more: object = {}) => ({
  name: 'smoke',
  state: { terminated: { exitCode, ...more } },
});
const waiting = (reason: string) => ({ name: 'smoke', image: 'r/x:1', state: { waiting: { reason, message: 'no' } } });

describe('the end of a Job', () => {
  const times = { startTime: '2026-11-26T12:00:00Z', completionTime: '2026-11-26T12:00:12Z' };
  const cases: readonly [what: string, job: Job, pods: readonly Pod[], verdict: string | null, because: RegExp][] = [
    [
      'complete',
      job({ succeeded: 1, ...times, conditions: [condition('Complete')] }),
      [],
      'pass',
      /exit code 0 after 12 s/,
    ],
    [
      'complete at the second pod',
      job({ succeeded: 1, failed: 1, conditions: [condition('Complete')] }),
      [],
      'pass',
      /at attempt 2$/,
    ],
    [
      'failed',
      failed('BackoffLimitExceeded'),
      [pod([terminated(3)])],
      'fail',
      /ended with exit code 3 of container smoke \(BackoffLimitExceeded\)/,
    ],
    [
      'failed, with what it wrote as its message',
      failed('BackoffLimitExceeded'),
      [pod([terminated(3, { message: 'GET /health\n 500' })])],
      'fail',
      /: GET \/health 500$/,
    ],
    [
      'failed for its memory',
      failed('BackoffLimitExceeded'),
      [pod([terminated(137, { reason: 'OOMKilled' })])],
      'fail',
      /killed for its memory \(OOMKilled; BackoffLimitExceeded\)/,
    ],
    [
      'failed, the last one last',
      failed('BackoffLimitExceeded'),
      [
        pod([terminated(2, { finishedAt: '2026-11-26T12:00:09Z' })]),
        pod([terminated(1, { finishedAt: '2026-11-26T12:00:03Z' })]),
      ],
      'fail',
      /exit code 2 /,
    ],
    [
      'failed in a container that started again',
      failed('BackoffLimitExceeded'),
      [pod([{ name: 'smoke', state: { running: {} }, lastState: { terminated: { exitCode: 4 } } }])],
      'fail',
      /exit code 4 /,
    ],
    [
      'failed, without a pod',
      failed('PodFailurePolicy', 'rule 0 matched'),
      [],
      'fail',
      /failed \(PodFailurePolicy: rule 0 matched\)/,
    ],
    [
      'evicted',
      failed('BackoffLimitExceeded', 'too often'),
      [{ ...pod([]), status: { reason: 'Evicted' } }],
      'fail',
      /Evicted/,
    ],
    ['out of time', failed('DeadlineExceeded'), [], 'fail', /ran out of time \(DeadlineExceeded\), last seen: held up/],
    ...['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName']
      .map(
        (reason) =>
          [
            `without its image (${reason})`,
            job({ active: 1 }),
            [pod([waiting(reason)], 'Pending')],
            'inconclusive',
            new RegExp(`image r/x:1 cannot be pulled \\(${reason}: no\\)`),
          ] as const,
      )
      .map(([a, b, c, d, e]): [string, Job, readonly Pod[], string, RegExp] => [a, b, c, d, e]),
    [
      'not come yet',
      job({ active: 1, ready: 1 }),
      [pod([{ name: 'smoke', state: { running: {} } }], 'Running')],
      null,
      /./,
    ],
    [
      'not come yet: its container crashed and is tried again',
      job({ active: 1, failed: 1 }),
      [pod([terminated(1)])],
      null,
      /./,
    ],
    [
      'not come yet: its pods are ending',
      job({ conditions: [condition('FailureTarget', 'BackoffLimitExceeded')] }),
      [pod([terminated(1)])],
      null,
      /./,
    ],
    [
      'not come: the condition is not true',
      job({ conditions: [{ type: 'Complete', status: 'False' }] }),
      [],
      null,
      /./,
    ],
  ];
  for (const [what, one, pods, verdict, because] of cases) {
    it(`is ${verdict ?? 'open'} where it has ${what}`, () => {
      const end = endOf(one, pods, 'held up');
      if (verdict === null) return assert.equal(end, null);
      const judged = assessJob(JSON.stringify({ ...end, job: 'x' }));
      assert.equal(judged.verdict, verdict, judged.because);
      assert.match(judged.because, because);
    });
  }

  it('is never a pass without the condition Complete, whatever status and pods say', () => {
    const next = random(23);
    const one = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)] as T;
    for (let count = 0; count < 2_000; count += 1) {
      const conditions = Array.from({ length: Math.floor(next() * 3) }, () => ({
        type: one(['Complete', 'Failed', 'Suspended', 'SuccessCriteriaMet', 'FailureTarget']),
        status: one(['True', 'False', 'Unknown']),
        reason: one(['', 'DeadlineExceeded', 'BackoffLimitExceeded', 'CompletionsReached']),
      }));
      const pods = Array.from({ length: Math.floor(next() * 3) }, () =>
        pod(
          [one([terminated(0), terminated(1), waiting('ContainerCreating'), waiting('ErrImagePull')])],
          one(['Failed', 'Succeeded', 'Pending']),
        ),
      );
      const candidate = job({ succeeded: Math.floor(next() * 3), conditions });
      const end = endOf(candidate, pods, '');
      const isComplete = conditions.some(({ type, status }) => type === 'Complete' && status === 'True');
      const passes = end !== null && assessJob(JSON.stringify({ ...end, job: 'x' })).verdict === 'pass';
      assert.equal(passes, isComplete, JSON.stringify({ conditions, end }));
      if (hasEnded(candidate)) assert.notEqual(end, null);
    }
  });
});

describe('a Job that runs', () => {
  it('is at work once all of its pods are ready', () => {
    assert.equal(isAtWork(job({ active: 2, ready: 2 })), true);
    assert.equal(isAtWork(job({ active: 2, ready: 1 })), false);
    assert.equal(isAtWork(job({})), false);
  });

  it('says what holds its pods up, each thing once', () => {
    const pending: Pod = {
      metadata: { name: 'p' },
      status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] },
    };
    assert.equal(whyNotAtWork([pending, pending]), 'cannot be scheduled (0/3 nodes are available)');
    assert.equal(whyNotAtWork([{ ...pending, metadata: { name: 'p', deletionTimestamp: 'now' } }]), '');
  });
});
