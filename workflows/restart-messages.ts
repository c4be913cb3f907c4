/** What goes into a restart and what comes out: names and shapes, shared by the workflow, the client and the CLI. */
import type { BegunRestart, RestartProgress, RestartWait } from '../activities/restart/port.ts';
import type { Plan } from '../src/plan/plan.ts';

/** The workflow type is API: histories carry it. */
export const RESTART_WORKFLOW = 'restart';

/** One restart at a time of a service in an environment, whatever releases of it there are. */
export function restartId(target: { environment: string; service: string }): string {
  return `restart-${target.environment}-${target.service}`;
}

/** What a restart takes at most where nothing else is said. */
export const RESTART_DEADLINE_MS = 30 * 60_000;
/** Characters of its reason. */
export const LONGEST_REASON = 1_000;
/** The longest that may be asked for. */
export const LONGEST_RESTART_MS = 24 * 60 * 60_000;

export interface RestartInput {
  /** Of the release file; only its service, environment, and target are used. */
  readonly plan: Plan;
  /** Why, in the words of whoever asked; at most 1,000 characters. */
  readonly reason?: string;
  /** Counted from the workflow's start. */
  readonly deadlineMs?: number;
  /** Set by continue-as-new only. */
  readonly resume?: RestartResume;
}

export interface RestartResume {
  readonly status: RestartStatus;
  readonly begun: BegunRestart;
}

/** How a restart ended. `unfinished`: at its deadline. */
export type RestartOutcome = 'restarted' | 'unfinished' | 'refused' | 'cancelled';

/** The answer of the `status` query, and what the workflow returns, or fails with as its detail. */
export interface RestartStatus {
  readonly id: string;
  /** The first run: it names this restart among all that ever used the id. */
  readonly firstRunId: string;
  readonly service: string;
  readonly environment: string;
  readonly reason: string;
  /** As the server's history has it; `null` until that was asked. */
  readonly startedBy: string | null;
  /** RFC 3339, as all times. */
  readonly startedAt: string;
  readonly deadline: string;
  readonly endedAt: string | null;
  readonly outcome: RestartOutcome | null;
  /** What is done, and what it waits for, in one sentence. */
  readonly because: string;
  /** Pods that there were, in all revisions. */
  readonly pods: number;
  /** Of those, pods that are gone. */
  readonly replaced: RestartProgress['replaced'];
  readonly waitsFor: RestartWait | null;
}
