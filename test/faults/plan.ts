/** Plans that take seconds and need no traffic, and the policy under which workers carry them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnalysisPlan, LocalTarget, Plan, Step, Target } from '../../src/plan/plan.ts';

export const WORKLOAD = fileURLToPath(new URL('../fixtures/workload', import.meta.url));
export const SAMPLE_SERVICE = fileURLToPath(new URL('../../infra/sample-service', import.meta.url));

export const STABLE = '1.0.0';
export const CANARY = '1.1.0';
export const ENVIRONMENT = 'faults';

export const POLICY = {
  services: ['*'],
  environments: [ENVIRONMENT],
  platforms: ['local'],
  commands: [
    ['node', 'server.ts'],
    ['node', 'main.ts'],
    ['node', '--version'],
  ],
  directories: [WORKLOAD, SAMPLE_SERVICE],
  workloadEnvironment: ['NEVER_READY', 'UNREADY_FILE', 'SAMPLE_*'],
  prometheus: { '*': 'embedded' },
};

/** An analysis of one metric, read each second. The default holds without any traffic. */
export function analysisOf(query = 'vector(1)', minimumReadings = 1): AnalysisPlan {
  return {
    templates: ['faults'],
    metrics: [
      {
        name: 'health',
        provider: { kind: 'prometheus', address: 'http://prometheus', query, timeoutMs: 2_000 },
        intervalMs: 1_000,
        count: null,
        initialDelayMs: 0,
        successCondition: 'result[0] >= 0.99',
        failureCondition: null,
        failureLimit: 0,
        inconclusiveLimit: 0,
        consecutiveErrorLimit: 2,
      },
    ],
    minimumReadings,
    inconclusiveDeadlineMs: 5_000,
    deadlineMs: 60_000,
  };
}

export const weight = (percent: number): Step => ({ kind: 'setWeight', weight: percent });
export const pause = (durationMs: number): Step => ({ kind: 'pause', durationMs, deadlineMs: 60_000 });
/** Waits for `promote`; nobody sends one here, so an abort ends it. */
export const openPause = (): Step => ({ kind: 'pause', durationMs: null, deadlineMs: OPEN_PAUSE_MS });
/** An odd number, by which the timer of an open pause is recognised in a history. */
export const OPEN_PAUSE_MS = 61_007;

export const valuesFile = (folder: string, service: string): string => join(folder, service, 'values.yaml');

/** What the values file says before a release. */
export const OLD_DIGEST = `sha256:${'0'.repeat(64)}`;

/** What the values file says while this version is configured. */
export const values = (version: string, digest = OLD_DIGEST): string =>
  `# kept\nimage:\n  tag: ${version} # written by releases\n  digest: ${digest}\n`;

interface Short {
  readonly service: string;
  readonly folder: string;
  readonly steps: readonly Step[];
  readonly changes?: Partial<Omit<Plan, 'target'>>;
}

/** Two weights beside a background analysis, one gate, one edited file, a window of a second. */
export function shortPlan(options: Short): Plan & { readonly target: LocalTarget } {
  const { service } = options;
  return shortPlanFor(
    {
      platform: 'local',
      command: ['node', 'server.ts'],
      directory: WORKLOAD,
      environment: {},
      replicas: 1,
      readinessPath: '/ready',
      stableService: `${service}-stable`,
      canaryService: `${service}-canary`,
    },
    options,
  );
}

/** The same for another platform. */
export function shortPlanFor<T extends Target>(target: T, options: Short): Plan & { readonly target: T } {
  const { service, folder } = options;
  mkdirSync(join(folder, service), { recursive: true });
  writeFileSync(valuesFile(folder, service), values(STABLE));
  return {
    format: 1,
    service,
    environment: ENVIRONMENT,
    version: CANARY,
    target,
    gates: [{ kind: 'command', name: 'runs', directory: WORKLOAD, timeoutMs: 30_000, command: ['node', '--version'] }],
    configuration: [{ kind: 'helm', file: valuesFile(folder, service), field: 'image.tag' }],
    canary: {
      steps: options.steps,
      background: { startingStep: 0, analysis: analysisOf() },
      readyDeadlineMs: 30_000,
    },
    promotion: { monitor: null, approval: null },
    window: { durationMs: 1_000 },
    ...options.changes,
  };
}
