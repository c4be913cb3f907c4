/** The steps of a canary's ramp: plain data, see `plan.ts`. */

import type { AnalysisPlan } from './metric-plan.ts';
import type { RequestMatch } from './routes.ts';
import type { CanaryScale } from './target.ts';

export type Step =
  | SetWeightStep
  | PauseStep
  | AnalysisStep
  // Of platforms with a router alone.
  | SetCanaryScaleStep
  | SetHeaderRouteStep
  | SetMirrorRouteStep;

export interface SetWeightStep {
  readonly kind: 'setWeight';
  /** Percent of traffic for the canary, 0..100. */
  readonly weight: number;
}

/** How many pods the canary has, whatever its weight, until another such step or the end of the ramp. */
export interface SetCanaryScaleStep {
  readonly kind: 'setCanaryScale';
  readonly scale: CanaryScale;
}

/** Requests that fit any of the matches go to the canary, until the route is removed or the ramp ends. */
export interface SetHeaderRouteStep {
  readonly kind: 'setHeaderRoute';
  /** One of the target's `managedRoutes`. */
  readonly name: string;
  /** Each is of headers alone. Empty: the route is removed. */
  readonly matches: readonly RequestMatch[];
}

/** Of requests that fit any of the matches, a part is also sent to the canary; its answers are thrown away. */
export interface SetMirrorRouteStep {
  readonly kind: 'setMirrorRoute';
  readonly name: string;
  /** Empty: the route is removed. */
  readonly matches: readonly RequestMatch[];
  /** 0..100. */
  readonly percentage: number;
}

export interface PauseStep {
  readonly kind: 'pause';
  /** `null`: waits for `promote`, at most `deadlineMs`. */
  readonly durationMs: number | null;
  /** For an open pause: after this time without an answer the release goes back. */
  readonly deadlineMs: number;
}

export interface AnalysisStep {
  readonly kind: 'analysis';
  readonly analysis: AnalysisPlan;
}
