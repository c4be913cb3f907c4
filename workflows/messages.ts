/**
 * What goes into a release and what comes out: names and shapes only, shared by the workflow, the client and the CLI.
 */
import type { Migrated } from '../activities/database/port.ts';
import type { GateReport } from '../activities/gates/port.ts';
import type { PreparedImage } from '../activities/image/port.ts';
import type { LoadReport, Probe } from '../activities/validation/port.ts';
import type { Plan, TrustLevel } from '../src/plan/plan.ts';
import type { ChecklistItem } from '../src/validation/item.ts';
import type { RolloutProgress } from './driven/progress.ts';

/** The workflow type and its task queues are API: histories carry them. */
export const RELEASE_WORKFLOW = 'release';
export const LANE_WORKFLOW = 'lane';
export const TASK_QUEUE = 'shiplock';
export const BUILD_TASK_QUEUE = 'shiplock-build';
export const NOTIFY_TASK_QUEUE = 'shiplock-notify';
/**
 * How long a worker may keep a decision that it was given. A dead or stalled one still takes some from the queue, and
 * an abort waits this long for each; Temporal's own 10 s made it wait half a minute. Decisions take milliseconds.
 */
export const DECISION_TIMEOUT_MS = 5_000;
/** How the task queue of an auditor's replay worker begins. */
export const AUDIT_TASK_QUEUE = 'shiplock-audit';

/** One release at a time for a service in an environment. */
export function releaseId(target: { environment: string; service: string }): string {
  return `release-${target.environment}-${target.service}`;
}

/** The queue of one target: starts that wait their turn, or supersede. */
export function laneId(target: { environment: string; service: string }): string {
  return `lane-${target.environment}-${target.service}`;
}

export interface ReleaseInput {
  readonly plan: Plan;
  /** Where `shiplock-build` work goes; a test or a single host may name another queue. */
  readonly buildQueue?: string;
  /** Who asked the lane to start it, as the lane's history has it; believed only of a lane. */
  readonly queuedBy?: { readonly identity: string; readonly principal: string | null };
  /** After how many events a run is continued in a new one, at the next safe point; default 2,000. */
  readonly eventsPerRun?: number;
  /** Set by continue-as-new only. */
  readonly resume?: unknown;
}

/** Custom search attributes; all keywords, registered when a worker starts. */
export const SEARCH_ATTRIBUTES = {
  service: 'ShiplockService',
  environment: 'ShiplockEnvironment',
  version: 'ShiplockVersion',
  phase: 'ShiplockPhase',
  outcome: 'ShiplockOutcome',
  waitingFor: 'ShiplockWaitingFor',
} as const;

export const SIGNALS = [
  'approve',
  'reject',
  'promote',
  'promoteFull',
  'pause',
  'resume',
  'abort',
  'retry',
  'skip',
  'finalise',
] as const;
export type SignalName = (typeof SIGNALS)[number];

/**
 * The payload of every signal: one optional JSON object. `step` or `act` is the token that the page shows
 * (`promotion@1a2b3c4d`); `id` lets a sender read its own answer back with the `decision` query.
 */
export interface SignalPayload {
  readonly step?: string;
  readonly act?: string;
  readonly version?: string;
  readonly reason?: string;
  readonly comment?: string;
  readonly id?: string;
}

/** The answer to one message, kept in the release's state. */
export interface Decision {
  /** The sender's `id`, or `signal-n` where it gave none. */
  readonly id: string;
  readonly signal: string;
  /** RFC 3339. */
  readonly at: string;
  readonly accepted: boolean;
  /** Why, in one sentence; for a refusal also what would be accepted. */
  readonly because: string;
  /** What was asked for, shortened to 200 characters. */
  readonly payload: string;
  /** `null` until history was asked (an abort does not wait for that). */
  readonly by: { readonly name: string; readonly level: TrustLevel; readonly eventId: string } | null;
}

export type Phase =
  | 'admission'
  | 'gates'
  | 'image'
  | 'configuration'
  | 'expand'
  | 'canary'
  | 'promotion'
  | 'cutover'
  | 'flags'
  | 'validation'
  | 'window'
  | 'cleanup'
  | 'contract'
  | 'undoing'
  | 'ended';

/** How a release ended. Exit codes: released 0 (6 with a phase undone), rolledBack 3, rejected 4. */
export type Outcome = 'released' | 'rolledBack' | 'rejected';

export type ProgressState = 'waiting' | 'running' | 'done' | 'skipped' | 'failed';

/** One line of the release's tree: a gate, a step, an undo. */
export interface Progress {
  /** Stable name, also the key of its effects: `gate-audit`, `step-3`, `promotion`, `window`, `undo-2`. */
  readonly name: string;
  /** For people: `set weight 25 %`. */
  readonly title: string;
  state: ProgressState;
  because: string;
  startedAt: string | null;
  endedAt: string | null;
}

/** What the release waits for, when a message could move it. */
export interface Waiting {
  readonly kind: 'approval' | 'pause' | 'paused' | 'inconclusive' | 'gate' | 'undo' | 'window' | 'contract';
  /** To be sent back as `step` (or `act` for `gate`, `undo` and `contract`). */
  readonly token: string;
  readonly prompt: string;
  readonly accepts: readonly SignalName[];
  /** RFC 3339; `null`: only a stuck compensation waits without one. */
  readonly deadline: string | null;
  /** What happens at the deadline. */
  readonly consequence: string;
}

export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error' | 'skipped';

/** One judged reading, for people; the history has the raw answer. */
export interface JudgedReading {
  readonly at: string;
  /** As the condition saw it, for example `[0.9934]`; or the error. */
  readonly value: string;
  /** The same query asked of the stable side, for comparison by people; empty where it cannot be asked. */
  readonly beside: string;
  readonly verdict: Verdict;
  /** The weight of the canary when it was taken. */
  readonly weight: number;
  /** Names the recorded answer that was judged: see `evidenceOf`. */
  readonly evidence: string;
}

/** What judging needs of a reading that is not kept whole; `times` as many one after the other, absent: one. */
export interface EarlierReading extends Pick<JudgedReading, 'verdict' | 'weight'> {
  readonly times?: number;
}

export interface MetricProgress {
  /** `background`, `comparison`, or the step's name. */
  readonly analysis: string;
  readonly metric: string;
  readonly query: string;
  readonly condition: string;
  state: 'running' | 'pass' | 'fail' | 'inconclusive' | 'error' | 'ended';
  because: string;
  good: number;
  failed: number;
  inconclusive: number;
  errors: number;
  readonly readings: JudgedReading[];
  /** Where not all readings are kept (`measurementRetention`): what judging needs of the earlier ones. */
  earlier?: EarlierReading[];
  /** It decides nothing. */
  readonly dryRun?: true;
  /** The canary's weight at which the last look showed it to be within the margin. */
  safeAt?: number | null;
}

export interface GateProgress extends GateReport {
  readonly name: string;
}

/** The answer of the `status` query: the whole state of a release. */
export interface ReleaseStatus {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  /** The version it replaces; `null` for a first release, or before admission. */
  readonly from: string | null;
  readonly planDigest: string | null;
  readonly startedAt: string;
  readonly startedBy: string;
  readonly phase: Phase;
  /** `released` stands while the window is still open; then `phase` is `window`. */
  readonly outcome: Outcome | null;
  readonly because: string;
  /** Percent by version. */
  readonly weights: Readonly<Record<string, number>>;
  readonly progress: readonly Progress[];
  readonly gates: readonly GateProgress[];
  readonly metrics: readonly MetricProgress[];
  readonly waiting: Waiting | null;
  readonly decisions: readonly Decision[];
  /** How often the release was carried into a new run (continue-as-new). */
  readonly continued: number;
  /** Each of these is absent until there is something to say. */
  readonly image?: PreparedImage;
  readonly migrations?: readonly MigrationProgress[];
  readonly flags?: readonly FlagProgress[];
  readonly looks?: Looks;
  /** Where a controller of its own rolls out. */
  readonly rollout?: RolloutProgress;
  readonly checklist?: readonly ChecklistItem[];
  /** How many events the webhooks were told of. */
  readonly told?: number;
  /** Phases that failed and were taken back, while the release stayed. */
  readonly undone?: readonly UndonePhase[];
}

/** A migration that is done; whatever becomes of the release, it stays. */
export interface MigrationProgress extends Migrated {
  readonly kind: 'expand' | 'contract';
  readonly name: string;
}

export interface FlagProgress {
  readonly key: string;
  readonly variant: string;
  /** Percent before the release, and now. */
  readonly from: number;
  percent: number;
  /** Of the definition that was found or written last. */
  revision: string;
}

/** What was seen of the service from outside. */
export interface Looks {
  /** The side without traffic, before the switch. */
  readonly preview?: Probe;
  readonly headers?: Probe;
  /** The old side, after all traffic has left it. */
  readonly warm?: Probe;
  readonly load?: LoadReport;
}

export interface UndonePhase {
  readonly phase: Phase;
  readonly because: string;
}

/** What the workflow returns, and the detail of its failure: the status at its end. */
export type ReleaseResult = ReleaseStatus;

/** The signal that puts a release into the lane; its payload is a `LaneRequest`. */
export const LANE_ENQUEUE = 'enqueue';

/** What the lane starts, with the words that a direct start would have carried. */
export interface LaneRequest {
  /** Chosen by the sender; the same id twice is one request. */
  readonly id: string;
  /** `wait`: after the open release has ended. `supersede`: aborts it, and starts when it has gone back. */
  readonly mode: 'wait' | 'supersede';
  readonly input: ReleaseInput;
  readonly summary: string;
  readonly details: string;
  readonly memo: ReleaseMemo;
}

/** The answer of the lane's query `entry` (argument: the request's id); `null`: not seen yet. */
export interface LaneEntry {
  readonly id: string;
  readonly state: 'waiting' | 'started' | 'refused';
  /** What it waits for, or why it was refused. */
  readonly because: string;
  /** The release's first run, once started. */
  readonly runId: string | null;
}

/** What a list can show without asking a worker. */
export interface ReleaseMemo extends Record<string, unknown> {
  readonly version: string;
  readonly planDigest: string;
  /** As the starting client names itself: a claim, not a proof. */
  readonly startedBy: string;
}
