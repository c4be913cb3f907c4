/**
 * The plan: what one release will do, compiled once from a release file and the manifests it points at.
 *
 * Plain data. It is immutable, named by its digest, and the only input of the workflow, so nothing here
 * imports anything. Durations are milliseconds, weights are whole percents (0..100).
 */

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
  readonly configuration: readonly ConfigurationEdit[];
  readonly canary: CanaryPlan;
  readonly promotion: PromotionPlan;
  readonly window: WindowPlan;
}

/** Where the service runs. `local` is the embedded platform; others are added to this union. */
export type Target = LocalTarget;

/** Revisions are processes of this machine, behind the embedded Envoy. */
export interface LocalTarget {
  readonly platform: 'local';
  /** Argument list, no shell. `{{version}}` stands for the released version. */
  readonly command: readonly string[];
  /** Absolute working directory of the processes. */
  readonly directory: string;
  /** Extra environment; `{{version}}` is filled. `PORT`, `SERVICE_VERSION`, `DEPLOYMENT_TYPE` come from the platform. */
  readonly environment: Readonly<Record<string, string>>;
  readonly replicas: number;
  /** HTTP path that answers 200 once a replica can serve, for example `/ready`. */
  readonly readinessPath: string;
  /** The names under which Prometheus sees the two sides (label `service`), as in Argo's strategy. */
  readonly stableService: string;
  readonly canaryService: string;
}

/** Something that must be positively shown before going on. */
export type Gate = CommandGate | CoverageGate | AuditGate;

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

export type AuditLevel = 'low' | 'moderate' | 'high' | 'critical';

/** One field of one YAML file that carries the version. */
export interface ConfigurationEdit {
  /** `helm`: a Helm values file. `rollout`: an Argo Rollout manifest. */
  readonly kind: 'helm' | 'rollout';
  /** Absolute path. */
  readonly file: string;
  /** `helm`: dotted path of the tag, for example `image.tag`. `rollout`: the container whose image carries the tag. */
  readonly field: string;
  /** `rollout` only: the Rollout's name, since a file may hold several documents. */
  readonly resource?: string;
}

export interface CanaryPlan {
  readonly steps: readonly Step[];
  /** Runs beside the steps from `startingStep` to the end of the ramp. */
  readonly background: BackgroundAnalysis | null;
  /** How long the new revision may take to become ready before the release goes back. */
  readonly readyDeadlineMs: number;
}

export type Step = SetWeightStep | PauseStep | AnalysisStep;

export interface SetWeightStep {
  readonly kind: 'setWeight';
  /** Percent of traffic for the canary, 0..100. */
  readonly weight: number;
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
}

/** One metric of an analysis, with Argo's fields and defaults (argo-rollouts `analysis_types.go`). */
export interface MetricPlan {
  readonly name: string;
  readonly provider: PrometheusQuery;
  /** `null`: one measurement. */
  readonly intervalMs: number | null;
  /** `null` with an interval: until the analysis is ended. */
  readonly count: number | null;
  readonly initialDelayMs: number;
  readonly successCondition: string | null;
  readonly failureCondition: string | null;
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
}

export interface PrometheusQuery {
  readonly kind: 'prometheus';
  /** As written in the template; a worker may map it to where that Prometheus is reached. */
  readonly address: string;
  readonly query: string;
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

export interface WindowPlan {
  /** The old side stays warm for this long after the last traffic move. */
  readonly durationMs: number;
}
