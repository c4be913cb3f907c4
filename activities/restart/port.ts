import type { Plan } from '../../src/plan/plan.ts';
import type { Whereabouts } from '../../src/plan/target.ts';
import type { PodLimit } from '../../src/rollout/budget.ts';

export interface BeginRestartRequest {
  /** Of the release file; only its service, environment, and target are used. */
  readonly plan: Plan;
  /** The first run of this restart. */
  readonly firstRunId: string;
}

/** A revision and its pods as the restart found them. */
export interface RevisionToRestart {
  readonly version: string;
  /** UIDs: what was there is known whatever the clocks of the servers say. */
  readonly pods: readonly string[];
}

export interface BegunRestart {
  /** SHA-256 of the plan's canonical JSON, hex. */
  readonly planDigest: string;
  /** SHA-256 of the worker's policy, hex. */
  readonly policyDigest: string;
  /** Who started it, as the server's history has it. */
  readonly startedBy: { readonly identity: string; readonly principal: string | null };
  /** In the order in which they are restarted; empty where the platform counts its pods itself. */
  readonly revisions: readonly RevisionToRestart[];
}

/** What a restart waits for: pods that come, or a PodDisruptionBudget that lets one go. */
export type RestartWait = 'replacements' | 'disruptionBudget';

export interface RestartPodsRequest extends Whereabouts {
  readonly revisions: readonly RevisionToRestart[];
  /** When the restart was asked for; epoch milliseconds, the workflow's clock. */
  readonly sinceMs: number;
  /** It is over then, whatever is left; epoch milliseconds, the workflow's clock. */
  readonly untilMs: number;
  /** Of a revision's pods; rounded down, but at least one. */
  readonly maxUnavailable: PodLimit;
  /** As it is shown now: what differs is reported at once, the rest now and then. */
  readonly shown: Pick<RestartProgress, 'waitsFor' | 'replaced'>;
}

export interface RestartProgress {
  readonly done: boolean;
  /** Pods of before that are gone. */
  readonly replaced: number;
  readonly waitsFor: RestartWait;
  /** One sentence. */
  readonly because: string;
}

/** What a platform does for a restart. */
export interface RestartPlatform {
  /** @throws SHIPLOCK_PLATFORM_UNSUPPORTED where pods cannot be restarted there */
  podsToRestart(where: Whereabouts): Promise<readonly RevisionToRestart[]>;
  /**
   * Goes on with a restart: each pod of before is evicted once, and those that came since never. Heartbeats; returns
   * when all is done, when it waits for something else than is shown, and now and then between.
   */
  restartPods(request: RestartPodsRequest): Promise<RestartProgress>;
}

export interface RestartActivities {
  /**
   * Validates the plan again, applies the worker's policy, and looks at what runs. Fails, not retryably, with
   * `SHIPLOCK_PLAN_INVALID`, `SHIPLOCK_POLICY_REFUSED` or `SHIPLOCK_KUBERNETES_FORBIDDEN`.
   */
  beginRestart(request: BeginRestartRequest): Promise<BegunRestart>;
  restartPods: RestartPlatform['restartPods'];
}
