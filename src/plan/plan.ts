/**
 * The plan: what one release will do, compiled once from a release file and the manifests it points at.
 *
 * Plain data. It is immutable, named by its digest, and the only input of the workflow, so nothing here
 * imports anything but types. Durations are milliseconds, weights are whole percents (0..100).
 */

import type { KayentaPlan } from './kayenta-plan.ts';
import type { RequestMatch } from './routes.ts';
import type { CanaryScale, JsonObject, MetadataPlan, Target } from './target.ts';

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

/** Something that must be positively shown before going on. */
export type Gate = CommandGate | CoverageGate | AuditGate | WebGate;

interface GateBase {
  /** Unique within the plan, a DNS label. */
  readonly name: string;
  /** Absolute directory in which the gate runs. */
  readonly directory: string;
  readonly timeoutMs: number;
}

/** A command that must exit with 0. */
export interface CommandGate extends GateBase {
  readonly kind: 'command';
  readonly command: readonly string[];
}

/** A coverage report whose line coverage must reach a minimum. */
export interface CoverageGate extends GateBase {
  readonly kind: 'coverage';
  /** An Istanbul `coverage-summary.json` or an `lcov.info`, relative to `directory`. */
  readonly report: string;
  /** Percent of lines, 0..100. */
  readonly minimumPercent: number;
}

/** An npm or pnpm audit report in which nothing at or above a level may stand. */
export interface AuditGate extends GateBase {
  readonly kind: 'audit';
  /** Makes the report on standard output; or else `report` names a recorded one. */
  readonly command?: readonly string[];
  /** A recorded report, relative to `directory`; the evidence says that it was recorded. */
  readonly report?: string;
  readonly level: AuditLevel;
}

/** An HTTP endpoint that must answer 2xx to a POST. */
export interface WebGate extends GateBase {
  readonly kind: 'web';
  readonly url: string;
  /** JSON, sent as it is. Absent: an empty body. */
  readonly body?: string;
  /** Of one request; `timeoutMs` is for all of them and the pauses between. */
  readonly requestTimeoutMs: number;
  /** How often it is asked again after another answer, or none. */
  readonly retries: number;
  /** Between two requests. */
  readonly intervalMs: number;
  /** The server's certificate is not verified. */
  readonly insecure?: true;
}

export type AuditLevel = 'low' | 'moderate' | 'high' | 'critical';

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

export interface BackgroundAnalysis {
  /** Index of the step (0-based, as Argo counts) before which the analysis starts. */
  readonly startingStep: number;
  readonly analysis: AnalysisPlan;
}

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

/** Where a metric's readings come from. */
export type Provider = PrometheusQuery | WebRequest | DatadogQuery | JobCommand | KubernetesJob;

/**
 * A text of a provider's own authentication. `{{secret.NAME/KEY}}` stands for a secret: the worker fills it in when it
 * asks, for the hosts that its policy binds the secret to; it stands in no plan, history or log.
 */
export type AuthText = string;

export interface HttpHeader {
  readonly key: string;
  readonly value: AuthText;
}

export interface PrometheusQuery {
  readonly kind: 'prometheus';
  /** As written in the template; a worker may map it to where that Prometheus is reached. */
  readonly address: string;
  readonly query: string;
  readonly timeoutMs: number;
  /** Absent: an instant query. Both are milliseconds before the reading's time. */
  readonly range?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  readonly headers?: readonly HttpHeader[];
  readonly basicAuth?: { readonly username: AuthText; readonly password: AuthText };
  /** The server's certificate is not verified. */
  readonly insecure?: true;
}

/** One HTTP request whose answer, or a part of it, is the value. */
export interface WebRequest {
  readonly kind: 'web';
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: readonly HttpHeader[];
  /** Absent: none. */
  readonly body?: string;
  /** As `kubectl -o jsonpath`: `{$.data.value}`; `{$}`: the whole answer. */
  readonly jsonPath: string;
  readonly timeoutMs: number;
  readonly insecure?: true;
}

/** How Datadog makes one number of points; Argo's, and the API's (`MetricsAggregator`). */
export const DATADOG_AGGREGATORS = [
  'avg',
  'min',
  'max',
  'sum',
  'last',
  'percentile',
  'mean',
  'l2norm',
  'area',
] as const;

/** Datadog's API: `v1` one query, `v2` scalar queries by name with a formula over them. */
export interface DatadogQuery {
  readonly kind: 'datadog';
  readonly apiVersion: 'v1' | 'v2';
  /** For example `https://api.datadoghq.com`. */
  readonly address: string;
  /** By name; of `v1` just one, named `query`. */
  readonly queries: Readonly<Record<string, string>>;
  /** `v2` only; absent where there is one query. */
  readonly formula?: string;
  /** `v2` only: how points become one number. */
  readonly aggregator: (typeof DATADOG_AGGREGATORS)[number];
  /** How far back the query looks. */
  readonly intervalMs: number;
  readonly apiKey: AuthText;
  readonly appKey: AuthText;
  readonly timeoutMs: number;
}

/** A command that must exit with 0: Argo's Job, on the local platform. */
export interface JobCommand {
  readonly kind: 'job';
  /** Argument list, no shell. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute; absent: the target's. */
  readonly directory?: string;
  /** How often it may be started: the Job's `backoffLimit` and one. */
  readonly attempts: number;
  /** For all attempts together. */
  readonly timeoutMs: number;
}

/** A Job of the release's namespace that must complete: Argo's, on a cluster. */
export interface KubernetesJob {
  readonly kind: 'kubernetesJob';
  /** What it carries beside the engine's own. */
  readonly metadata?: Partial<MetadataPlan>;
  /** Its JobSpec (batch/v1) as JSON, always with `activeDeadlineSeconds` and `ttlSecondsAfterFinished`. */
  readonly spec: JsonObject;
  /** Its `activeDeadlineSeconds`. */
  readonly timeoutMs: number;
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
