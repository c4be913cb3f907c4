/** What a release does next about a Rollout that stands so. Pure: table-tested. */
import type { ArgoTarget } from '../../src/plan/target.ts';
import type { RolloutProgress } from './progress.ts';

export type Course =
  | { readonly kind: 'done' }
  | { readonly kind: 'goesBack'; readonly because: string }
  /** Waits for the controller; without any change for so long, `because`. */
  | { readonly kind: 'goesOn'; readonly patienceMs: number; readonly because: string }
  | ({ readonly kind: 'asks' } & RolloutQuestion);

/** A pause of the Rollout, as a question to people. */
export interface RolloutQuestion {
  readonly about: 'openPause' | 'timedPause' | 'inconclusive' | 'held';
  /** The same as long as it is the same pause. */
  readonly name: string;
  readonly prompt: string;
  readonly deadlineMs: number;
  /** After it nobody is asked before all traffic. */
  readonly isLast: boolean;
  /** What `promoteRollout` is told. */
  readonly step: number | null;
  readonly since: string | null;
}

export interface Terms extends Pick<ArgoTarget, 'pauseDeadlineMs' | 'inconclusiveDeadlineMs' | 'deadlineMs'> {
  /** How long the controller may take to take up what it is told. */
  readonly readyDeadlineMs: number;
}

/** @param now epoch milliseconds */
export function courseOf(progress: RolloutProgress, terms: Terms, now: number): Course {
  const { seen, image, givenAt, since } = progress;
  if (seen.image !== image) {
    const because = `somebody else set the image ${seen.image} while this release was under way`;
    return { kind: 'goesBack', because };
  }
  if (!seen.observed) return goesOnUntil(since + terms.readyDeadlineMs, `${seen.because}; does it run?`);
  if (seen.aborted || seen.phase === 'Degraded') {
    return { kind: 'goesBack', because: `Argo's controller: ${seen.because || seen.phase}` };
  }
  if (seen.promoted && seen.phase === 'Healthy') return { kind: 'done' };
  const question = questionOf(progress, terms, now);
  if (question) return { kind: 'asks', ...question };
  const end = givenAt + terms.deadlineMs;
  const late = `not rolled out within ${minutes(terms.deadlineMs)}: ${seen.phase} ${seen.because}`.trimEnd();
  const judging = seen.step?.judges || seen.analyses.some(({ phase }) => phase === 'Running' || phase === 'Pending');
  const quiet = Math.max(since, timedPauseEnd(seen)) + seen.progressDeadlineMs + terms.readyDeadlineMs;
  if (judging || quiet >= end || now >= end) return goesOnUntil(end, late);
  const because = `no progress within the controller's own deadline: ${seen.because || seen.phase}; does it run?`;
  return goesOnUntil(quiet, because);

  function goesOnUntil(end: number, because: string): Course {
    return now >= end ? { kind: 'goesBack', because } : { kind: 'goesOn', patienceMs: end - now, because };
  }
}

function questionOf(
  { seen, since, name: rollout }: RolloutProgress,
  terms: Terms,
  now: number,
): RolloutQuestion | null {
  const { pause, held } = seen;
  const step = seen.step?.index ?? null;
  if (!pause) {
    if (!held) return null;
    const deadlineMs = left(since, terms.pauseDeadlineMs, now);
    const prompt = `Somebody paused rollout ${rollout}. Go on?`;
    return { about: 'held', name: 'rollout-held', prompt, deadlineMs, isLast: false, step, since: null };
  }
  const at = step === null ? 'rollout-pause' : `rollout-${step + 1}`;
  const common = { step, since: pause.since };
  const began = Date.parse(pause.since);
  if (pause.reason.startsWith('Inconclusive')) {
    const because = undecided(seen) || pause.reason;
    return {
      ...common,
      about: 'inconclusive',
      name: `${at}-unsure`,
      prompt: `Argo's analysis is inconclusive (${because}). Go on all the same?`,
      deadlineMs: left(began, terms.inconclusiveDeadlineMs, now),
      isLast: false,
    };
  }
  if (pause.durationMs !== null) {
    const deadlineMs = began + pause.durationMs - now;
    if (deadlineMs <= 0) return null;
    const prompt = `A timed pause of rollout ${rollout}.`;
    return { ...common, about: 'timedPause', name: at, prompt, deadlineMs, isLast: false };
  }
  const where = step === null ? '' : ` at step ${step + 1} of ${seen.steps}`;
  return {
    ...common,
    about: 'openPause',
    name: at,
    prompt: `Rollout ${rollout} pauses${where}. Go on?`,
    deadlineMs: left(began, terms.pauseDeadlineMs, now),
    isLast: seen.openPauses <= 1,
  };
}

/** Until then nothing is expected to change; epoch milliseconds, 0: there is no such pause. */
function timedPauseEnd({ pause }: RolloutProgress['seen']): number {
  return pause === null || pause.durationMs === null ? 0 : Date.parse(pause.since) + pause.durationMs;
}

function undecided({ analyses }: RolloutProgress['seen']): string {
  const run = analyses.find(({ phase }) => phase === 'Inconclusive');
  const metric = run?.metrics.find(({ phase }) => phase === 'Inconclusive');
  const because = metric?.because || run?.because;
  return metric ? `${metric.name}${because ? `: ${because}` : ''}` : (because ?? '');
}

const left = (since: number, deadlineMs: number, now: number): number => Math.max(1, since + deadlineMs - now);
const minutes = (ms: number): string => `${Math.round(ms / 60_000)} min`;
