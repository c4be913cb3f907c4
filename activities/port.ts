import type { AdmissionActivities } from './admission/port.ts';
import type { AttestationActivities } from './attestation/port.ts';
import type { ConfigurationActivities } from './configuration/port.ts';
import type { GateActivities } from './gates/port.ts';
import type { MetricsActivities } from './metrics/port.ts';
import type { TrafficActivities } from './traffic/port.ts';
import type { WorkloadActivities } from './workload/port.ts';

/** Everything the workflow may ask of the world: on the queue `shiplock`. */
export type QuickActivities = AdmissionActivities &
  AttestationActivities &
  WorkloadActivities &
  TrafficActivities &
  MetricsActivities;

/** On a build worker's queue: work that is long or needs the working copy. */
export type BuildActivities = GateActivities & ConfigurationActivities;
