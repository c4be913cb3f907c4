/** How the phases do one thing after another, and how they wait for people. */
import {
  ApplicationFailure,
  condition,
  continueAsNew,
  TemporalFailure,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import { GoBack, type Release } from './control.ts';
import type { Progress, ReleaseInput, SignalName, Waiting } from './messages.ts';
import type { Answer } from './state.ts';
import { told } from './tell.ts';
import { tokenOf } from './token.ts';

/** A release that somebody paused and forgot goes back after this time. */
const PAUSE_LIMIT_MS = 60 * 60_000;
/** Below the server's own suggestion (4,096), so that a step's events still fit. */
const EVENTS_PER_RUN = 2_000;

/**
 * Does one line of the plan, once: a run that was continued as new finds it done. Before it is the safe point:
 * here a pause holds, and here a long history is continued in a new run.
 *
 * @param act returns what to show beside the line.
 */
export async function step(release: Release, name: string, act: () => Promise<string>): Promise<void> {
  const line = lineOf(release, name);
  if (line.state === 'done' || line.state === 'skipped') return;
  await safePoint(release);
  goingForward(release);
  line.state = 'running';
  line.startedAt = now();
  release.changed();
  try {
    line.because = await act();
    goingForward(release);
    line.state = 'done';
  } catch (error) {
    line.state = 'failed';
    line.because = release.state.goingBack?.because ?? rootMessage(error);
    throw error;
  } finally {
    line.endedAt = now();
    release.changed();
  }
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
  if (line.state !== 'waiting') return;
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

/** Waits for an answer that names this question; `null` at the deadline, or when `unless` holds. */
export async function ask(release: Release, question: Question): Promise<Answer | null> {
  const { state, answers } = release;
  const token = tokenOf(release, question.name);
  const deadline = Date.now() + question.deadlineMs;
  state.waiting = {
    kind: question.kind,
    token,
    prompt: question.prompt,
    accepts: question.accepts,
    deadline: new Date(deadline).toISOString(),
    consequence: question.consequence,
  };
  release.changed();
  try {
    await condition(() => answers.has(token) || question.unless?.() === true, question.deadlineMs, {
      summary: `${question.name}: ${question.consequence} at the deadline`,
    });
    goingForward(release);
    return answers.get(token) ?? null;
  } finally {
    answers.delete(token);
    state.waiting = null;
    release.changed();
  }
}

/** The idempotency key of one effect: `workflowId/run/step`. */
export function keyOf(release: Release, name: string): string {
  return `${release.state.id}/${release.state.firstRunId}/${name}`;
}

export async function safePoint(release: Release): Promise<void> {
  await holdWhilePaused(release);
  await settleInconclusive(release);
  await continueInNewRun(release);
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

async function continueInNewRun(release: Release): Promise<void> {
  const info = workflowInfo();
  const limit = release.input.eventsPerRun ?? EVENTS_PER_RUN;
  if (info.historyLength < limit && !info.continueAsNewSuggested) return;
  for (const { settle } of release.background.values()) await settle();
  await condition(() => release.idle());
  await told(release);
  if (release.state.goingBack) return;
  const resume = { ...release.state, continued: release.state.continued + 1 };
  await continueAsNew<(input: ReleaseInput) => Promise<unknown>>({ ...release.input, resume });
}

function now(): string {
  return new Date().toISOString();
}

/** What a flag holds, in words. */
export function shareOf({ percent }: { readonly percent: number | null }): string {
  return percent === null ? 'another targeting' : `${percent} %`;
}
