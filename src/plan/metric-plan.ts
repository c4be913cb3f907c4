/** The analyses of a plan and their metrics: plain data, see `plan.ts`. */

import type { KayentaPlan } from './kayenta-plan.ts';
import type { Provider } from './provider-plan.ts';

/** The merged metrics of one analysis, arguments filled in. */
export interface AnalysisPlan {
  /** The templates it came from, for people: `success-rate, latency`. */
  readonly templates: readonly string[];
  readonly metrics: readonly MetricPlan[];
  /** Background only: good readings needed of each metric, one of them at the last weight. */
  readonly minimumReadings: number;
  /** An inconclusive end waits for a person at most this long; then the release goes back. */
  readonly inconclusiveDeadlineMs: number;
  /** An inline analysis that has not ended by then is an error (every wait ends). */
  readonly deadlineMs: number;
  /** Where we differ from Argo on purpose, do as Argo does; absent: as `docs/analysis.md` says. */
  readonly compatibility?: Compatibility;
}

export type Compatibility = 'argo';

/** One metric of an analysis, with Argo's fields and defaults (argo-rollouts `analysis_types.go`). */
export interface MetricPlan {
  readonly name: string;
  readonly provider: Provider;
  /** `null`: one measurement. */
  readonly intervalMs: number | null;
  /** `null` with an interval: until the analysis is ended. */
  readonly count: number | null;
  readonly initialDelayMs: number;
  readonly successCondition: string | null;
  readonly failureCondition: string | null;
  /** -1: failed readings do not end it; only with a `consecutiveSuccessLimit`. */
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  /** So many good readings in a row are a pass at once; absent: off. */
  readonly consecutiveSuccessLimit?: number;
  /** Readings with less traffic behind them are not judged; absent: every one is. Only of Prometheus. */
  readonly lowTraffic?: LowTraffic;
  /** It is read and shown, and decides nothing. */
  readonly dryRun?: true;
  /** How many of its last readings are shown; absent: all. The history keeps every one. */
  readonly retained?: number;
  /** It compares the canary with the stable side instead of asking conditions, of which it has none. */
  readonly comparison?: ComparisonPlan | KayentaPlan;
}

/** When there is too little traffic for a verdict. */
export interface LowTraffic {
  /** PromQL: how many requests a reading speaks of. */
  readonly requests: string;
  /** So many are needed. */
  readonly atLeast: number;
}

/** What a metric compares, and how sure it must be: the judge `sequential`. */
export interface ComparisonPlan {
  readonly judge?: 'sequential';
  /**
   * `counts`: how many requests had an event. `histogram`: how many were slower than each bound. `mean`: how long they took
   * on average, with buckets that say how much that varies.
   */
  readonly of: 'counts' | 'histogram' | 'mean';
  /** The share of releases of an equal version that may be called worse, 0..1; this metric's part of the budget. */
  readonly alpha: number;
  /** Up to 1 + margin times as often (a mean: as long) is equivalent: a timed pause ends once that is shown. `null`: never early. */
  readonly margin: number | null;
  /** Requests needed on each side before anything is concluded. */
  readonly minimumRequests: number;
  /** Histogram only: what is slower than this quantile (0..1) must be within the margin. */
  readonly quantile?: number;
}
