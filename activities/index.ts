import { type AdmissionDependencies, createAdmissionActivities } from './admission/index.ts';
import { createAttestationActivities } from './attestation/index.ts';
import { type ConfigurationDependencies, createConfigurationActivities } from './configuration/index.ts';
import { createDatabaseActivities, type DatabaseDependencies } from './database/index.ts';
import type { FlagActivities } from './flags/port.ts';
import { createGateActivities, type GateDependencies } from './gates/index.ts';
import { createImageActivities, type ImageDependencies } from './image/index.ts';
import { createJobActivities, type JobDependencies } from './jobs/index.ts';
import { createMetricsActivities, type MetricsDependencies } from './metrics/index.ts';
import { createNotifyActivities, type NotifyDependencies } from './notify/index.ts';
import type { BuildActivities, QuickActivities, TellingActivities } from './port.ts';
import { createRestartActivities, type RestartDependencies } from './restart/index.ts';
import type { RolloutActivities } from './rollout/port.ts';
import type { TrafficActivities } from './traffic/port.ts';
import { createValidationActivities, type ValidationDependencies } from './validation/index.ts';
import type { WorkloadActivities } from './workload/port.ts';

export type { BuildActivities, QuickActivities, TellingActivities } from './port.ts';

export interface QuickDependencies {
  readonly admission: Omit<AdmissionDependencies, 'describeWorkload'>;
  readonly metrics: MetricsDependencies;
  readonly jobs: JobDependencies;
  /** The platform's adapters. */
  readonly workload: WorkloadActivities;
  readonly traffic: TrafficActivities;
  /** Of the platform `argo`. */
  readonly rollout: RolloutActivities;
  readonly database: DatabaseDependencies;
  readonly flags: FlagActivities;
  readonly validation: ValidationDependencies;
  readonly restart: RestartDependencies;
}

export interface BuildDependencies {
  readonly gates: GateDependencies;
  readonly configuration: ConfigurationDependencies;
  readonly image: ImageDependencies;
}

/** What a worker of the queue `shiplock` registers. */
export function createQuickActivities({
  admission,
  metrics,
  jobs,
  workload,
  traffic,
  rollout,
  database,
  flags,
  validation,
  restart,
}: QuickDependencies): QuickActivities {
  return {
    ...createAdmissionActivities({ ...admission, describeWorkload: workload.describeWorkload }),
    ...createAttestationActivities(),
    ...createMetricsActivities(metrics),
    ...createJobActivities(jobs),
    ...workload,
    ...traffic,
    ...rollout,
    ...createDatabaseActivities(database),
    ...flags,
    ...createValidationActivities(validation),
    ...createRestartActivities(restart),
  };
}

/** What a build worker registers, on `shiplock-build` and on its host's own queue. */
export function createBuildActivities({ gates, configuration, image }: BuildDependencies): BuildActivities {
  return {
    ...createGateActivities(gates),
    ...createConfigurationActivities(configuration),
    ...createImageActivities(image),
  };
}

/** What a worker of the queue `shiplock-notify` registers. */
export function createTellingActivities(notify: NotifyDependencies): TellingActivities {
  return createNotifyActivities(notify);
}
