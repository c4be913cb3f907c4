import type { SurgePlan, Target, Whereabouts } from '../../src/plan/target.ts';

/** What runs of one service, as its platform sees it. */
export interface WorkloadState {
  /** The version that carries the stable role; `null` before a first release. */
  readonly stable: string | null;
  readonly canary: string | null;
  /** Percent of traffic by version. Empty where nothing is served yet; else sums to 100. */
  readonly weights: Readonly<Record<string, number>>;
  readonly revisions: readonly RevisionState[];
  /** An autoscaler says how many pods the stable revision has, which a release holds meanwhile; absent: none does. */
  readonly autoscaled?: true;
  /** Versions that were stable, each once, the latest last; absent where the platform does not remember. */
  readonly history?: readonly string[];
}

export interface RevisionState {
  readonly version: string;
  readonly replicas: number;
  readonly ready: number;
  readonly restarts: number;
  /** Why replicas are not ready, or have restarted, in words; empty when all are ready and none has. */
  readonly because: string;
}

interface FencedRequest extends Whereabouts {
  /** Adapters refuse a lower number than they have seen (`SHIPLOCK_FENCE_STALE`, not retried). */
  readonly fence: number;
}

export interface StartRevisionRequest extends FencedRequest {
  readonly version: string;
  readonly target: Target;
  /** With so many pods; absent: as many as the target says. */
  readonly replicas?: number;
}

export interface ScaleRequest extends FencedRequest {
  /** How many pods each of these versions shall have; of others nothing changes. What is not there has none. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Counted from `sinceMs`, as in `AwaitReadyRequest`. */
  readonly deadlineMs: number;
  readonly sinceMs: number;
  /** Where the pods are the traffic: no more and no fewer than these allow at any time. */
  readonly within?: SurgePlan;
}

export interface StartBaselineRequest extends FencedRequest {
  /** The name of the new revision. */
  readonly version: string;
  /** The version that it runs: the stable one. */
  readonly of: string;
  readonly replicas: number;
  /** The name under which its metrics are found. */
  readonly baselineService: string;
}

export interface AwaitReadyRequest extends Whereabouts {
  readonly version: string;
  readonly deadlineMs: number;
  /**
   * How the deadline is counted: from `sinceMs` (epoch milliseconds, the workflow's clock), so that a retried
   * activity does not start it anew.
   */
  readonly sinceMs: number;
}

export interface Readiness {
  readonly ready: boolean;
  /** One sentence: `3 of 3 replicas ready after 2.1 s`, or why not. */
  readonly because: string;
}

export interface RemoveRevisionRequest extends FencedRequest {
  readonly version: string;
}

export interface SetRolesRequest extends FencedRequest {
  readonly stable: string | null;
  readonly canary: string | null;
}

/** Revisions of a service. Every write is idempotent and fenced; a revision that carries traffic cannot be removed. */
export interface WorkloadActivities {
  describeWorkload(request: Whereabouts): Promise<WorkloadState>;
  startRevision(request: StartRevisionRequest): Promise<void>;
  /**
   * Changes how many pods revisions have, and waits until they are ready (or gone); where the platform's pods are the
   * traffic, step by step within the plan's surge. Heartbeats; returns `ready: false` at the deadline.
   */
  scaleRevisions(request: ScaleRequest): Promise<Readiness>;
  /** A fresh copy of a revision that runs, for comparisons. */
  startBaseline(request: StartBaselineRequest): Promise<void>;
  /** Heartbeats; returns `ready: false` at the deadline instead of failing. */
  awaitReady(request: AwaitReadyRequest): Promise<Readiness>;
  removeRevision(request: RemoveRevisionRequest): Promise<void>;
  setRoles(request: SetRolesRequest): Promise<void>;
}
