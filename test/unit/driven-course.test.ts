/** What a release does next about a Rollout that stands so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PauseState, RolloutState } from '../../activities/rollout/port.ts';
import { type Course, courseOf } from '../../workflows/driven/course.ts';
import type { RolloutProgress } from '../../workflows/driven/progress.ts';
import { drivenTo } from './validation-records.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-23T15:00:00Z');
const at = (minutes: number): string => new Date(START + minutes * MINUTE).toISOString();
const TERMS = {
  pauseDeadlineMs: 60 * MINUTE,
  inconclusiveDeadlineMs: 30 * MINUTE,
  deadlineMs: 24 * 60 * MINUTE,
  readyDeadlineMs: 5 * MINUTE,
};

const pausedAt = (minutes: number, more: Partial<PauseState> = {}): PauseState => ({
  reason: 'CanaryPauseStep',
  since: at(minutes),
  durationMs: null,
  ...more,
});
const step = (index: number, judges = false) => ({ index, title: 'a step', judges });

/** Under way since minute 0; looked at and found so at that minute, and unchanged since. */
function progress(seen: Partial<RolloutState>, sinceMinutes = 0): RolloutProgress {
  const known = drivenTo('Progressing');
  const under: RolloutState = { ...known.seen, promoted: false, steps: 4, step: step(1), ...seen };
  return { ...known, givenAt: START, since: START + sinceMinutes * MINUTE, seen: under };
}

const course = (standing: RolloutProgress, minute: number): Course =>
  courseOf(standing, TERMS, START + minute * MINUTE);

function said(standing: RolloutProgress, minute: number): string {
  const next = course(standing, minute);
  switch (next.kind) {
    case 'done':
      return 'done';
    case 'goesBack':
      return `back: ${next.because}`;
    case 'goesOn':
      return `on for ${next.patienceMs / MINUTE} min`;
    case 'asks':
      return `asks ${next.about} ${next.name} for ${next.deadlineMs / MINUTE} min${next.isLast ? ', last' : ''}`;
    default:
      return next satisfies never;
  }
}

describe('what a driven release does next', () => {
  const timed = { phase: 'Paused', pause: pausedAt(10, { durationMs: 120 * MINUTE }) } as const;
  const cases: readonly [what: string, standing: RolloutProgress, minute: number, wanted: string][] = [
    ['it is promoted and healthy', progress({ promoted: true, phase: 'Healthy' }), 1, 'done'],
    ['it is promoted, and its pods come up', progress({ promoted: true }), 1, 'on for 14 min'],
    [
      'another image',
      progress({ image: 'x:9' }),
      1,
      'back: somebody else set the image x:9 while this release was under way',
    ],
    ['aborted', progress({ aborted: true, phase: 'Degraded', because: 'bad' }), 1, "back: Argo's controller: bad"],
    ['not taken up yet', progress({ observed: false, because: 'not yet' }), 1, 'on for 4 min'],
    ['never taken up', progress({ observed: false, because: 'not yet' }), 5, 'back: not yet; does it run?'],
    ['an open pause', progress({ pause: pausedAt(2), openPauses: 2 }), 2, 'asks openPause rollout-2 for 60 min'],
    ['the last one', progress({ pause: pausedAt(2), openPauses: 1 }), 12, 'asks openPause rollout-2 for 50 min, last'],
    [
      'an inconclusive analysis',
      progress({ pause: pausedAt(0, { reason: 'InconclusiveAnalysisRun' }) }),
      10,
      'asks inconclusive rollout-2-unsure for 20 min',
    ],
    ['held by somebody', progress({ held: true }), 10, 'asks held rollout-held for 50 min'],
    ['a timed pause', progress(timed, 10), 30, 'asks timedPause rollout-2 for 100 min'],
    ['a timed pause that has just ended', progress(timed, 10), 130, 'on for 15 min'],
    ['a timed pause that ended and nothing came', progress(timed, 10), 144, 'on for 1 min'],
    [
      'a timed pause that nobody ends',
      progress(timed, 10),
      145,
      "back: no progress within the controller's own deadline: Paused; does it run?",
    ],
    ['an analysis that takes long', progress({ step: step(2, true) }), 600, 'on for 840 min'],
    [
      'no progress for so long',
      progress({ because: 'few pods' }),
      15,
      "back: no progress within the controller's own deadline: few pods; does it run?",
    ],
    [
      'longer than all of it may take',
      progress({ step: step(2, true) }),
      1440,
      'back: not rolled out within 1440 min: Progressing',
    ],
  ];
  for (const [what, standing, minute, wanted] of cases) {
    it(`${what}: ${wanted}`, () => assert.equal(said(standing, minute), wanted));
  }
});
