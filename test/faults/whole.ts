/** A plan with every phase, each as short as it can be. */
import { createHash } from 'node:crypto';
import type { AnalysisPlan, ApprovalPlan, FlagStep, Migration, Plan } from '../../src/plan/plan.ts';
import { analysisOf, CANARY, pause, shortPlan, valuesFile, weight } from './plan.ts';

export const DATABASE = 'faults';
export const MESSAGES = 'faults';
export const flagOf = (service: string): string => `flag-of-${service}`;

/** An odd number, by which the timer of the contract's approval is recognised in a history. */
export const APPROVAL_MS = 61_011;

const APPROVAL: ApprovalPlan = { deadlineMs: APPROVAL_MS, requires: 'anonymous', quorum: 1, notStarter: false };

/** Each adds a line to the table `effects`, so one that ran twice would be seen. */
export function migration(service: string, name: string, change: string): Migration {
  const sql = `${change};\nINSERT INTO effects (service, effect) VALUES ('${service}', '${name}');\n`;
  return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
}

/** One reading, no later ones. */
const once = (query: string): AnalysisPlan => {
  const analysis = analysisOf(query);
  return { ...analysis, metrics: analysis.metrics.map((metric) => ({ ...metric, intervalMs: null, count: 1 })) };
};

export function wholePlan(options: {
  readonly service: string;
  readonly folder: string;
  /** `localhost:PORT`, where one is. */
  readonly registry: string | null;
  readonly application: string;
  /** Of the analysis between two steps of the flag. */
  readonly flagQuery: string;
  readonly windowMs: number;
  readonly contract: boolean;
}): Plan {
  const { service, folder, registry, application, flagQuery, windowMs } = options;
  const ramp: FlagStep[] = [
    { kind: 'setPercent', percent: 50 },
    { kind: 'analysis', analysis: once(flagQuery) },
    { kind: 'setPercent', percent: 100 },
  ];
  const plan = shortPlan({ service, folder, steps: [weight(20), pause(500), weight(50)] });
  const onDisk = { kind: 'helm', file: valuesFile(folder, service), field: 'image.digest', carries: 'digest' } as const;
  return {
    ...plan,
    ...(registry
      ? {
          image: {
            repository: `${registry}/faults/${service}`,
            build: { directory: application, file: 'Dockerfile', timeoutMs: 60_000 },
            digest: null,
            insecure: true,
          },
          configuration: [...plan.configuration, onDisk],
        }
      : {}),
    database: {
      name: DATABASE,
      expand: [
        migration(service, '001_owner.sql', `ALTER TABLE "${service}" ADD COLUMN owner text`),
        migration(service, '002_since.sql', `ALTER TABLE "${service}" ADD COLUMN since timestamptz`),
      ],
      contract: options.contract
        ? [migration(service, '003_name.sql', `ALTER TABLE "${service}" DROP COLUMN name`)]
        : [],
      lockTimeoutMs: 500,
      statementTimeoutMs: 10_000,
      deadlineMs: 30_000,
      approval: APPROVAL,
    },
    cutover: {
      preview: { path: '/health', status: 200, timeoutMs: 5_000 },
      before: null,
      approval: null,
      pauseMs: null,
      after: once('vector(1)'),
    },
    flags: { ramps: [{ key: flagOf(service), variant: 'on', steps: ramp }], onFailure: 'phase' },
    validation: {
      onFailure: 'release',
      security: {
        auditGate: null,
        headers: { path: '/health', required: { 'x-service-version': CANARY } },
        image: registry !== null,
      },
      // A load measures the machine, which is busy here, and waits for a person where it shows nothing.
      performance: null,
    },
    window: { durationMs: windowMs },
    notify: [MESSAGES],
  };
}
