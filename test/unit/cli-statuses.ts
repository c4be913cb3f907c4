/** Releases in each state, as the `status` query answers: what the renderer's tests look at. */
import type { MetricProgress, Progress, ProgressState, ReleaseStatus } from '../../workflows/messages.ts';

export const NOW = new Date('2026-03-04T12:10:00Z');

/** A time of that day, `12:00:30` → RFC 3339. */
function time(clock: string): string {
  return `2026-03-04T${clock}.000Z`;
}

function entry(name: string, title: string, state: ProgressState, span = '', because = ''): Progress {
  const [startedAt, endedAt] = span.split('-');
  return {
    name,
    title,
    state,
    because,
    startedAt: startedAt ? time(startedAt) : null,
    endedAt: endedAt ? time(endedAt) : null,
  };
}

function status(changes: Partial<ReleaseStatus>): ReleaseStatus {
  return {
    id: 'release-production-api',
    service: 'api',
    environment: 'production',
    version: '1.1.0',
    from: '1.0.0',
    planDigest: '0123456789abcdef0123456789abcdef',
    startedAt: time('12:00:00'),
    startedBy: 'ci@runner-7',
    phase: 'canary',
    outcome: null,
    because: '',
    weights: {},
    progress: [],
    gates: [],
    metrics: [],
    waiting: null,
    decisions: [],
    continued: 0,
    ...changes,
  };
}

const ADMITTED = entry('admission', 'admission', 'done', '12:00:00-12:00:01');
const GATES = [
  entry('gate-unit-tests', 'gate unit-tests', 'done', '12:00:01-12:01:13', 'exit code 0'),
  entry('gate-audit', 'gate audit', 'done', '12:00:01-12:00:04', 'nothing at or above moderate'),
];
const CONFIGURED = entry(
  'configuration-1',
  'write 1.1.0 into values.yaml',
  'done',
  '12:01:13-12:01:14',
  'image.tag was 1.0.0',
);
const TAIL = [
  entry('promotion', 'approval', 'waiting'),
  entry('full', 'all traffic', 'waiting'),
  entry('window', 'window 10m', 'waiting'),
];

const SUCCESS_RATE: MetricProgress = {
  analysis: 'background',
  metric: 'success-rate',
  query: 'success',
  condition: 'result[0] >= 0.99',
  state: 'running',
  because: '',
  good: 2,
  failed: 0,
  inconclusive: 0,
  errors: 0,
  readings: [
    { at: time('12:08:00'), value: '[0.9991]', beside: '', verdict: 'pass', weight: 25, evidence: '' },
    { at: time('12:09:00'), value: '[0.9987]', beside: '[0.9995]', verdict: 'pass', weight: 25, evidence: '' },
  ],
};

export const gatesRunning = status({
  phase: 'gates',
  weights: { '1.0.0': 100 },
  progress: [
    ADMITTED,
    entry('gate-unit-tests', 'gate unit-tests', 'running', '12:08:55'),
    entry('gate-audit', 'gate audit', 'done', '12:00:01-12:00:04', 'nothing at or above moderate'),
    entry('configuration-1', 'write 1.1.0 into values.yaml', 'waiting'),
    entry('step-1', 'set weight 25 %', 'waiting'),
    ...TAIL,
  ],
});

export const canaryAt25 = status({
  weights: { '1.0.0': 75, '1.1.0': 25 },
  progress: [
    ADMITTED,
    ...GATES,
    CONFIGURED,
    entry('ready', '1.1.0 ready', 'done', '12:01:14-12:01:20'),
    entry('step-1', 'set weight 25 %', 'done', '12:01:20-12:01:21'),
    entry('step-2', 'pause 10m', 'running', '12:01:21'),
    entry('step-3', 'set weight 50 %', 'waiting'),
    ...TAIL,
  ],
  metrics: [
    SUCCESS_RATE,
    { ...SUCCESS_RATE, metric: 'latency', good: 1, failed: 1, readings: SUCCESS_RATE.readings.slice(1) },
  ],
});

/** Rejected by a gate, whose log says why. */
export const rejectedByGate = status({
  phase: 'ended',
  outcome: 'rejected',
  because: 'gate unit-tests: exit code 1 after 20.9 s',
  progress: [
    ADMITTED,
    entry(
      'gate-unit-tests',
      'gate unit-tests',
      'failed',
      '12:00:01-12:00:22',
      'gate unit-tests: exit code 1 after 20.9 s',
    ),
  ],
  gates: [
    {
      name: 'unit-tests',
      verdict: 'fail',
      because: 'exit code 1 after 20.9 s',
      durationMs: 20_900,
      exitCode: 1,
      log: {
        file: '/var/lib/shiplock/logs/release-production-api/1/gate-unit-tests/gate.log',
        bytes: 1_000,
        sha256: '',
        kept: 768,
        tail: `${Array.from({ length: 20 }, (_, index) => `ok ${index + 1}`).join('\n')}\nnot ok 21 - answers within 50 ms\n`,
      },
    },
  ],
});

/** A comparison that has failed, with the sentence that a release says of it. */
export const WORSE =
  'worse than the stable side: 30.5 % of 59 slower than 0.1 s on the canary, 0.66 % of 303 on the stable side; ' +
  "at equal rates 3.45 of the canary's were expected, 18 were seen; 43.2 times as often (the interval: 4.01 or more)";

export const compared = status({
  ...canaryAt25,
  because: `latency: ${WORSE}`,
  metrics: [
    SUCCESS_RATE,
    {
      ...SUCCESS_RATE,
      analysis: 'comparison',
      metric: 'latency',
      state: 'fail',
      because: WORSE,
      good: 0,
      failed: 1,
      inconclusive: 4,
      readings: [
        {
          at: time('12:09:00'),
          value: '30.5 % of 59 slower than 0.1 s',
          beside: '0.66 % of 303 slower than 0.1 s',
          verdict: 'fail',
          weight: 25,
          evidence: '',
        },
      ],
    },
  ],
});

export const waitingForApproval = status({
  phase: 'promotion',
  weights: { '1.0.0': 50, '1.1.0': 50 },
  progress: [
    ADMITTED,
    ...GATES,
    CONFIGURED,
    entry('step-1', 'set weight 50 %', 'done', '12:01:20-12:01:21'),
    entry('promotion', 'approval', 'running', '12:08:00'),
    ...TAIL.slice(1),
  ],
  metrics: [{ ...SUCCESS_RATE, state: 'pass', because: '4 good readings, one at the last weight', good: 4 }],
  waiting: {
    kind: 'approval',
    token: 'promotion@1a2b3c4d',
    prompt: 'Promote 1.1.0 to all traffic?',
    accepts: ['approve', 'reject'],
    deadline: time('12:13:00'),
    consequence: 'goes back',
  },
  decisions: [
    {
      id: 'one',
      signal: 'approve',
      at: time('12:07:00'),
      accepted: false,
      because: 'nothing waits for approve now',
      payload: '{}',
      by: { name: 'eve@laptop', level: 'identity', eventId: '41' },
    },
  ],
});

export const rolledBack = status({
  phase: 'ended',
  outcome: 'rolledBack',
  because: 'success-rate failed: [0.71] is below 0.99, 4 failures of 3 allowed',
  weights: { '1.0.0': 100, '1.1.0': 0 },
  progress: [
    ADMITTED,
    ...GATES,
    CONFIGURED,
    entry('step-1', 'set weight 25 %', 'done', '12:01:20-12:01:21'),
    entry('step-2', 'pause 10m', 'failed', '12:01:21-12:03:00', 'cut short: success-rate failed'),
    entry('step-3', 'set weight 50 %', 'skipped'),
    entry('undo-1', 'all traffic back to 1.0.0', 'done', '12:03:00-12:03:01'),
    entry('undo-2', 'restore values.yaml', 'done', '12:03:01-12:03:02'),
  ],
  metrics: [{ ...SUCCESS_RATE, state: 'fail', because: '4 failures, 3 allowed', good: 0, failed: 4 }],
});

export const releasedInWindow = status({
  phase: 'window',
  outcome: 'released',
  weights: { '1.1.0': 100, '1.0.0': 0 },
  progress: [
    ADMITTED,
    CONFIGURED,
    entry('step-1', 'set weight 25 %', 'done', '12:01:20-12:01:21'),
    entry('full', 'all traffic', 'done', '12:05:00-12:05:01'),
    entry('window', 'window 10m', 'running', '12:05:01'),
    entry('cleanup', 'remove the old side', 'waiting'),
  ],
  waiting: {
    kind: 'window',
    token: 'window@1a2b3c4d',
    prompt: 'The window is open: 1.0.0 stays warm',
    accepts: ['finalise', 'abort'],
    deadline: time('12:15:01'),
    consequence: 'ends, and with it the way back',
  },
});

export const stuckUndo = status({
  phase: 'undoing',
  because: 'aborted by ann@laptop: wrong build',
  weights: { '1.0.0': 100, '1.1.0': 0 },
  progress: [
    ADMITTED,
    entry('step-1', 'set weight 25 %', 'done', '12:01:20-12:01:21'),
    entry('undo-1', 'all traffic back to 1.0.0', 'done', '12:03:00-12:03:01'),
    entry('undo-2', 'restore values.yaml', 'running', '12:03:01', 'values.yaml was changed by somebody else'),
  ],
  waiting: {
    kind: 'undo',
    token: 'undo-2@1a2b3c4d',
    prompt: 'values.yaml cannot be restored: it was changed by somebody else',
    accepts: ['retry', 'skip'],
    deadline: null,
    consequence: 'is tried again every minute',
  },
});
