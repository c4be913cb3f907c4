/** What is decided from a Rollout's object: as its controller writes it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containerAt } from '../../activities/rollout/argo/image.ts';
import type { RolloutObject, RolloutStatus, Seen } from '../../activities/rollout/argo/object.ts';
import { promoted } from '../../activities/rollout/argo/patches.ts';
import { untilNextLook } from '../../activities/rollout/argo/patience.ts';
import { ownedByArgo, phaseOf } from '../../activities/rollout/argo/phase.ts';
import { isRestarted, restartAt } from '../../activities/rollout/argo/restart.ts';
import { stateOf } from '../../activities/rollout/argo/state.ts';
import { secondsOf, titleOf } from '../../activities/rollout/argo/steps.ts';
import { nextOnTheWayBack, type Restoring } from '../../activities/rollout/argo/way-back.ts';

const OLD = 'registry.example/shop:1.0.0';
const NEW = 'registry.example/shop:1.1.0';
const SINCE = '2026-11-01T10:00:00Z';
const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 50 }, { pause: { duration: '2m' } }];
const template = (image: string) => ({
  spec: {
    containers: [
      { name: 'sidecar', image: 'x' },
      { name: 'app', image },
    ],
  },
});

/** In mid-ramp at the open pause, unless said otherwise. */
function rollout(status: RolloutStatus = {}, spec: Partial<RolloutObject['spec']> = {}, image = NEW): RolloutObject {
  return {
    metadata: { name: 'shop', generation: 7, resourceVersion: '100' },
    spec: { replicas: 4, template: template(image), strategy: { canary: { trafficRouting: {}, steps } }, ...spec },
    status: {
      observedGeneration: '7',
      currentPodHash: 'new',
      stableRS: 'old',
      currentStepIndex: 1,
      phase: 'Paused',
      message: 'CanaryPauseStep',
      controllerPause: true,
      pauseConditions: [{ reason: 'CanaryPauseStep', startTime: SINCE }],
      canary: {
        weights: { canary: { weight: 10, podTemplateHash: 'new' }, stable: { weight: 90, podTemplateHash: 'old' } },
      },
      ...status,
    },
  };
}

const none = undefined as never;
const seen = (object: RolloutObject): Seen => ({ rollout: object, images: { old: OLD }, runs: [] });
const look = (object: RolloutObject) => {
  const state = stateOf(seen(object), 'app');
  assert.ok(state);
  return state;
};

describe('the phase of a Rollout', () => {
  const cases: [what: string, object: RolloutObject, phase: string, observed: boolean, because: RegExp][] = [
    ['as the controller says it', rollout(), 'Paused', true, /^CanaryPauseStep$/],
    ['a specification it has not seen', rollout({ observedGeneration: '6' }), 'Progressing', false, /last change/],
    ['no status at all', { ...rollout(), status: none }, 'Progressing', false, /last change/],
    ['no phase yet', rollout({ phase: none }), 'Progressing', false, /not said/],
    ['a phase of a later version', rollout({ phase: 'Dancing' }), 'Progressing', false, /not said/],
    ['a pause that somebody ended', rollout({ pauseConditions: [] }), 'Progressing', false, /end the pause/],
    [
      'an inconclusive one, too',
      rollout({ pauseConditions: [], controllerPause: false }),
      'Progressing',
      false,
      /end the pause/,
    ],
    [
      'held by spec.paused',
      rollout({ pauseConditions: [], controllerPause: false }, { paused: true }),
      'Paused',
      true,
      /Canary/,
    ],
    [
      'aborted during a pause',
      rollout({ pauseConditions: [], abort: true, phase: 'Degraded', message: 'RolloutAborted: x' }),
      'Degraded',
      true,
      /RolloutAborted: x/,
    ],
    [
      'begun anew after an abort',
      rollout({ pauseConditions: [], controllerPause: false, phase: 'Degraded', message: 'RolloutAborted: x' }),
      'Progressing',
      false,
      /anew/,
    ],
    [
      'out of time',
      rollout({
        pauseConditions: [],
        controllerPause: false,
        phase: 'Degraded',
        message: 'ProgressDeadlineExceeded: y',
      }),
      'Degraded',
      true,
      /Deadline/,
    ],
  ];
  for (const [what, object, phase, observed, because] of cases) {
    test(what, () => {
      const found = phaseOf(object);
      assert.deepEqual([found.phase, found.observed], [phase, observed]);
      assert.match(found.because, because);
    });
  }

  test('of a Deployment that has the pods, what is not taken up yet', () => {
    const deployment = { metadata: { name: 'web', generation: 3 } };
    assert.match(phaseOf(rollout(), deployment).because, /web/);
    assert.equal(phaseOf(rollout({ workloadObservedGeneration: '3' }), deployment).observed, true);
  });

  test('a Rollout that a controller owns', () => {
    assert.equal(ownedByArgo(rollout()), true);
    assert.equal(ownedByArgo({ status: { conditions: [{ type: 'Healthy', status: 'True' }] } }), true);
    assert.equal(ownedByArgo({}), false);
    assert.equal(ownedByArgo({ status: {} }), false);
  });
});

describe('what a release knows of it', () => {
  test('at an open pause', () => {
    const { step, openPauses, pause, weights, stable, version, promoted: whole } = look(rollout());
    assert.deepEqual(step, { index: 1, title: 'pause until promoted', judges: false });
    assert.deepEqual([openPauses, whole, version, stable?.version], [1, false, '1.1.0', '1.0.0']);
    assert.deepEqual(pause, { reason: 'CanaryPauseStep', since: SINCE, durationMs: null });
    assert.deepEqual(weights, { '1.0.0': 90, '1.1.0': 10 });
  });

  test('at a timed pause', () => {
    const { pause, openPauses } = look(rollout({ currentStepIndex: 3 }));
    assert.deepEqual([pause?.durationMs, openPauses], [120_000, 0]);
  });

  test('at rest all of its pauses are to come', () => {
    const rest = {
      stableRS: 'new',
      currentStepIndex: 4,
      phase: 'Healthy',
      pauseConditions: [],
      controllerPause: false,
    };
    const state = look(rollout(rest));
    assert.deepEqual([state.openPauses, state.step, state.promoted, state.stable?.version], [1, null, true, '1.1.0']);
  });

  test('an undecided analysis goes before the pause of its step', () => {
    const pauseConditions = [
      { reason: 'CanaryPauseStep', startTime: SINCE },
      { reason: 'InconclusiveAnalysisRun', startTime: '2026-11-01T10:05:00Z' },
    ];
    assert.equal(look(rollout({ pauseConditions })).pause?.reason, 'InconclusiveAnalysisRun');
  });

  test('a short cut that the controller may take', () => {
    assert.equal(look(rollout()).maySkip, false);
    assert.equal(look(rollout({}, { rollbackWindow: { revisions: 3 } })).maySkip, true);
  });

  test('the mark differs where anything is worth telling, and not where pods come and go', () => {
    assert.equal(look(rollout({ availableReplicas: 1 })).mark, look(rollout({ availableReplicas: 2 })).mark);
    assert.notEqual(look(rollout()).mark, look(rollout({ currentStepIndex: 3 })).mark);
    assert.notEqual(look(rollout()).mark, look(rollout({ message: 'else' })).mark);
  });

  test('no such container, an init container, none at all', () => {
    assert.equal(stateOf(seen(rollout()), 'web'), null);
    assert.equal(containerAt({ spec: { initContainers: [{ name: 'a', image: 'i' }] } }, 'a')?.image, 'i');
    assert.equal(containerAt(undefined, 'a'), null);
    assert.equal(containerAt(template(NEW), 'app')?.path, '/spec/template/spec/containers/1/image');
  });

  for (const [written, seconds] of [
    [undefined, null],
    [90, 90],
    ['90', 90],
    ['1h30m', 5_400],
    ['1500ms', 1.5],
  ] as const) {
    test(`a pause of ${written}`, () => assert.equal(secondsOf(written), seconds));
  }

  test('every kind of step has a title', () => {
    const all = [{ setWeight: 5 }, { pause: { duration: 5 } }, { experiment: {} }, { setCanaryScale: {} }];
    const named = [{ analysis: { templates: [{ templateName: 'a' }] } }, { setHeaderRoute: { name: 'h' } }, {}];
    assert.deepEqual([...all, ...named].map(titleOf), [
      'set weight 5 %',
      'pause 5',
      'experiment',
      "set the canary's scale",
      'analysis a',
      'header route h',
      'a step of an unknown kind',
    ]);
  });
});

describe('what ends a pause', () => {
  test('is bound to the step, and clears nothing but the pause', () => {
    assert.deepEqual(promoted(rollout()), {
      spec: [],
      status: [
        { op: 'test', path: '/status/currentStepIndex', value: 1 },
        { op: 'add', path: '/status/pauseConditions', value: [] },
      ],
    });
  });

  test('goes past the analysis of the step that could not decide, and past no other', () => {
    const canary = { currentStepAnalysisRunStatus: { status: 'Inconclusive' } };
    const { status } = promoted(rollout({ canary }));
    assert.deepEqual(status.at(-1), { op: 'add', path: '/status/currentStepIndex', value: 2 });
    const running = { currentStepAnalysisRunStatus: { status: 'Running' } };
    assert.equal(promoted(rollout({ canary: running })).status.length, 2);
  });

  test('lets go what spec.paused holds; where nothing is paused it does nothing', () => {
    assert.equal(promoted(rollout({}, { paused: true })).spec.length, 1);
    assert.deepEqual(promoted(rollout({ pauseConditions: [] })), { spec: [], status: [] });
  });
});

describe('the next act on the way back', () => {
  const images: Restoring = { image: NEW, found: OLD, stable: OLD, fenced: true };
  const rest: RolloutStatus = {
    pauseConditions: [],
    controllerPause: false,
    phase: 'Healthy',
    stableRS: 'old',
    currentPodHash: 'old',
  };
  const weights = (canary: number, of: string, stable: string) => ({
    weights: {
      canary: { weight: canary, podTemplateHash: of },
      stable: { weight: 100 - canary, podTemplateHash: stable },
    },
  });
  const cases: [what: string, object: RolloutObject, act: string, change?: Partial<Restoring>][] = [
    ['in mid-ramp', rollout(), 'abort'],
    ['aborted already', rollout({ abort: true }), 'restore'],
    ['promoted already', rollout({ ...rest, stableRS: 'new', currentPodHash: 'new' }), 'restore'],
    ['the old image, without our fence', rollout(rest, {}, OLD), 'restore', { fenced: false }],
    ['the old image, held', rollout(rest, { paused: true }, OLD), 'restore'],
    ['the old image, not taken up', rollout({ ...rest, observedGeneration: '6' }, {}, OLD), 'wait'],
    ['the old image is a rollout of its own', rollout({ ...rest, stableRS: 'new' }, {}, OLD), 'skip'],
    ['which was told to skip its steps', rollout({ ...rest, stableRS: 'new', promoteFull: true }, {}, OLD), 'wait'],
    ['weight is left on the new pods', rollout({ ...rest, canary: weights(10, 'new', 'old') }, {}, OLD), 'wait'],
    [
      'the stable route still means the new pods',
      rollout({ ...rest, canary: weights(0, 'old', 'new') }, {}, OLD),
      'wait',
    ],
    ['all is on the old pods', rollout({ ...rest, canary: weights(0, 'old', 'old') }, {}, OLD), 'done'],
    [
      'the active Service still means the new pods',
      rollout({ ...rest, blueGreen: { activeSelector: 'new' } }, { strategy: { blueGreen: {} } }, OLD),
      'wait',
    ],
    [
      'without a router new pods are left',
      rollout({ ...rest, canary: {}, replicas: 5, updatedReplicas: 4 }, { strategy: { canary: {} } }, OLD),
      'wait',
    ],
    [
      'without a router none is left',
      rollout({ ...rest, canary: {}, replicas: 4, updatedReplicas: 4 }, { strategy: { canary: {} } }, OLD),
      'done',
    ],
    ['somebody else set an image', rollout({}, {}, 'registry.example/shop:9'), 'leave'],
    [
      'what was found is still there',
      rollout({}, {}, 'registry.example/shop:9'),
      'done',
      { found: 'registry.example/shop:9' },
    ],
    [
      'the same, without our fence',
      rollout({}, {}, 'registry.example/shop:9'),
      'fence',
      { found: 'registry.example/shop:9', fenced: false },
    ],
    ['what was found is what is released', rollout(), 'abort', { found: NEW }],
  ];
  for (const [what, object, act, change] of cases) {
    test(`${what}: ${act}`, () => {
      assert.equal(nextOnTheWayBack(look(object), object, { ...images, ...change }).act, act);
    });
  }
});

describe('a restart through the controller', () => {
  const asked = Date.parse('2026-11-01T10:00:05.700Z');
  const second = '2026-11-01T10:00:05Z';

  test('sets restartAt to the second in which it was asked for, and leaves a later one alone', () => {
    const patch = [{ op: 'add', path: '/spec/restartAt', value: second }];
    assert.deepEqual(restartAt(rollout(), asked), patch);
    assert.deepEqual(restartAt(rollout({}, { restartAt: '2026-11-01T10:00:04Z' }), asked), patch);
    assert.deepEqual(restartAt(rollout({}, { restartAt: second }), asked), []);
    assert.deepEqual(restartAt(rollout({}, { restartAt: '2026-11-01T11:00:00Z' }), asked), []);
  });

  test('is over when the controller says so of this time, or of a later one', () => {
    assert.equal(isRestarted(rollout(), asked), false);
    assert.equal(isRestarted(rollout({ restartedAt: '2026-11-01T10:00:04Z' }), asked), false);
    assert.equal(isRestarted(rollout({ restartedAt: second }), asked), true);
    assert.equal(isRestarted(rollout({ restartedAt: '2026-11-01T11:00:00Z' }), asked), true);
  });
});

describe('A Rollout is looked at again', () => {
  for (const [quiet, quietMs, waitedMs] of [
    ['has just changed', 0, 500],
    ['has just changed, by a clock that is behind', -2_000, 500],
    ['has been quiet for 5 s', 5_000, 500],
    ['has been quiet for 20 s', 20_000, 2_000],
    ['has been quiet for 50 s', 50_000, 5_000],
    ['has been quiet for an hour', 3_600_000, 5_000],
  ] as const)
    test(`after ${waitedMs} ms where it ${quiet}`, () => assert.equal(untilNextLook(quietMs), waitedMs));
});
