import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { BUILT_IN, builtInQuery, OBSERVER_NAMES, observerOf } from '../../src/import/flagger/queries.ts';
import { fillVariables } from '../../src/import/flagger/variables.ts';
import { weightsOf } from '../../src/import/flagger/weights.ts';
import { compileRelease } from '../../src/plan/index.ts';
import { CANARIES, EXPECTED, FLAGGER, imported, reviewed } from '../fixtures/flagger/imports.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'shiplock-import-'));
after(() => rmSync(folder, { recursive: true }));

/** What an import makes, on disk beside a Deployment, and compiled as `check` does. */
function compiled(name: string, options: Parameters<typeof imported>[1] = {}) {
  const { release, files } = imported(name, options);
  assert.ok(release);
  const place = mkdtempSync(path.join(folder, name));
  mkdirSync(place, { recursive: true });
  cpSync(path.join(FLAGGER, `${name}.yaml`), path.join(place, `${name}.yaml`));
  writeFileSync(path.join(place, 'deployment.yaml'), DEPLOYMENT);
  for (const { name: file, text } of [release, ...files]) writeFileSync(path.join(place, file), text);
  return compileRelease({ file: path.join(place, release.name), version: '1.2.0' });
}

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: bookings-api, namespace: travel }
spec:
  replicas: 2
  selector: { matchLabels: { app: bookings-api } }
  template:
    metadata: { labels: { app: bookings-api } }
    spec: { containers: [{ name: api, image: "registry.example/travel/bookings:1.0.0" }] }
`;

describe("a Canary of Flagger's", () => {
  for (const name of CANARIES) {
    it(`${name}: becomes the release that was reviewed`, () => {
      const made = reviewed(name);
      assert.deepEqual([...made.keys()].sort(), readdirSync(path.join(EXPECTED, name)).sort());
      for (const [file, text] of made) {
        const expected = readFileSync(path.join(EXPECTED, name, file), 'utf8');
        assert.equal(text, expected, `${name}/${file}; node test/fixtures/flagger/imports.ts writes it again`);
      }
    });
  }

  for (const name of ['checkout', 'bookings', 'search', 'feed', 'mailer']) {
    it(`${name}: what it becomes is a release that compiles`, () => {
      const { errors, warnings, plan } = compiled(name);
      assert.deepEqual(errors, []);
      assert.deepEqual(
        warnings.map(({ message }) => message),
        [],
      );
      assert.equal(plan?.target.platform, 'kubernetes');
    });
  }

  it('keeps its ramp: weights, their rhythm, and what stands beside them', () => {
    const { plan } = compiled('checkout');
    const steps = plan?.canary.steps.map((step) => {
      if (step.kind === 'setWeight') return step.weight;
      if (step.kind === 'pause') return `${Number(step.durationMs) / 1_000}s`;
      return step.kind === 'analysis' ? step.analysis.templates.join() : step;
    });
    const grow = 'checkout-confirm-traffic-increase';
    assert.deepEqual(steps, ['checkout-pre-rollout', grow, 20, '60s', grow, 40, '60s', grow, 60, '60s', grow]);
    const metrics = plan?.canary.background?.analysis.metrics ?? [];
    assert.deepEqual(
      metrics.map(({ name, failureLimit, intervalMs, initialDelayMs }) => [
        name,
        failureLimit,
        intervalMs,
        initialDelayMs,
      ]),
      [
        ['request-success-rate', 4, 60_000, 60_000],
        ['request-duration', 4, 60_000, 60_000],
        ['cart-errors', 4, 60_000, 60_000],
        ['load', 0, 60_000, 60_000],
      ],
    );
    assert.equal(plan?.canary.readyDeadlineMs, 300_000);
    assert.deepEqual(plan?.notify, ['event-log', 'on-call', 'deploys']);
    assert.deepEqual(plan?.target.platform === 'kubernetes' && [plan.target.adopts, plan.target.traffic], [
      { kind: 'Deployment', name: 'checkout', scaleDown: 'onsuccess' },
      { kind: 'istio', virtualServices: [{ name: 'checkout', routes: ['primary'] }] },
    ]);
  });

  it('is released behind an HTTPRoute where --route names one, whatever its provider', () => {
    const { refused, release } = imported('refused', { route: 'agent' });
    assert.equal(
      refused.some(({ path: at }) => at === 'spec.provider'),
      false,
    );
    assert.match(release?.text ?? '', /gateway:\n\s+httpRoute: agent/);
    const { errors, plan } = compiled('mailer', { route: 'mailer' });
    assert.deepEqual(errors, []);
    assert.equal(plan?.target.platform === 'kubernetes' && plan.target.traffic.kind, 'gateway');
  });
});

describe('the weights that Flagger goes through', () => {
  const rows: [Parameters<typeof weightsOf>[0], unknown][] = [
    // Its documentation's example, and what it really comes to.
    [{ maxWeight: 50, stepWeight: 20 }, [20, 40, 60]],
    [{ maxWeight: 50, stepWeight: 10 }, [10, 20, 30, 40, 50]],
    [{ maxWeight: 50, stepWeight: 5 }, [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]],
    [{ stepWeight: 40 }, [40, 80, 100]],
    [{ maxWeight: 0, stepWeight: 50 }, [50, 100]],
    [{ stepWeights: [1, 2, 10, 80] }, [1, 2, 10, 80]],
    [{ stepWeights: [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55] }, [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]],
    // With a list its last weight is the maximum, whatever maxWeight says.
    [{ stepWeights: [10, 60], maxWeight: 20 }, [10, 60]],
    // stepWeight goes before the list, which still says how far.
    [{ stepWeight: 30, stepWeights: [1, 50] }, [30, 60]],
    [{ stepWeights: [100] }, [100]],
    [{ stepWeights: [60, 20] }, [60]],
    [{ stepWeights: [10, 10, 30] }, { stuckAt: 10 }],
    [{ stepWeights: [0, 10] }, { stuckAt: 0 }],
    [{ maxWeight: 50 }, { stuckAt: 0 }],
    [{ maxWeight: 50, stepWeight: 0 }, { stuckAt: 0 }],
  ];
  for (const [settings, weights] of rows) {
    it(`${JSON.stringify(settings)} are ${JSON.stringify(weights)}`, () =>
      assert.deepEqual(weightsOf(settings), weights));
  }
});

describe('what is asked of Prometheus', () => {
  const { queries } = JSON.parse(readFileSync(path.join(FLAGGER, 'queries.json'), 'utf8')) as {
    queries: Record<string, Record<string, string>>;
  };
  const model = {
    ...{
      name: 'podinfo',
      namespace: 'test',
      target: 'podinfo',
      service: 'podinfo',
      ingress: 'podinfo',
      route: 'podinfo',
    },
    ...{ interval: '1m', variables: {} },
  };
  /** Spaces outside of texts, and a comma before a closing brace, mean nothing. */
  const tokens = (query: string) =>
    query.replace(/"[^"]*"|\s+/g, (part) => (part.startsWith('"') ? part : '')).replaceAll(',}', '}');

  it("is Flagger's own query, for every observer that it has", () => {
    assert.deepEqual([...OBSERVER_NAMES].sort(), Object.keys(queries).sort());
    for (const observer of OBSERVER_NAMES) {
      for (const metric of BUILT_IN) {
        const { text, unknown } = fillVariables(builtInQuery(observer, metric), { ...model, workload: null });
        assert.deepEqual(unknown, []);
        assert.equal(tokens(text), tokens(queries[observer]?.[metric] ?? ''), `${observer} ${metric}`);
      }
    }
  });

  it('is chosen by the provider, as Flagger does', () => {
    assert.deepEqual(
      (['kubernetes', 'gatewayapi:v1', 'istio', 'nginx', 'smi:v1alpha1', 'appmesh:v1beta2'] as const).map(observerOf),
      ['http', 'http', 'istio', 'nginx', 'istio', 'appmesh'],
    );
  });

  it('names the workload of the new version, and the Services as they are called', () => {
    const filled = (query: string) => fillVariables(query, { ...model, workload: 'podinfo-R' });
    assert.equal(
      filled('a{w=~"{{ target }}",p=~"{{target}}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}').text,
      'a{w=~"podinfo-R",p=~"podinfo-R-[0-9a-z]+"}',
    );
    assert.equal(
      filled('{{ target }}-canary {{ target }}-primary {{- service -}}').text,
      'podinfo-canary podinfo-primary podinfo',
    );
    const variables = { 'my.key': 'x', path: '/a' };
    const own = fillVariables(
      '{{ variables.path }} {{ index variables "my.key" }} {{ (variables).path }} {{ variables.no }} {{ printf "%s" name }}',
      {
        ...model,
        workload: null,
        variables,
      },
    );
    assert.equal(own.text, '/a x /a {{ variables.no }} {{ printf "%s" name }}');
    assert.deepEqual(own.unknown, ['{{ variables.no }}', '{{ printf "%s" name }}']);
  });
});
