import type { Gate, JobCommand } from '../../src/plan/plan.ts';
import type { Reading } from '../metrics/port.ts';

export interface RunGateRequest {
  readonly gate: Gate;
  /** `workflowId/runId/gate`: where its log is stored, and what makes a retry the same gate. */
  readonly key: string;
  /** Of the release, by which a policy maps addresses; only of a gate that asks one. */
  readonly environment?: string;
}

export interface GateReport {
  /** `inconclusive`: it could not be shown either way (an audit that could not be made, a report that is missing). */
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  /** One sentence for people. */
  readonly because: string;
  readonly durationMs: number;
  readonly exitCode: number | null;
  /** The stored output; `null` where nothing ran. */
  readonly log: GateLog | null;
}

export interface GateLog {
  readonly file: string;
  readonly sha256: string;
  /** Bytes that the command wrote. */
  readonly bytes: number;
  /** Bytes that were kept (the first and the last ones). */
  readonly kept: number;
  /** The last lines, at most 2,000 characters, for the page. */
  readonly tail: string;
}

export interface RunJobRequest {
  readonly job: JobCommand;
  /** Absolute: the job's own directory, or the target's. */
  readonly directory: string;
  /** `workflowId/runId/analysis/metric/reading`: where its logs are stored, and what makes a retry the same job. */
  readonly key: string;
}

/** How a job ended, as JSON in its reading's `raw`. */
export interface JobReport {
  /** Of the last attempt. `timedOut`: the time for all attempts was up. */
  readonly end: 'exited' | 'killed' | 'timedOut' | 'notStarted';
  /** Of the last attempt; `null` where it did not exit by itself. */
  readonly exitCode: number | null;
  /** One sentence for people. */
  readonly because: string;
  /** How often the command was started. */
  readonly attempts: number;
  /** Of all attempts and the pauses between them. */
  readonly durationMs: number;
  readonly command: readonly string[];
  /** The stored output of each attempt. */
  readonly logs: readonly Pick<GateLog, 'file' | 'sha256' | 'bytes'>[];
  /** The last lines of the last attempt, at most 2,000 characters. */
  readonly tail: string;
}

export interface GateActivities {
  /** Answered by any build worker: the queue of the host that will run this release's gates, where its files are. */
  claimBuildHost(): Promise<{ readonly taskQueue: string }>;
  runGate(request: RunGateRequest): Promise<GateReport>;
  /** A metric's job. However its command ends is a reading; only a cancelled or lost activity is none. */
  runJob(request: RunJobRequest): Promise<Reading>;
}
