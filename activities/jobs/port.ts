import type { KubernetesJob } from '../../src/plan/plan.ts';
import type { Reading } from '../metrics/port.ts';

/** One reading of one metric, which has one Job. */
export interface JobReading {
  /** `workflowId/firstRunId/analysis/metric/number`. */
  readonly key: string;
  readonly metric: string;
  /** Counts the metric's readings, from 1. */
  readonly number: number;
}

export interface JobPlace {
  readonly service: string;
  /** A cluster that the worker's policy knows by this name. */
  readonly cluster: string;
  readonly namespace: string;
}

export interface RunKubernetesJobRequest extends JobPlace {
  readonly reading: JobReading;
  readonly job: KubernetesJob;
  /** The release's first run, by which its Jobs are found: the label `shiplock.dev/release`. */
  readonly release: string;
  /** What is still running after this time is ended: its own deadline, and what its controller takes to see it. */
  readonly deadlineMs: number;
  /** How many Jobs of this metric are kept, where they have not gone by themselves. */
  readonly kept: number;
}

export interface EndKubernetesJobsRequest extends JobPlace {
  readonly readings: readonly JobReading[];
}

export interface JobActivities {
  /**
   * Runs a metric's Job and follows it to its end; however it ends is a reading, its report (`JobReport`) in `raw`. An
   * attempt after another one, of any worker, follows the same Job; one that an earlier, cancelled request left is ended
   * first. A cancelled request ends its Job; a worker that stops does not.
   */
  runKubernetesJob(request: RunKubernetesJobRequest): Promise<Reading>;
  /** Deletes the Jobs of these readings, with their pods, where they still run; ended ones stay until their time is up. */
  endKubernetesJobs(request: EndKubernetesJobsRequest): Promise<void>;
}

/** How a Job ended, as JSON in its reading's `raw`; judged as a command's is. */
export interface KubernetesJobReport {
  /** `exited`: by itself. `killed`: for its memory, or its node. `notStarted`: its image cannot be had. */
  readonly end: 'exited' | 'killed' | 'timedOut' | 'notStarted';
  /** Of the container that decided; `null` where none exited by itself. */
  readonly exitCode: number | null;
  /** One sentence for people. */
  readonly because: string;
  /** How many pods have ended. */
  readonly attempts: number;
  /** The Job's name: Argo's `metadata['job-name']`. */
  readonly job: string;
}
