import type { Whereabouts } from '../../src/plan/target.ts';

/** A Rollout as its own controller sees it, and what of that a release has to know. */
export interface RolloutState {
  /** The container's image in the specification, and the version that it names. */
  readonly image: string;
  readonly version: string;
  /** What the controller holds for stable; `null` before its first rollout is done. */
  readonly stable: { readonly image: string; readonly version: string } | null;
  /** As Argo's plugin says it; `Progressing` also while the controller has yet to take up what was written. */
  readonly phase: 'Healthy' | 'Progressing' | 'Paused' | 'Degraded';
  /** Why, as the controller says; empty where it says nothing. */
  readonly because: string;
  /** What was written last, by whomever, is what the controller works on. */
  readonly observed: boolean;
  /** The specification's pods are the stable ones. */
  readonly promoted: boolean;
  readonly aborted: boolean;
  readonly promotingFully: boolean;
  /** Somebody set `spec.paused`. */
  readonly held: boolean;
  /** The canary's step; `null` where there is none, also after the last. */
  readonly step: StepState | null;
  /** How many steps the canary has; 0: blue-green, or none. */
  readonly steps: number;
  /** Pauses without an end that are yet to come, or are under way: at each, somebody is asked. */
  readonly openPauses: number;
  readonly pause: PauseState | null;
  /** Percent of the traffic by version; of the pods where no router is asked. */
  readonly weights: Readonly<Record<string, number>>;
  /** Pods of both sides, for people. */
  readonly pods: { readonly updated: number; readonly available: number; readonly wanted: number };
  readonly analyses: readonly AnalysisState[];
  /** How long the controller itself waits for progress. */
  readonly progressDeadlineMs: number;
  /** The controller may skip steps, pauses and analyses of an earlier version by itself (`rollbackWindow`). */
  readonly maySkip: boolean;
  /** Differs where anything differs that is worth telling. */
  readonly mark: string;
}

export interface StepState {
  /** From 0, as the controller counts. */
  readonly index: number;
  /** `set weight 25 %`, `pause`, `analysis success-rate`. */
  readonly title: string;
  /** The controller itself waits here for what an analysis, an experiment or a plugin finds. */
  readonly judges: boolean;
}

export interface PauseState {
  /** Argo's: `CanaryPauseStep`, `BlueGreenPause`, `InconclusiveAnalysisRun`, `InconclusiveExperiment`. */
  readonly reason: string;
  /** RFC 3339. */
  readonly since: string;
  /** `null`: without an end. */
  readonly durationMs: number | null;
}

/** One AnalysisRun of the present revision. */
export interface AnalysisState {
  readonly name: string;
  /** `step`, `background`, and of a blue-green Rollout `before` and `after` the switch. */
  readonly role: 'step' | 'background' | 'before' | 'after';
  /** Argo's: `Pending`, `Running`, `Successful`, `Failed`, `Error`, `Inconclusive`. */
  readonly phase: string;
  readonly because: string;
  readonly metrics: readonly AnalysisMetric[];
}

export interface AnalysisMetric {
  readonly name: string;
  readonly phase: string;
  readonly because: string;
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly errors: number;
  /** What it measured last, as the controller wrote it down; the newest is the last one. At most three. */
  readonly values: readonly string[];
}

/** Of a target whose platform is `argo`. */
export type RolloutRequest = Whereabouts;

interface FencedRequest extends RolloutRequest {
  /** A lower number than the Rollout has seen is refused (`SHIPLOCK_FENCE_STALE`, not retried). */
  readonly fence: number;
}

export interface SetImageRequest extends FencedRequest {
  /** What the container shall run. */
  readonly image: string;
  /** What was found before; anything else there is somebody else's work: `drifted`. */
  readonly from: string;
}

export interface ImageSet {
  readonly outcome: 'written' | 'unchanged' | 'drifted';
  /** The image that is there now. */
  readonly image: string;
}

export interface AwaitChangeRequest extends RolloutRequest {
  /** That of the state that is known. */
  readonly mark: string;
  /** Counted from `sinceMs` (epoch milliseconds, the workflow's clock). */
  readonly deadlineMs: number;
  readonly sinceMs: number;
}

export interface PromoteRequest extends FencedRequest {
  /** The image whose rollout is meant. */
  readonly image: string;
  /** The step at which it waits, from 0; `null`: none, as of a blue-green Rollout. Another one is never ended by this. */
  readonly step: number | null;
  /** When the pause began, RFC 3339: another pause at the same step is another one. `null`: `spec.paused`. */
  readonly since: string | null;
}

export interface RolloutOfImage extends FencedRequest {
  readonly image: string;
}

export interface HoldRequest extends RolloutOfImage {
  /** `spec.paused`: the controller goes no further. */
  readonly held: boolean;
}

export interface RestoreRequest extends FencedRequest {
  /** What this release set, or was about to. */
  readonly image: string;
  /** What was there then; where it still is, it stays. Anything else is left alone, and the activity fails: not retried. */
  readonly found: string;
  /** Of the stable side: what is put back. */
  readonly stable: string;
  /** As in `AwaitChangeRequest`. */
  readonly deadlineMs: number;
  readonly sinceMs: number;
}

export interface Restored {
  /** All traffic is back where it was. */
  readonly done: boolean;
  readonly because: string;
  readonly weights: Readonly<Record<string, number>>;
}

/** What became of a request that only counts in one situation. */
export interface Answered {
  readonly outcome: 'written' | 'unchanged';
  readonly because: string;
}

/**
 * Drives a Rollout by the API that its own controller offers people: an image in the specification, patches of the
 * status. All writes are compare-and-set on the object that was looked at, and on its step.
 */
export interface RolloutActivities {
  describeRollout(request: RolloutRequest): Promise<RolloutState>;
  setRolloutImage(request: SetImageRequest): Promise<ImageSet>;
  /** Heartbeats. Returns when something worth telling is not as `mark` has it, or at the deadline. */
  awaitRolloutChange(request: AwaitChangeRequest): Promise<RolloutState>;
  /** Ends the pause that is named, and nothing else: never skips an analysis. `unchanged`: it is over already. */
  promoteRollout(request: PromoteRequest): Promise<Answered>;
  /** Skips what is left of the rollout of this image, analyses too. */
  promoteRolloutFully(request: RolloutOfImage): Promise<Answered>;
  /** All traffic back to stable; the image stays. */
  abortRollout(request: RolloutOfImage): Promise<Answered>;
  /** Begins an aborted rollout of this image anew. */
  retryRollout(request: RolloutOfImage): Promise<Answered>;
  holdRollout(request: HoldRequest): Promise<Answered>;
  /**
   * The way back, from wherever it stands: aborts, puts the image back, and skips the steps of a stable side that was
   * replaced already. Heartbeats; at the deadline it returns how far it came.
   */
  restoreRollout(request: RestoreRequest): Promise<Restored>;
}
