/** A plan with every phase, each as short as it can be; nobody is asked but before the contract. */
import { createHash } from 'node:crypto';
import type { DatabasePlan, FlagRamp, Migration, Plan } from '../../src/plan/plan.ts';
import { withTexts } from '../../src/plan/provider.ts';
import { APPROVAL, analysisOf, METRIC, MINUTE, openPause, plainPlan, weight } from './invariants-plans.ts';

export const FLAG = 'new-checkout';
export const EXPANDS = ['001_add_owner.sql', '002_index_owner.sql'];
export const CONTRACTS = ['003_drop_name.sql', '004_drop_title.sql'];

const SQL = 'select 1';
const sha256 = createHash('sha256').update(SQL).digest('hex');
const migration = (name: string): Migration => ({ name, sql: SQL, sha256 });

export const DATABASE: DatabasePlan = {
  name: 'main',
  expand: EXPANDS.map(migration),
  contract: CONTRACTS.map(migration),
  lockTimeoutMs: 500,
  statementTimeoutMs: 30_000,
  deadlineMs: 5 * MINUTE,
  approval: APPROVAL,
};

/** Bad answers of the flag's own side take the ramp back. */
export const FLAG_QUERY = 'flag_errors';
export const RAMP: FlagRamp = {
  key: FLAG,
  variant: 'on',
  steps: [
    { kind: 'setPercent', percent: 10 },
    {
      kind: 'analysis',
      analysis: analysisOf({
        metrics: [
          {
            ...METRIC,
            name: 'flag-errors',
            provider: withTexts(METRIC.provider, () => FLAG_QUERY),
            successCondition: 'result[0] < 0.05',
            intervalMs: null,
            count: 1,
            initialDelayMs: 0,
          },
        ],
      }),
    },
    { kind: 'setPercent', percent: 100 },
  ],
};

export function wholePlan(changes: Partial<Plan> = {}): Plan {
  const plan = plainPlan({ steps: [weight(10), weight(50)] });
  return {
    ...plan,
    image: { repository: 'localhost:5000/api', build: null, digest: null, insecure: true },
    configuration: [
      ...plan.configuration,
      { kind: 'helm', file: '/digest.yaml', field: 'image.digest', carries: 'digest' },
    ],
    database: DATABASE,
    cutover: {
      preview: { path: '/health', status: 200, timeoutMs: 5_000 },
      before: null,
      approval: null,
      pauseMs: null,
      after: null,
    },
    flags: { ramps: [RAMP], onFailure: 'phase' },
    validation: {
      onFailure: 'release',
      security: {
        auditGate: null,
        headers: { path: '/health', required: { 'x-content-type-options': 'nosniff' } },
        image: true,
      },
      performance: {
        path: '/',
        ratePerSecond: 50,
        durationMs: 10_000,
        p95Seconds: 0.5,
        errorShare: 0.01,
        versusStable: 2,
      },
    },
    notify: ['deploys'],
    ...changes,
  };
}

/** The same, stopped in its ramp. */
export function heldInRamp(): Plan {
  const plan = wholePlan();
  return { ...plan, canary: { ...plan.canary, steps: [weight(10), openPause] } };
}
