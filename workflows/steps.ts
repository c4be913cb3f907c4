/** How the phases do one thing after another, and how they wait for people. */
import { ApplicationFailure, ContinueAsNew, condition, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import { GoBack, type Release } from './control.ts';
import type { Progress, SignalName, Waiting } from './messages.ts';
import { continueInNewRun, isLong, isTooLong } from './new-run.ts';
import type { Answer } from './state.ts';
import { tokenOf } from './token.ts';

/** A release that somebody paused and forgot goes back after this time. */
const PAUSE_LIMIT_MS = 60 * 60_000;

/**
 * Does one line of the plan, once: a run that was continued as new finds it done, or goes on with it where it ended
 * within a wait. Before it is the safe point: here a pause holds, and here a long history is continued in a new run.
 *
 * @param act returns what to show beside the line.
 */
export async function step(release: Release, name: string, act: () => Promise<string>): Promise<void> {
  const line = lineOf(release, name);
  if (line.state === 'done' || line.state === 'skipped') return;
  if (line.state !== 'running') await begin(release);
  goingForward(release);
  line.state = 'running';
  line.startedAt ??= now();
  release.changed();
  try {
    line.because = await act();
    goingForward(release);
    line.state = 'done';
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    line.state = 'failed';
    line.because = release.state.goingBack?.because ?? rootMessage(error);
    end(release, line);
    throw error;
  }
  end(release, line);
}

async function begin(release: Release): Promise<void> {
  await safePoint(release);
  // An answer can come between two runs, to a question that the later one does not ask again.
  release.state.waiting = null;
  delete release.state.until;
}

function end(release: Release, line: Progress): void {
  line.endedAt = now();
  release.changed();
}

/** What went wrong, in the words of whoever it went wrong for; our own errors say it whole, without their causes. */
export function rootMessage(error: unknown): string {
  if (error instanceof ApplicationFailure && /^SHIPLOCK_|^ShiplockError$/.test(error.type ?? '')) return error.message;
  if (error instanceof TemporalFailure && error.cause) return rootMessage(error.cause);
  // The SDK leaves out the cause of a time-out: what the last attempt met.
  const last = error instanceof TimeoutFailure ? error.failure?.cause?.message : null;
  if (last) return `${last}; tried again until the time was up`;
  return error instanceof Error ? error.message : String(error);
}

/** An act and an abort can end in the same moment: the abort wins. */
function goingForward(release: Release): void {
  if (release.state.goingBack) throw new GoBack(release.state.goingBack);
}

export function skip(release: Release, name: string, because: string): void {
  const line = lineOf(release, name);
  if (line.state !== 'waiting' && line.state !== 'running') return;
  line.state = 'skipped';
  line.because = because;
}

export function lineOf(release: Release, name: string): Progress {
  const line = release.state.progress.find((progress) => progress.name === name);
  if (!line) throw new TypeError(`the outline of the plan has no line ${name}`);
  return line;
}

export interface Question {
  readonly kind: Waiting['kind'];
  /** The line it belongs to; with the release's binding it is the token: `promotion@1a2b3c4d`. */
  readonly name: string;
  readonly prompt: string;
  readonly accepts: readonly SignalName[];
  readonly deadlineMs: number;
  readonly consequence: string;
  /** Ends the wait without an answer. */
  readonly unless?: () => boolean;
}

/**
 * Waits for an answer that names this question; `null` at the deadline, or when `unless` holds. Where readings go on
 * beside it the wait may go on in a new run, with the same token, until the same deadline.
 */
export async function ask(release: Release, question: Question): Promise<Answer | null> {
  const { state, answers } = release;
  const token = tokenOf(release, question.name);
  const until = state.until?.[token];
  const deadline = until ?? Date.now() + question.deadlineMs;
  const left = until === undefined ? question.deadlineMs : Math.max(1, until - Date.now());
  state.waiting = {
    kind: question.kind,
    token,
    prompt: question.prompt,
    accepts: question.accepts,
    deadline: new Date(deadline).toISOString(),
    consequence: question.consequence,
  };
  release.changed();
  const isOver = () => answers.has(token) || question.unless?.() === true;
  const isCrowded = () => release.background.size > 0 && isTooLong(release);
  const forget = () => {
    answers.delete(token);
    delete state.until?.[token];
    state.waiting = null;
    release.changed();
  };
  try {
    const inTime = await condition(() => isOver() || isCrowded(), left, {
      summary: `${question.name}: ${question.consequence} at the deadline`,
    });
    if (inTime && !isOver()) {
      state.until = { ...state.until, [token]: deadline };
      await continueInNewRun(release);
    }
    goingForward(release);
  } catch (error) {
    if (!(error instanceof ContinueAsNew)) forget();
    throw error;
  }
  const answer = answers.get(token) ?? null;
  forget();
  return answer;
}

/** The idempotency key of one effect: `workflowId/run/step`. */
export function keyOf(release: Release, name: string): string {
  return `${release.state.id}/${release.state.firstRunId}/${name}`;
}

export async function safePoint(release: Release): Promise<void> {
  await holdWhilePaused(release);
  await settleInconclusive(release);
  if (isLong(release)) await continueInNewRun(release);
}

async function holdWhilePaused(release: Release): Promise<void> {
  const { pause } = release.state;
  if (!pause) return;
  await ask(release, {
    kind: 'paused',
    name: pause.token,
    prompt: `Paused: ${pause.reason}. Go on?`,
    accepts: ['resume'],
    deadlineMs: PAUSE_LIMIT_MS,
    consequence: 'goes back',
    unless: () => release.state.pause === null,
  });
  if (release.state.pause) throw new GoBack({ outcome: 'rolledBack', because: 'paused for longer than an hour' });
}

/** A background analysis that could not decide holds the ramp until a person does. */
async function settleInconclusive(release: Release): Promise<void> {
  const { state, plan } = release;
  if (!state.inconclusive) return;
  const because = state.inconclusive;
  const answer = await ask(release, {
    kind: 'inconclusive',
    name: 'background-analysis',
    prompt: `The analysis is inconclusive (${because}). Go on all the same?`,
    accepts: ['approve', 'reject'],
    deadlineMs: (plan.canary.background?.analysis ?? plan.canary.comparison)?.inconclusiveDeadlineMs ?? PAUSE_LIMIT_MS,
    consequence: 'goes back',
  });
  if (!answer) throw new GoBack({ outcome: 'rolledBack', because: `inconclusive and nobody decided: ${because}` });
  state.inconclusive = null;
}

function now(): string {
  return new Date().toISOString();
}

/** What a flag holds, in words. */
export function shareOf({ percent }: { readonly percent: number | null }): string {
  return percent === null ? 'another targeting' : `${percent} %`;
}
