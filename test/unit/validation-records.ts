/** A release with every phase, and what it has on record when its checklist is answered. */
import type { LoadSide, Probe } from '../../activities/validation/port.ts';
import type { AnalysisPlan, ApprovalPlan, Plan } from '../../src/plan/plan.ts';
import type { MetricProgress, Progress, ReleaseStatus } from '../../workflows/messages.ts';
import { somePlan } from '../fixtures/some-plan.ts';

export const DIGEST = `sha256:${'a'.repeat(64)}`;
const approval: ApprovalPlan = { deadlineMs: 60_000, requires: 'identity', quorum: 1, notStarter: false };

function analysisOf(plan: Plan): AnalysisPlan {
  const background = plan.canary.background;
  if (!background) throw new TypeError('the plan has a background analysis');
  return background.analysis;
}

/** Seconds after three o'clock. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2026, 10, 23, 15, 0, seconds)).toISOString();
}

export function wholePlan(): Plan {
  const plan = somePlan();
  const analysis = analysisOf(plan);
  const provider = { kind: 'prometheus', address: 'http://prometheus', query: 'up', timeoutMs: 1_000 } as const;
  const audit = {
    kind: 'audit',
    name: 'audit',
    directory: '/',
    timeoutMs: 1_000,
    report: 'a.json',
    level: 'high',
  } as const;
  return {
    ...plan,
    gates: [...plan.gates, audit],
    image: { repository: 'registry.example/api', build: null, digest: DIGEST, insecure: false },
    database: {
      name: 'credlink',
      expand: [{ name: '001_owner.sql', sql: 'select 1', sha256: 'b'.repeat(64) }],
      contract: [{ name: '901_drop.sql', sql: 'select 2', sha256: 'c'.repeat(64) }],
      lockTimeoutMs: 500,
      statementTimeoutMs: 1_000,
      deadlineMs: 10_000,
      approval,
    },
    canary: {
      ...plan.canary,
      steps: [10, 50].flatMap((weight) => [
        { kind: 'setWeight', weight } as const,
        { kind: 'pause', durationMs: 1_000, deadlineMs: 1_000 } as const,
      ]),
    },
    promotion: {
      monitor: {
        success: provider,
        p95Seconds: provider,
        healthy: { success: 0.99, p95Seconds: 0.5 },
        unhealthy: { success: 0.95, p95Seconds: 1 },
        intervalMs: 5_000,
        attempts: 60,
      },
      approval,
    },
    cutover: {
      preview: { path: '/health', status: 200, timeoutMs: 1_000 },
      before: analysis,
      approval,
      pauseMs: null,
      after: analysis,
    },
    flags: {
      onFailure: 'phase',
      ramps: [
        {
          key: 'new-checkout',
          variant: 'on',
          steps: [
            { kind: 'setPercent', percent: 10 },
            { kind: 'analysis', analysis },
            { kind: 'setPercent', percent: 100 },
          ],
        },
      ],
    },
    validation: {
      onFailure: 'release',
      security: {
        auditGate: 'audit',
        headers: { path: '/', required: { 'x-content-type-options': 'nosniff' } },
        image: true,
      },
      performance: {
        path: '/',
        ratePerSecond: 50,
        durationMs: 10_000,
        p95Seconds: 0.5,
        errorShare: 0,
        versusStable: 2,
      },
    },
    window: { durationMs: 60_000 },
    notify: ['ops'],
  };
}

const DONE: readonly [name: string, because: string][] = [
  ['admission', 'plan dddddddddddd, replaces 1.0.0'],
  ['gate-unit-tests', 'exited with 0'],
  ['gate-audit', 'nothing at high'],
  ['image', 'found'],
  ['configuration-1', '1.0.0 → 1.2.0'],
  ['expand-1', 'applied'],
  ['ready', '2 of 2 replicas ready after 2.1 s'],
  ['step-1', 'confirmed by the router'],
  ['step-2', 'over'],
  ['step-3', 'confirmed by the router'],
  ['step-4', 'over'],
  ['monitor', 'success 1, p95 0.1 s'],
  ['promotion', 'approved by ann (identity)'],
  ['cutover-preview', 'three times in a row'],
  ['cutover-before', 'success-rate pass'],
  ['cutover-approval', 'approved by bob (identity)'],
  ['cutover-switch', 'confirmed by the router'],
  ['cutover-after', 'success-rate pass'],
  ['flag-1-1', 'on for 10 % of users'],
  ['flag-1-2', 'success-rate pass'],
  ['flag-1-3', 'on for 100 % of users'],
  ['validation-way-back', 'warm'],
  ['validation-security', 'audit: nothing at high; the image runs as node; 1 of 1 required headers'],
  ['validation-performance', 'p95 0.100 s'],
];

function progress(): Progress[] {
  const done = DONE.map(([name, because], index) => {
    return { name, title: name, state: 'done', because, startedAt: at(index), endedAt: at(index + 1) } as Progress;
  });
  const open = ['validation-checklist', 'window', 'cleanup', 'contract', 'contract-1'].map((name): Progress => {
    return { name, title: name, state: 'waiting', because: '', startedAt: null, endedAt: null };
  });
  return [...done, ...open];
}

function metric(analysis: string): MetricProgress {
  const reading = { at: at(9), value: '[0.999]', beside: '[1]', verdict: 'pass', weight: 10, evidence: '' } as const;
  const counts = { good: 3, failed: 0, inconclusive: 0, errors: 0 };
  const condition = 'result[0] >= 0.99';
  const readings = [reading, reading, reading];
  return { analysis, metric: 'success-rate', query: 'up', condition, state: 'pass', because: '', ...counts, readings };
}

function probe(version: string): Probe {
  const headers = { 'x-content-type-options': 'nosniff' };
  return { at: at(13), url: 'http://127.0.0.1:20001/', status: 200, headers, seconds: 0.01, error: null, version };
}

const side: LoadSide = { requests: 500, failed: 0, p50Seconds: 0.05, p95Seconds: 0.1, p99Seconds: 0.2, late: 0 };

export function wholeStatus(): ReleaseStatus {
  const report = { verdict: 'pass', because: 'fine', durationMs: 10, exitCode: 0, log: null } as const;
  return {
    id: 'release-production-credlink-api',
    service: 'credlink-api',
    environment: 'production',
    version: '1.2.0',
    from: '1.0.0',
    planDigest: 'd'.repeat(64),
    startedAt: at(0),
    startedBy: 'ci@pipeline',
    phase: 'validation',
    outcome: null,
    because: '',
    weights: { '1.2.0': 100 },
    progress: progress(),
    gates: [
      { name: 'unit-tests', ...report },
      { name: 'audit', ...report },
    ],
    metrics: ['background', 'cutover-before', 'cutover-after', 'flag-1-2'].map(metric),
    waiting: null,
    decisions: [],
    continued: 0,
    image: {
      reference: `registry.example/api:1.2.0@${DIGEST}`,
      digest: DIGEST,
      how: 'found',
      because: 'the registry has it',
      user: 'node',
    },
    migrations: [{ kind: 'expand', name: '001_owner.sql', outcome: 'applied', because: 'in 12 ms' }],
    flags: [{ key: 'new-checkout', variant: 'on', from: 0, percent: 100, revision: 'r3' }],
    looks: {
      preview: probe('1.2.0'),
      warm: probe('1.0.0'),
      headers: probe('1.2.0'),
      load: { at: at(20), live: side, preview: side },
    },
    told: 12,
  };
}

/** A Rollout of Argo's that has been given the image. */
export function drivenTo(phase: 'Healthy' | 'Progressing'): NonNullable<ReleaseStatus['rollout']> {
  const [image, found] = ['registry.example/api:1.2.0', 'registry.example/api:1.0.0'];
  return {
    name: 'shop',
    image,
    found,
    stable: found,
    since: 0,
    givenAt: 1,
    seen: {
      image,
      version: '1.2.0',
      stable: { image, version: '1.2.0' },
      phase,
      because: '',
      observed: true,
      promoted: true,
      aborted: false,
      promotingFully: false,
      held: false,
      step: null,
      steps: 2,
      openPauses: 0,
      pause: null,
      weights: { '1.2.0': 100 },
      pods: { updated: 2, available: 2, wanted: 2 },
      analyses: [],
      progressDeadlineMs: 600_000,
      maySkip: false,
      mark: 'now',
    },
  };
}
