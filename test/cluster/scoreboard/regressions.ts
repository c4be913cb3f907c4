/** What hurt users of others, and the tests that would notice it here. */
export interface Regression {
  /** Issue numbers of the peer. */
  readonly issues: string;
  readonly pain: string;
  readonly covered: readonly Cover[];
  /** What no test shows yet. */
  readonly open?: string;
}

/** A test of another suite, by a part of its name as it is written there; or a scenario of the scoreboard. */
export type Cover = { readonly file: string; readonly test: string } | { readonly scenario: number };

const tests = (file: string, ...names: readonly string[]): Cover[] => names.map((test) => ({ file, test }));
const scenarios = (...numbers: readonly number[]): Cover[] => numbers.map((scenario) => ({ scenario }));

const ABORT = 'test/workflow/invariants-abort.test.ts';
const APPROVALS = 'test/workflow/invariants-approvals.test.ts';
const EVIDENCE = 'test/workflow/invariants-evidence.test.ts';
const TRAFFIC = 'test/workflow/invariants-traffic.test.ts';
const UNDO = 'test/workflow/invariants-undo.test.ts';
const WAITS = 'test/workflow/invariants-waits.test.ts';
const RELEASE = 'test/workflow/release.test.ts';
const DECIDE = 'test/unit/decide.test.ts';
const COUNTS = 'test/unit/rollout-replicas-properties.test.ts';
const CLIENT = 'test/e2e/client.test.ts';
const AUTOSCALED = 'test/cluster/scenarios/autoscaler.test.ts';
const MESSAGES = 'test/workflow/traps-messages.test.ts';

/** Of Argo Rollouts: issues, and what its code says. */
export const ARGO: readonly Regression[] = [
  {
    issues: '#4461',
    pain: 'an abort is ignored while a full promotion is pending',
    covered: [
      ...tests(
        ABORT,
        'over whatever came before it in the same batch of messages',
        'wherever it comes: from then on nothing',
      ),
      ...tests(DECIDE, 'abort comes before reject, reject before pause, pause before the rest'),
    ],
  },
  {
    issues: '#3078, #4973',
    pain: 'the canary Service’s selector flaps after an abort',
    covered: [
      ...tests('test/workflow/invariants-records.test.ts', 'what somebody else wrote over ours'),
      ...scenarios(43),
    ],
  },
  {
    issues: '#4694, #4073, #3316, #720',
    pain: 'a promote is lost, and the rollout paused for ever',
    covered: [
      ...tests(CLIENT, 'a message stands undecided, and the sender is told so'),
      ...tests(MESSAGES, 'the same message twice is one message'),
      ...tests('test/faults/servers.test.ts', 'goes on when Temporal is killed in the ramp'),
    ],
  },
  {
    issues: '#2058',
    pain: 'nobody records who promoted, and when',
    covered: [
      ...tests('test/e2e/admission.test.ts', 'says who sent which signal of a name'),
      ...tests(
        'test/workflow/persons.test.ts',
        'promote, promoteFull, resume and approve wait for the answer of history',
      ),
      ...tests('test/replay/altered.test.ts', 'prints every reading with its verdict, the decisions and the outcome'),
    ],
  },
  {
    issues: '#1203, code',
    pain: 'a promote is bound to no step: a second click skips the analysis that runs',
    covered: [
      ...tests(DECIDE, 'nothing but the very token of what is waited for answers it'),
      ...tests(APPROVALS, 'to the step, the release and the plan', 'just as promote, promoteFull and resume are'),
    ],
  },
  {
    issues: '#1323, #2512, #2391, #3976',
    pain: 'the dashboard knows neither logins nor rights for single actions',
    covered: [
      ...tests('test/workflow/traps.test.ts', 'trap 3: a claimed identity is a claim'),
      ...tests(APPROVALS, 'to what is asked, and to a person of the level'),
      ...tests('test/unit/policy.test.ts', 'may ask for a level of proof that the plan must not undercut'),
    ],
  },
  {
    issues: '#4696, #4818, #88, #1356, #4976',
    pain: 'a new controller takes every rollout for a new revision, and starts all pods anew',
    covered: [
      ...tests(
        'test/cluster/another-version.test.ts',
        'a worker of another version takes over at rest, at a pause and in mid-start: no pod is restarted',
      ),
      ...tests('test/unit/workload-kubernetes.test.ts', 'what a stored target is called, and its digest, are fixed'),
      ...tests('test/unit/rollout-revision-id.test.ts', 'is readable, and ends with the version'),
      ...tests('test/replay/replay.test.ts', 'replays with every verdict as recorded'),
    ],
  },
  {
    issues: '#4479, #1329',
    pain: 'an analysis whose every reading failed, or that was ended early, is a success',
    covered: [
      ...tests(EVIDENCE, 'without positive evidence nothing is promoted'),
      ...tests('test/unit/analysis-metrics.test.ts', 'and inconclusive without any', 'passes when it is cut short'),
      ...tests(RELEASE, 'no data is never a pass'),
    ],
  },
  {
    issues: '#3941, #4612, #3888',
    pain: 'going back moves traffic before the target can carry it',
    covered: [
      ...tests('test/faults/workload.test.ts', 'moves back what the stable side can carry when it is short'),
      ...tests(TRAFFIC, 'in any ramp, up and down, aborted anywhere'),
      ...scenarios(49),
    ],
  },
  {
    issues: '#4898, #4128, #2929',
    pain: 'an abort never ends, or tries again by itself',
    covered: [...tests(UNDO, 'it is tried for ever', 'while it is stuck a person is told'), ...scenarios(48)],
  },
  {
    issues: '#4642, #4424, #3501, #3284',
    pain: 'weights beyond 100 %, routes without pods, more pods at once than surge allows',
    covered: [
      ...tests(COUNTS, 'both limits hold at every moment', 'every side that has traffic has pods for it'),
      ...tests('test/unit/rollout-weights.test.ts', 'sum to 100 for every share'),
      ...tests(TRAFFIC, 'in any ramp, up and down, aborted anywhere'),
    ],
  },
  {
    issues: '#5006, #2864, #3617',
    pain: 'requests fail while sides are exchanged: what still has traffic is removed',
    covered: [
      ...tests(TRAFFIC, 'what carries traffic is removed neither on the way back nor after the window'),
      ...tests('test/faults/zero-failures.test.ts', 'a good version costs no request'),
      ...scenarios(101),
    ],
  },
  {
    issues: '#3112, #2855, #4571, #3929, #2982',
    pain: 'memory and reconciles grow with the number of rollouts, and with time',
    covered: [
      ...tests(
        'test/cluster/at-rest.test.ts',
        'releases that wait, at a pause or in their window, ask the API server for nothing',
      ),
      ...tests('test/cluster/argo.test.ts', 'a Rollout that waits is asked for ever more seldom'),
      ...tests('test/workflow/traps.test.ts', 'trap 10: how many releases stay in memory is set'),
    ],
  },
  {
    issues: '#3849, #2857, #4369, #4847',
    pain: 'an autoscaler scales the stable side by the canary’s load',
    covered: [
      ...tests(
        'test/cluster/workload-autoscaling.test.ts',
        'an autoscaler is held while there is a canary',
        'a ScaledObject of KEDA is paused meanwhile',
      ),
      ...tests(AUTOSCALED, 'the stable side keeps its pods while the canary has their load'),
    ],
  },
  {
    issues: '#2276, #2087, #4352, #2741, #2658',
    pain: 'values, weights and reasons of an analysis are gone when one asks for them',
    covered: [
      ...tests('test/replay/archive.test.ts', 'holds history, plan, status, manifest'),
      ...tests('test/replay/altered.test.ts', 'prints every reading with its verdict, the decisions and the outcome'),
    ],
  },
];

/** Of Flagger. */
export const FLAGGER: readonly Regression[] = [
  {
    issues: '1801',
    pain: 'a threshold that is passed while a gate waits takes nothing back',
    covered: tests(
      EVIDENCE,
      'one failed reading too many ends the ramp before its next weight',
      'a reading that fails while a person is asked in the ramp goes back without an answer',
    ),
  },
  {
    issues: '1248',
    pain: 'a failing gate starts the analysis anew, and hooks run again at every tick',
    covered: [
      ...tests(RELEASE, 'a failed gate rejects the release before anything is changed'),
      ...tests(UNDO, 'each undo may happen twice: its effect is there once'),
    ],
  },
  {
    issues: '1450',
    pain: 'a gate waits for hours: it has no deadline',
    covered: [
      ...tests(WAITS, 'every wait ends'),
      ...tests(RELEASE, 'an unanswered approval goes back at its deadline'),
    ],
  },
  {
    issues: '738',
    pain: 'a gate’s failures are never counted',
    covered: tests(RELEASE, 'a failed gate rejects the release before anything is changed'),
  },
  {
    issues: '1588, 1591, 1202, 1931',
    pain: 'no way back while promoting; traffic to a primary that is broken or not ready',
    covered: [
      ...tests(ABORT, 'wherever it comes: what took effect and could not say so any more is undone'),
      ...tests(TRAFFIC, 'a new version gets no request before it was shown to be ready'),
    ],
  },
  {
    issues: '1600, 381',
    pain: 'at the end all traffic meets a primary at the autoscaler’s minimum',
    covered: [
      ...tests(COUNTS, 'every side that has traffic has pods for it, before and after the weight moves'),
      ...tests(
        AUTOSCALED,
        'and the promoted side gets as many',
        'aborted, the stable side has as many pods as its autoscaler gave it',
      ),
    ],
  },
  {
    issues: '453',
    pain: 'once promoted there is no way back: the old version is gone',
    covered: tests(RELEASE, 'an abort in the window goes back with one traffic move'),
  },
  {
    issues: '724, 413',
    pain: 'there is no direct abort',
    covered: tests(ABORT, 'wherever it comes: from then on nothing', 'as a cancel request just the same'),
  },
  {
    issues: '1700, 631',
    pain: 'several services cannot be released together',
    covered: [],
    open: 'releases of several services are to come',
  },
  {
    issues: '555, 1186',
    pain: 'a migration of the canary is not undone',
    covered: tests(
      'test/workflow/phases.test.ts',
      'an expand that was done before its abort could say so stays, and is on record',
      'a migration that fails takes the release back before any traffic',
    ),
  },
  {
    issues: '225, 739',
    pain: 'no baseline, no comparison of the two versions',
    covered: tests(
      'test/workflow/comparison.test.ts',
      'with a baseline, a fresh copy of stable has the canary’s share',
      'a canary that fails more often than the stable side goes back',
    ),
  },
  {
    issues: '1011, 1035, 1689, 883',
    pain: 'no traffic fails a healthy release; traffic that stops does not halt it',
    covered: [
      ...tests('test/workflow/analysis.test.ts', 'readings with too little traffic count for nothing'),
      ...tests('test/workflow/analysis.test.ts', 'a release that never has enough traffic asks a person'),
    ],
  },
  {
    issues: '1344, 1017, 163',
    pain: 'approving means curl inside a pod',
    covered: tests('test/e2e/ui.test.ts', 'a release that waits for approval'),
  },
  {
    issues: '1515',
    pain: 'the same alert again and again',
    covered: tests('test/e2e/notify.test.ts', 'once only where it is'),
  },
  {
    issues: '784',
    pain: 'a new revision silently starts the run anew; nothing is queued',
    covered: tests(CLIENT, 'a start waits its turn where it is told to', 'a superseding start aborts the open release'),
  },
  {
    issues: 'devantler-tech/platform#1852, #2387',
    pain: 'copies of the configuration go stale; a canary is stuck in Failed for days',
    covered: [
      ...tests('test/cluster/rotated.test.ts', 'a Secret and a ConfigMap that are rotated in mid-release'),
      ...tests(CLIENT, 'an aborted release is rolled back, with the reason'),
    ],
  },
];
