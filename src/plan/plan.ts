/**
 * The plan: what one release will do, compiled once from a release file and the manifests it points at.
 *
 * Plain data. It is immutable, named by its digest, and the only input of the workflow, so nothing here
 * imports anything but types. Durations are milliseconds, weights are whole percents (0..100).
 */

import type { Gate } from './gate-plan.ts';
import type { AnalysisPlan } from './metric-plan.ts';
import type { PrometheusQuery } from './provider-plan.ts';
import type { AnalysisStep, PauseStep, Step } from './step-plan.ts';
import type { Target } from './target.ts';

export type { AuditGate, AuditLevel, CommandGate, CoverageGate, Gate, WebGate } from './gate-plan.ts';
export type { AnalysisPlan, ComparisonPlan, Compatibility, LowTraffic, MetricPlan } from './metric-plan.ts';
export type {
  AuthText,
  DatadogQuery,
  HttpHeader,
  JobCommand,
  KubernetesJob,
  PrometheusQuery,
  Provider,
  WebRequest,
} from './provider-plan.ts';
export { DATADOG_AGGREGATORS } from './provider-plan.ts';
export type {
  AnalysisStep,
  PauseStep,
  SetCanaryScaleStep,
  SetHeaderRouteStep,
  SetMirrorRouteStep,
  SetWeightStep,
  Step,
} from './step-plan.ts';
export type { ArgoTarget, KubernetesTarget, LocalTarget, Target } from './target.ts';

/** Bumped when a plan of an older engine could be read wrongly. */
export const PLAN_FORMAT = 1;

export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  /** DNS label (RFC 1123), for example `credlink-api`. */
  readonly service: string;
  /** DNS label, for example `production`. */
  readonly environment: string;
  /** What is released: an image tag or version, for example `1.2.0` or a commit. */
  readonly version: string;
  readonly target: Target;
  readonly gates: readonly Gate[];
  /** Absent: what runs is named by the version alone. */
  readonly image?: ImagePlan;
  readonly configuration: readonly ConfigurationEdit[];
  /** Absent: the release changes no database. */
  readonly database?: DatabasePlan;
  readonly canary: CanaryPlan;
  readonly promotion: PromotionPlan;
  /** Absent: the last traffic move is a weight of 100. */
  readonly cutover?: CutoverPlan;
  /** Absent: the release ramps no flag. */
  readonly flags?: FlagsPlan;
  /** Absent: there is no checklist. */
  readonly validation?: ValidationPlan;
  readonly window: WindowPlan;
  /** Names of webhooks, as the worker's policy knows them, that are told of every change of phase. */
  readonly notify?: readonly string[];
}

/**
 * What a phase that fails takes back: the whole release (all but a finished expand), or only itself; the release then
 * goes on, and ends with exit code 6.
 */
export type OnFailure = 'release' | 'phase';

/** The image that the version stands for: `repository:version`. */
export interface ImagePlan {
  /** Without tag and digest, for example `registry.example:5000/credlink/api`. */
  readonly repository: string;
  /** `null`: the image exists already. */
  readonly build: ImageBuild | null;
  /** `sha256:` and 64 hex digits: what the image must be; where nothing can build or ask, what it is taken to be. */
  readonly digest: string | null;
  /** The registry speaks plain HTTP; only on a loopback address. */
  readonly insecure: boolean;
}

export interface ImageBuild {
  /** Absolute directory of the build's context. */
  readonly directory: string;
  /** Relative to `directory`, for example `Dockerfile`. */
  readonly file: string;
  readonly timeoutMs: number;
}

/** One field of one YAML file that carries the version, or the image's digest. */
export interface ConfigurationEdit {
  /** `helm`: a Helm values file. `rollout`: an Argo Rollout manifest. */
  readonly kind: 'helm' | 'rollout';
  /** Absolute path. */
  readonly file: string;
  /** `helm`: dotted path of the tag, for example `image.tag`. `rollout`: the container whose image carries the tag. */
  readonly field: string;
  /** `rollout` only: the Rollout's name, since a file may hold several documents. */
  readonly resource?: string;
  /** Absent: the version. `digest`: the image's; of a `rollout` what follows the `@` of the container's image. */
  readonly carries?: 'digest';
}

/**
 * Changes of a database that old and new code can both live with (`expand`, before any traffic), and the ones that
 * only new code can live with (`contract`, after the window). The plan holds the very SQL, so its digest covers it.
 */
export interface DatabasePlan {
  /** A database that the worker's policy knows by this name. */
  readonly name: string;
  readonly expand: readonly Migration[];
  readonly contract: readonly Migration[];
  /** How long one statement waits for a lock before the file is tried again. */
  readonly lockTimeoutMs: number;
  /** How long one file may run as a whole: it is one statement to PostgreSQL. Then it is rolled back and tried again. */
  readonly statementTimeoutMs: number;
  /** How long one file may be tried. */
  readonly deadlineMs: number;
  /** Who lets the contract begin; unanswered, it is dropped. */
  readonly approval: ApprovalPlan;
}

export interface Migration {
  /** The file's name, for example `001_add_owner.sql`; unique within `expand` and `contract` together. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of `sql`, hex. */
  readonly sha256: string;
}

export interface CanaryPlan {
  readonly steps: readonly Step[];
  /** Runs beside the steps from `startingStep` to the end of the ramp. */
  readonly background: BackgroundAnalysis | null;
  /** Compares the canary with the stable side, from the first step to the end of the ramp. Absent: nothing does. */
  readonly comparison?: AnalysisPlan;
  /** How long the new revision may take to become ready before the release goes back. */
  readonly readyDeadlineMs: number;
  /**
   * Comparisons are made with a fresh revision of the stable version, of the canary's size and share of the traffic,
   * under this name in Prometheus: it is as young as the canary. Absent: with the stable side itself.
   */
  readonly baselineService?: string;
  /**
   * A version that was stable before, with fewer than so many others since, takes no steps and no analysis: Argo's
   * `rollbackWindow`. Absent: every version takes them.
   */
  readonly rollbackWindow?: { readonly revisions: number };
}

export interface BackgroundAnalysis {
  /** Index of the step (0-based, as Argo counts) before which the analysis starts. */
  readonly startingStep: number;
  readonly analysis: AnalysisPlan;
}

export interface PromotionPlan {
  /** The rule that looks at the canary once more before the last decision; `null`: none. */
  readonly monitor: MonitorPlan | null;
  /** `null`: automatic. */
  readonly approval: ApprovalPlan | null;
}

/**
 * Healthy: success ≥ `healthy.success` and p95 ≤ `healthy.p95Seconds`. Unhealthy: success < `unhealthy.success` or
 * p95 > `unhealthy.p95Seconds`: fails at once. In between: look again, `intervalMs` later, at most `attempts` looks.
 */
export interface MonitorPlan {
  readonly success: PrometheusQuery;
  readonly p95Seconds: PrometheusQuery;
  readonly healthy: { readonly success: number; readonly p95Seconds: number };
  readonly unhealthy: { readonly success: number; readonly p95Seconds: number };
  readonly intervalMs: number;
  readonly attempts: number;
}

export interface ApprovalPlan {
  /** Unanswered: the release goes back. */
  readonly deadlineMs: number;
  /** How far the person must be proven. */
  readonly requires: TrustLevel;
  /** How many different persons must approve. */
  readonly quorum: number;
  /** Nobody approves what they started. */
  readonly notStarter: boolean;
}

/** How far a person is proven, weakest first. */
export const TRUST_LEVELS = ['anonymous', 'identity', 'signed', 'principal'] as const;
export type TrustLevel = (typeof TRUST_LEVELS)[number];

/** Blue-green: the new side whole and looked at, then all traffic in one switch; the old side stays warm. */
export interface CutoverPlan {
  /** A request to the side without traffic before the switch; `null`: none. */
  readonly preview: HttpCheck | null;
  /** Argo's `prePromotionAnalysis`: of the side without traffic. */
  readonly before: AnalysisPlan | null;
  /** Argo's `autoPromotionEnabled: false`; `null`: switches by itself. */
  readonly approval: ApprovalPlan | null;
  /** Argo's `autoPromotionSeconds`: switches this long after the preview, or on `promote`; `null`: at once. */
  readonly pauseMs: number | null;
  /** Argo's `postPromotionAnalysis`: of the new side under all traffic; if it fails, one switch goes back. */
  readonly after: AnalysisPlan | null;
}

/** One request that must be answered so, three times in a row. */
export interface HttpCheck {
  /** For example `/health`. */
  readonly path: string;
  readonly status: number;
  readonly timeoutMs: number;
}

/** Flags that are turned on in steps, each ramp after the other. */
export interface FlagsPlan {
  readonly ramps: readonly FlagRamp[];
  readonly onFailure: OnFailure;
}

export interface FlagRamp {
  /** The flag's key in its service, for example `new-checkout`. It must exist; who is in at 10 % stays in at 50 %. */
  readonly key: string;
  /** The variant that is ramped, for example `on`. */
  readonly variant: string;
  readonly steps: readonly FlagStep[];
}

export type FlagStep = SetPercentStep | PauseStep | AnalysisStep;

export interface SetPercentStep {
  readonly kind: 'setPercent';
  /** Percent of users that get the variant, 0..100. */
  readonly percent: number;
}

/** The last look at the whole release, and the checklist that is answered from its evidence. */
export interface ValidationPlan {
  readonly onFailure: OnFailure;
  readonly security: SecurityCheck | null;
  readonly performance: PerformanceCheck | null;
}

export interface SecurityCheck {
  /** The audit gate whose report counts, judged at its own level; `null`: none. */
  readonly auditGate: string | null;
  /** Response headers that the path must carry, lower case: `x-content-type-options: nosniff`; `''`: any value. */
  readonly headers: { readonly path: string; readonly required: Readonly<Record<string, string>> } | null;
  /** The image's configuration must name a user that is not root. */
  readonly image: boolean;
}

/** Open-loop load on the new side and, in turns, on the old one while it is warm. */
export interface PerformanceCheck {
  readonly path: string;
  /** Requests each second, 1..1000. */
  readonly ratePerSecond: number;
  /** On each side that is loaded. */
  readonly durationMs: number;
  /** The 95th percentile of the new side's latency, at most. */
  readonly p95Seconds: number;
  /** The share of failed requests, at most: 0..1. */
  readonly errorShare: number;
  /** The new side's p95 as a multiple of the old side's, at most; `null`: not compared. */
  readonly versusStable: number | null;
}

export interface WindowPlan {
  /** The old side stays warm for this long after the last traffic move. */
  readonly durationMs: number;
}
