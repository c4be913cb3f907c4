/** Steps of a router: Argo's `setCanaryScale`, `setHeaderRoute` and `setMirrorRoute`, and the rollback window. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkFiles, compileRelease, describePlan, earliestDurationMs, type Plan } from '../../src/plan/index.ts';
import { edited, folderOf, GOOD } from './plan-fixture.ts';
import { CLUSTER } from './plan-kubernetes-fixture.ts';

const STEPS = '      steps:\n';
const ROUTING = '      trafficRouting:\n';
const MANAGED = `${ROUTING}        managedRoutes: [{ name: by-header }, { name: shadow }]\n`;

const withSteps = (steps: string, files = CLUSTER, managed = MANAGED): Record<string, string> =>
  edited('rollout.yaml', STEPS, `${STEPS}${steps}`, edited('rollout.yaml', ROUTING, managed, files));

function compiled(files: Record<string, string>) {
  const made = compileRelease({ file: path.join(folderOf(files), 'release.yaml'), version: '1.2.0' });
  const say = (problem: { path: string; code: string; message: string }) =>
    `${problem.code} ${problem.path}: ${problem.message}`;
  return { plan: made.plan as Plan, errors: made.errors.map(say), warnings: made.warnings.map(say) };
}

const stepsOf = (steps: string) => {
  const { plan, errors, warnings } = compiled(withSteps(steps));
  assert.deepEqual(errors, []);
  return { plan, steps: plan.canary.steps, warnings: warnings.filter((text) => !text.includes('READINGS')) };
};

describe('a step of a router', () => {
  const cases: readonly [yaml: string, step: unknown, row: string][] = [
    ['setCanaryScale: { replicas: 2 }', { scale: { kind: 'replicas', replicas: 2 } }, 'the canary has 2 pods'],
    [
      'setCanaryScale: { weight: 25 }',
      { scale: { kind: 'weight', weight: 25 } },
      'the canary has the pods of weight 25 %',
    ],
    [
      'setCanaryScale: { matchTrafficWeight: true }',
      { scale: { kind: 'matchTrafficWeight' } },
      'the canary has the pods of its weight',
    ],
    ['setCanaryScale: {}', { scale: { kind: 'matchTrafficWeight' } }, 'the canary has the pods of its weight'],
    [
      "setHeaderRoute: { name: by-header, match: [{ headerName: Agent, headerValue: { regex: 'v2.*' } }, { headerName: beta, headerValue: { exact: 'on' } }] }",
      {
        name: 'by-header',
        matches: [
          { headers: { Agent: { kind: 'regex', value: 'v2.*' } } },
          { headers: { beta: { kind: 'exact', value: 'on' } } },
        ],
      },
      'route by-header: Agent ~ v2.* or beta = on to the canary',
    ],
    ['setHeaderRoute: { name: by-header }', { name: 'by-header', matches: [] }, 'route by-header removed'],
    [
      'setMirrorRoute: { name: shadow, percentage: 35, match: [{ method: { exact: GET }, path: { prefix: /a }, headers: { x: { exact: y } } }] }',
      {
        name: 'shadow',
        percentage: 35,
        matches: [
          {
            method: { kind: 'exact', value: 'GET' },
            path: { kind: 'prefix', value: '/a' },
            headers: { x: { kind: 'exact', value: 'y' } },
          },
        ],
      },
      'route shadow: 35 % of method = GET and path ^ /a and x = y mirrored to the canary',
    ],
    [
      'setMirrorRoute: { name: shadow, match: [{}] }',
      { name: 'shadow', percentage: 100, matches: [{}] },
      'route shadow: 100 % of all requests mirrored to the canary',
    ],
  ];
  for (const [yaml, step, text] of cases) {
    test(`${yaml} is taken, shown, and takes no time`, () => {
      const { plan, steps } = stepsOf(`        - ${yaml}\n`);
      assert.deepEqual(steps[0], { kind: yaml.split(':')[0], ...(step as object) });
      assert.ok(describePlan(plan, { width: 200 }).includes(`step 1: ${text}`), describePlan(plan, { width: 200 }));
      assert.equal(earliestDurationMs(plan), earliestDurationMs(compiled(CLUSTER).plan));
    });
  }

  test('of several scales the first that Argo looks at counts, and the others are said to be ignored', () => {
    const { steps, warnings } = stepsOf(
      '        - setCanaryScale: { matchTrafficWeight: true, weight: 5 }\n        - setCanaryScale: { replicas: 3, weight: 5 }\n',
    );
    assert.deepEqual(steps.slice(0, 2), [
      { kind: 'setCanaryScale', scale: { kind: 'matchTrafficWeight' } },
      { kind: 'setCanaryScale', scale: { kind: 'replicas', replicas: 3 } },
    ]);
    assert.deepEqual(warnings, [
      'SHIPLOCK_PLAN_FIELD_IGNORED spec.strategy.canary.steps[0].setCanaryScale.weight: is ignored, as by Argo, beside matchTrafficWeight',
      'SHIPLOCK_PLAN_FIELD_IGNORED spec.strategy.canary.steps[1].setCanaryScale.weight: is ignored, as by Argo, beside replicas',
    ]);
  });

  test('that is several kinds at once becomes several, and the analysis beside them starts where it did', () => {
    const { plan, steps } = stepsOf(
      '        - setWeight: 5\n          setHeaderRoute: { name: by-header }\n          setCanaryScale: { replicas: 1 }\n',
    );
    assert.deepEqual(
      steps.slice(0, 4).map(({ kind }) => kind),
      ['setCanaryScale', 'setHeaderRoute', 'setWeight', 'setWeight'],
    );
    // `startingStep: 1` of the Rollout is its second step.
    assert.equal(plan.canary.background?.startingStep, 3);
  });

  const AT = 'spec.strategy.canary.steps[0]';
  const wrong: readonly [yaml: string, error: string][] = [
    [
      'setCanaryScale: { replicas: -1 }',
      `SHIPLOCK_PLAN_RANGE ${AT}.setCanaryScale.replicas: is -1; expected at least 0`,
    ],
    [
      'setCanaryScale: { weight: 101 }',
      `SHIPLOCK_PLAN_WEIGHT_RANGE ${AT}.setCanaryScale.weight: is 101; expected a whole percentage from 0 to 100`,
    ],
    [
      'setHeaderRoute: { name: other }',
      `SHIPLOCK_PLAN_NEEDS ${AT}.setHeaderRoute.name: is "other", which is not among the managedRoutes (by-header, shadow); add it there`,
    ],
    [
      'setHeaderRoute: { name: by-header, match: [{ headerName: a, headerValue: { exact: b, prefix: c } }] }',
      `SHIPLOCK_PLAN_CHOICE ${AT}.setHeaderRoute.match[0].headerValue: has exact and prefix; expected exactly one of exact, prefix, regex`,
    ],
    [
      "setMirrorRoute: { name: shadow, match: [{ path: { exact: '' } }] }",
      `SHIPLOCK_PLAN_CHOICE ${AT}.setMirrorRoute.match[0].path: has no value; expected exactly one of exact, prefix, regex`,
    ],
    [
      'setMirrorRoute: { name: shadow, percentage: 101 }',
      `SHIPLOCK_PLAN_RANGE ${AT}.setMirrorRoute.percentage: is 101; expected at most 100`,
    ],
    [
      'setWeight: 5\n          pause: {}\n          setHeaderRoute: { name: by-header }',
      `SHIPLOCK_PLAN_STEP_KIND ${AT}: is setWeight and pause at once; expected exactly one of setWeight, pause, analysis, setCanaryScale, setHeaderRoute, setMirrorRoute`,
    ],
  ];
  for (const [yaml, error] of wrong) {
    test(`${yaml.replaceAll(/\s+/g, ' ')} is refused`, () => {
      assert.deepEqual(compiled(withSteps(`        - ${yaml}\n`)).errors, [error]);
    });
  }

  test('without a router is refused, in a release and in a Rollout by itself', () => {
    const istio = `${ROUTING}        istio:\n          virtualService: { name: shop, routes: [primary] }\n`;
    const files = edited('rollout.yaml', STEPS, `${STEPS}        - setCanaryScale: { replicas: 1 }\n`, {
      ...edited('rollout.yaml', istio, '', CLUSTER),
    });
    const says = `SHIPLOCK_PLAN_NEEDS ${AT}.setCanaryScale: needs a router: without one, the pods are the traffic`;
    assert.deepEqual(compiled(files).errors, [says]);
    const folder = folderOf(files);
    const alone = ['rollout.yaml', 'templates.yaml'].map((file) => path.join(folder, file));
    const { errors } = checkFiles(alone, { version: '1.2.0' });
    assert.deepEqual(
      errors.map((problem) => `${problem.code} ${problem.path}: ${problem.message}`),
      [says],
    );
  });

  test('is refused by name on the platform local', () => {
    const files = edited('rollout.yaml', STEPS, `${STEPS}        - setCanaryScale: { replicas: 1 }\n`, { ...GOOD });
    assert.deepEqual(compiled(files).errors, [
      `SHIPLOCK_PLAN_UNSUPPORTED ${AT}.setCanaryScale: setCanaryScale is known to Argo Rollouts but not supported on the platform local; remove it, or release on kubernetes`,
    ]);
  });
});

describe('a rollback window', () => {
  const window = '  rollbackWindow: { revisions: 3 }\n';

  test("is the Rollout's, or the release file's", () => {
    const rollout = edited('rollout.yaml', '  replicas: 3\n', `  replicas: 3\n${window}`, { ...CLUSTER });
    const { plan } = compiled(rollout);
    assert.deepEqual(plan.canary.rollbackWindow, { revisions: 3 });
    assert.match(
      describePlan(plan, { width: 200 }),
      /no steps for a version that was stable within the last 3 revisions/,
    );
    const own = edited('release.yaml', 'canary:\n', 'canary:\n  rollbackWindow: { revisions: 1 }\n', rollout);
    assert.deepEqual(compiled(own).plan.canary.rollbackWindow, { revisions: 1 });
  });

  test('of no revisions is none, and on local it is refused', () => {
    const none = edited('rollout.yaml', '  replicas: 3\n', '  replicas: 3\n  rollbackWindow: { revisions: 0 }\n', {
      ...CLUSTER,
    });
    assert.equal('rollbackWindow' in compiled(none).plan.canary, false);
    const local = edited('rollout.yaml', '  replicas: 3\n', `  replicas: 3\n${window}`, { ...GOOD });
    assert.match(
      compiled(local).errors.join(),
      /^SHIPLOCK_PLAN_UNSUPPORTED spec.rollbackWindow: .* the platform local/,
    );
  });
});

test('ping-pong gives the two Services, and is said of the router', () => {
  const pingPong = '      pingPong: { pingService: shop-ping, pongService: shop-pong }\n';
  const files = edited('rollout.yaml', ROUTING, `${pingPong}${ROUTING}`, { ...CLUSTER });
  const { target } = compiled(files).plan;
  assert.deepEqual([target.stableService, target.canaryService], ['shop-ping', 'shop-pong']);
  assert.ok(target.platform === 'kubernetes' && target.traffic.kind === 'istio' && target.traffic.pingPong === true);
});
