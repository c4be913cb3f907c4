/**
 * The whole state of a release, as plain data: continue-as-new carries it, the `status` query answers from it.
 */

import type { Admission } from '../activities/admission/port.ts';
import type { PreparedImage } from '../activities/image/port.ts';
import type { JobReading } from '../activities/jobs/port.ts';
import type { ManagedRoute } from '../activities/traffic/port.ts';
import type { ComparisonProgress } from '../src/analysis/index.ts';
import type { ConfigurationEdit, Plan, TrustLevel } from '../src/plan/plan.ts';
import type { CanaryScale } from '../src/plan/target.ts';
import type { ChecklistItem } from '../src/validation/item.ts';
import type { RolloutProgress } from './driven/progress.ts';
import type {
  Decision,
  FlagProgress,
  GateProgress,
  Looks,
  MetricProgress,
  MigrationProgress,
  Outcome,
  Phase,
  Progress,
  ReleaseStatus,
  UndonePhase,
  Waiting,
} from './messages.ts';
import { outline } from './outline.ts';

/** How to undo one act; recorded before the act, so it must also hold for an act that never happened. */
export type Compensation =
  | {
      readonly kind: 'restoreConfiguration';
      readonly edit: ConfigurationEdit;
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: 'removeRevision'; readonly version: string }
  | { readonly kind: 'restoreTraffic'; readonly weights: Readonly<Record<string, number>> }
  | { readonly kind: 'restoreRoles'; readonly stable: string | null }
  /** Header and mirror routes. */
  | { readonly kind: 'removeRoutes' }
  /** Jobs of metrics that still run. */
  | { readonly kind: 'endJobs' }
  | { readonly kind: 'stopMigration'; readonly database: string }
  /** A Rollout of Argo's has the stable image again, and no traffic goes to `image`. */
  | { readonly kind: 'restoreRollout'; readonly image: string; readonly found: string; readonly stable: string }
  | {
      readonly kind: 'restoreFlag';
      readonly key: string;
      readonly variant: string;
      readonly definition: string;
      /** Percents that this release wrote, or was about to. */
      readonly written: readonly number[];
    };

export interface GoingBack {
  readonly outcome: 'rolledBack' | 'rejected';
  readonly because: string;
}

export interface Answer {
  readonly answer: 'go' | 'retry' | 'skip';
  readonly reason: string;
}

export interface ReleaseState {
  id: string;
  firstRunId: string;
  startedAt: string;
  phase: Phase;
  outcome: Outcome | null;
  because: string;
  admission: Admission | null;
  /** What every write carries; one more once the release goes back. */
  fence: number;
  weights: Readonly<Record<string, number>>;
  progress: Progress[];
  gates: GateProgress[];
  metrics: MetricProgress[];
  waiting: Waiting | null;
  decisions: Decision[];
  /** How many messages were received, for the ids of those that bring none. */
  received: number;
  undo: Compensation[];
  goingBack: GoingBack | null;
  pause: { readonly token: string; readonly reason: string } | null;
  pauses: number;
  promotedFully: boolean;
  finalised: boolean;
  approvals: { readonly token: string; readonly name: string; readonly level: TrustLevel }[];
  /** When each metric is read next (epoch milliseconds), by `analysis/metric`. */
  schedule: Record<string, number>;
  /** What comparisons know so far, by metric. */
  comparisons?: Record<string, ComparisonProgress>;
  /** Since when the judge `kayenta` compares (epoch milliseconds), by metric. */
  comparedSince?: Record<string, number>;
  /** An inconclusive background analysis, until a person decided. */
  inconclusive: string | null;
  /** The background analysis has had its say, or a person instead: a later run asks nobody again. */
  backgroundJudged: boolean;
  /** The same of the comparison with the stable side. */
  comparisonJudged?: true;
  /** Where builds of this release run. */
  buildQueue: string | null;
  continued: number;
  /** Given, and not yet taken up when the last run ended. */
  answers?: [token: string, answer: Answer][];
  /** When a question that is waited on for in another run ends (epoch milliseconds), by its token. */
  until?: Record<string, number>;
  /** Each of these is absent until there is something in it. */
  /** Jobs of metrics that were started, and are not known to have ended. */
  jobs?: readonly JobReading[];
  /** How many pods the versions were given last, where the platform scales them. */
  pods?: Readonly<Record<string, number>>;
  canaryScale?: CanaryScale;
  /** Header and mirror routes that there are. */
  routes?: readonly ManagedRoute[];
  image?: PreparedImage;
  migrations?: MigrationProgress[];
  flags?: FlagProgress[];
  looks?: Looks;
  rollout?: RolloutProgress;
  checklist?: ChecklistItem[];
  undone?: UndonePhase[];
  /** How high `undo` was when a phase began that may be taken back alone. */
  marks?: Partial<Record<Phase, number>>;
  /** What the webhooks were told last. */
  told?: Told;
}

export interface Told {
  readonly number: number;
  readonly phase: Phase;
  readonly waiting: string | null;
  readonly outcome: Outcome | null;
}

/** Decisions that are kept; older ones stand in the history. */
export const DECISIONS_KEPT = 50;

export function openState(plan: Plan, run: { id: string; firstRunId: string; startedAt: string }): ReleaseState {
  return {
    ...run,
    phase: 'admission',
    outcome: null,
    because: '',
    admission: null,
    fence: 0,
    weights: {},
    progress: outline(plan),
    gates: [],
    metrics: [],
    waiting: null,
    decisions: [],
    received: 0,
    undo: [],
    goingBack: null,
    pause: null,
    pauses: 0,
    promotedFully: false,
    finalised: false,
    approvals: [],
    schedule: {},
    inconclusive: null,
    backgroundJudged: false,
    buildQueue: null,
    continued: 0,
  };
}

/** Steps of the ramp are under way; a first release has none. */
export function isRamping({ phase, admission, promotedFully }: ReleaseState): boolean {
  return phase === 'canary' && admission !== null && admission.before.stable !== null && !promotedFully;
}

/** `promoteFull` waives what is left of the ramp, and nothing after it. */
export function isWaived({ phase, promotedFully }: ReleaseState): boolean {
  return promotedFully && phase === 'canary';
}

export function statusOf(plan: Plan, state: ReleaseState): ReleaseStatus {
  const startedBy = state.admission?.startedBy;
  return {
    id: state.id,
    service: plan.service,
    environment: plan.environment,
    version: plan.version,
    from: state.admission?.before.stable ?? null,
    planDigest: state.admission?.planDigest ?? null,
    startedAt: state.startedAt,
    startedBy: startedBy ? (startedBy.principal ?? startedBy.identity) : '',
    phase: state.phase,
    outcome: state.outcome,
    because: state.because,
    weights: state.weights,
    progress: state.progress,
    gates: state.gates,
    metrics: state.metrics,
    waiting: state.waiting,
    decisions: state.decisions,
    continued: state.continued,
    image: state.image,
    migrations: state.migrations,
    flags: state.flags,
    looks: state.looks,
    rollout: state.rollout,
    checklist: state.checklist,
    told: state.told?.number,
    undone: state.undone,
  };
}
