import type { Gate } from '../../src/plan/plan.ts';

export interface RunGateRequest {
  readonly gate: Gate;
  /** `workflowId/runId/gate`: where its log is stored, and what makes a retry the same gate. */
  readonly key: string;
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

export interface GateActivities {
  /** Answered by any build worker: the queue of the host that will run this release's gates, where its files are. */
  claimBuildHost(): Promise<{ readonly taskQueue: string }>;
  runGate(request: RunGateRequest): Promise<GateReport>;
}
