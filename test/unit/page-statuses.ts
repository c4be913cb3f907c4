/** Releases of CredLink's plan in the states that people see, as the `status` query answers them. */
import type { MetricProgress, Progress, ReleaseStatus } from '../../workflows/messages.ts';
import { openState, statusOf } from '../../workflows/state.ts';
import { credlinkPlan } from '../workflow/plans.ts';

const plan = credlinkPlan();
const opened = statusOf(plan, openState(plan, { id: 'release', firstRunId: 'run', startedAt: at(0) }));

/** Seconds after three o'clock. */
function at(seconds: number): string {
  return new Date(Date.UTC(2026, 10, 23, 15, 0, seconds)).toISOString();
}

/** The first lines are done, one runs, the rest waits. */
function progressUpTo(running: string): Progress[] {
  const index = opened.progress.findIndex(({ name }) => name === running);
  return opened.progress.map((line, place) => {
    if (place > index) return line;
    const endedAt = place < index ? at(place + 1) : null;
    return {
      ...line,
      state: endedAt ? 'done' : 'running',
      because: endedAt ? 'over' : '',
      startedAt: at(place),
      endedAt,
    };
  });
}

function metric(name: string, value: string, beside: string, condition: string): MetricProgress {
  const reading = {
    at: at(9),
    value: `[${value}]`,
    beside: `[${beside}]`,
    verdict: 'pass',
    weight: 10,
    evidence: '',
  } as const;
  return {
    analysis: 'background',
    metric: name,
    query: 'up',
    condition,
    state: 'running',
    because: '',
    good: 2,
    failed: 1,
    inconclusive: 0,
    errors: 0,
    readings: [reading],
  };
}

const common: ReleaseStatus = {
  ...opened,
  from: '1.0.0',
  planDigest: 'd'.repeat(64),
  startedBy: 'ci@pipeline',
  metrics: [
    metric('success-rate', '0.9934', '0.9991', 'result[0] >= 0.99'),
    metric('latency', '0.31', '0.28', 'result[0] <= 0.5'),
  ],
};

export const canary: ReleaseStatus = {
  ...common,
  phase: 'canary',
  weights: { '1.0.0': 90, '1.1.0': 10 },
  progress: progressUpTo('step-2'),
  waiting: {
    kind: 'pause',
    token: 'step-2@1a2b3c4d',
    prompt: 'A timed pause.',
    accepts: ['promote'],
    deadline: at(300),
    consequence: 'goes on by itself',
  },
};

export const asking: ReleaseStatus = {
  ...common,
  phase: 'promotion',
  weights: { '1.0.0': 25, '1.1.0': 75 },
  progress: progressUpTo('promotion'),
  waiting: {
    kind: 'approval',
    token: 'promotion@1a2b3c4d',
    prompt: 'Send all traffic to 1.1.0?',
    accepts: ['approve', 'reject'],
    deadline: at(545),
    consequence: 'goes back',
  },
};

function undo(name: string, title: string, state: Progress['state']): Progress {
  return { name, title, state, because: '', startedAt: at(60), endedAt: state === 'done' ? at(61) : null };
}

const wayThere = progressUpTo('step-4').map((line) =>
  line.state === 'running' ? { ...line, state: 'failed' as const } : line,
);

export const stuck: ReleaseStatus = {
  ...common,
  phase: 'undoing',
  because: 'customers complain',
  weights: { '1.0.0': 100, '1.1.0': 0 },
  progress: [
    ...wayThere,
    undo('undo-1', 'traffic back to 1.0.0 100 %', 'done'),
    undo('undo-2', 'remove 1.1.0', 'running'),
  ],
  waiting: {
    kind: 'undo',
    token: 'undo-2@1a2b3c4d',
    prompt: 'Stuck: remove 1.1.0 (the platform does not answer). Try again, or skip it?',
    accepts: ['retry', 'skip'],
    deadline: null,
    consequence: 'is still being tried',
  },
};

export const aborted: ReleaseStatus = {
  ...common,
  phase: 'ended',
  outcome: 'rolledBack',
  because: 'customers complain',
  weights: { '1.0.0': 100 },
  progress: [...wayThere, undo('undo-1', 'traffic back to 1.0.0 100 %', 'done')],
};

export const released: ReleaseStatus = {
  ...common,
  phase: 'ended',
  outcome: 'released',
  because: '1.1.0 has all traffic',
  weights: { '1.1.0': 100 },
  progress: progressUpTo('cleanup'),
};
