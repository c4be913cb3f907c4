import type { AdmissionActivities } from './admission/port.ts';
import type { AttestationActivities } from './attestation/port.ts';
import type { ConfigurationActivities } from './configuration/port.ts';
import type { DatabaseActivities } from './database/port.ts';
import type { FlagActivities } from './flags/port.ts';
import type { GateActivities } from './gates/port.ts';
import type { ImageActivities } from './image/port.ts';
import type { JobActivities } from './jobs/port.ts';
import type { MetricsActivities } from './metrics/port.ts';
import type { NotifyActivities } from './notify/port.ts';
import type { RestartActivities } from './restart/port.ts';
import type { RolloutActivities } from './rollout/port.ts';
import type { TrafficActivities } from './traffic/port.ts';
import type { ValidationActivities } from './validation/port.ts';
import type { WorkloadActivities } from './workload/port.ts';

/** Everything the workflow may ask of the world: on the queue `shiplock`. */
export type QuickActivities = AdmissionActivities &
  AttestationActivities &
  WorkloadActivities &
  TrafficActivities &
  RolloutActivities &
  MetricsActivities &
  JobActivities &
  DatabaseActivities &
  FlagActivities &
  ValidationActivities &
  RestartActivities;

/** On a build worker's queue: work that is long or needs the working copy. */
export type BuildActivities = GateActivities & ImageActivities & ConfigurationActivities;

/** On the queue `shiplock-notify`. */
export type TellingActivities = NotifyActivities;
