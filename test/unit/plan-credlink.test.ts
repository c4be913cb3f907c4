import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { compileRelease, earliestDurationMs, type Plan } from '../../src/plan/index.ts';
import { queryText } from '../../src/plan/provider.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => parse(readFileSync(path.join(ROOT, file), 'utf8'));
const minutes = (n: number) => n * 60_000;

function shipped(file: string, autoPromote?: boolean): Plan {
  const compiled = compileRelease({ file: path.join(ROOT, file), version: '1.2.0', overrides: { autoPromote } });
  assert.ok(compiled.ok, JSON.stringify(compiled.errors, null, 2));
  return compiled.plan;
}

describe("CredLink's Rollout, infra/kubernetes/canary-deployment.yaml", () => {
  const rollout = read('infra/kubernetes/canary-deployment.yaml');
  const { canary } = rollout.spec.strategy;
  const [container, ...others] = rollout.spec.template.spec.containers;

  test('is named credlink-api-rollout and has 10 replicas', () => {
    assert.deepEqual([rollout.apiVersion, rollout.kind], ['argoproj.io/v1alpha1', 'Rollout']);
    assert.equal(rollout.metadata.name, 'credlink-api-rollout');
    assert.equal(rollout.spec.replicas, 10);
  });

  test('goes 10, 25, 50 and 75 % with pauses of 5, 10, 15 and 10 minutes', () => {
    assert.deepEqual(canary.steps, [
      { setWeight: 10 },
      { pause: { duration: '5m' } },
      { setWeight: 25 },
      { pause: { duration: '10m' } },
      { setWeight: 50 },
      { pause: { duration: '15m' } },
      { setWeight: 75 },
      { pause: { duration: '10m' } },
    ]);
  });

  test('routes by the VirtualService credlink-api-vsvc between its two services', () => {
    assert.equal(canary.canaryService, 'credlink-api-canary');
    assert.equal(canary.stableService, 'credlink-api-stable');
    assert.deepEqual(canary.trafficRouting, {
      istio: { virtualService: { name: 'credlink-api-vsvc', routes: ['primary'] } },
    });
  });

  test('analyses success-rate and latency of the canary from step 2 on', () => {
    assert.deepEqual(canary.analysis, {
      templates: [{ templateName: 'success-rate' }, { templateName: 'latency' }],
      startingStep: 2,
      args: [{ name: 'service-name', value: 'credlink-api-canary' }],
    });
  });

  test('runs the container api with the tag of the Helm values', () => {
    assert.deepEqual(others, []);
    assert.equal(container.name, 'api');
    assert.equal(container.image, 'credlink/api:{{ .Values.image.tag }}');
    assert.deepEqual(container.ports, [{ containerPort: 3000 }]);
    assert.deepEqual(container.env, [
      { name: 'NODE_ENV', value: 'production' },
      { name: 'DEPLOYMENT_TYPE', value: 'canary' },
    ]);
    assert.deepEqual(rollout.spec.selector, { matchLabels: { app: 'credlink-api' } });
    assert.deepEqual(rollout.spec.template.metadata.labels, { app: 'credlink-api' });
  });

  test('asks for 256Mi and 250m, and gets 512Mi and 500m at most', () => {
    assert.deepEqual(container.resources, {
      requests: { memory: '256Mi', cpu: '250m' },
      limits: { memory: '512Mi', cpu: '500m' },
    });
  });

  test('is alive by /health after 30 s every 10 s, and ready by /ready after 5 s every 5 s', () => {
    const probe = (at: string, initialDelaySeconds: number, periodSeconds: number) => ({
      httpGet: { path: at, port: 3000 },
      initialDelaySeconds,
      periodSeconds,
    });
    assert.deepEqual(container.livenessProbe, probe('/health', 30, 10));
    assert.deepEqual(container.readinessProbe, probe('/ready', 5, 5));
  });
});

describe("CredLink's templates, infra/kubernetes/analysis-templates.yaml", () => {
  const text = readFileSync(path.join(ROOT, 'infra/kubernetes/analysis-templates.yaml'), 'utf8');
  const templates = parseAllDocuments(text).map((document) => document.toJS());
  const metricOf = (name: string) => templates.find(({ metadata }) => metadata.name === name).spec.metrics[0];

  test('are success-rate and latency, with the argument service-name', () => {
    assert.deepEqual(
      templates.map(({ kind, metadata }) => [kind, metadata.name]),
      [
        ['AnalysisTemplate', 'success-rate'],
        ['AnalysisTemplate', 'latency'],
      ],
    );
    for (const { spec } of templates) assert.deepEqual(spec.args, [{ name: 'service-name' }]);
  });

  test('measure every 5 minutes, 10 times, and fail after more than 3 bad readings', () => {
    for (const name of ['success-rate', 'latency']) {
      const { interval, count, failureLimit, provider } = metricOf(name);
      assert.deepEqual({ interval, count, failureLimit }, { interval: '5m', count: 10, failureLimit: 3 });
      assert.equal(provider.prometheus.address, 'http://prometheus.monitoring.svc.cluster.local:9090');
    }
  });

  test('call good a success of 0.99 and a 99th percentile of 0.5 s, over 2 minutes', () => {
    assert.equal(metricOf('success-rate').successCondition, 'result[0] >= 0.99');
    assert.equal(
      metricOf('success-rate').provider.prometheus.query.trim(),
      'sum(rate(http_requests_total{service="{{args.service-name}}",code!~"5.."}[2m])) / sum(rate(http_requests_total{service="{{args.service-name}}"}[2m]))',
    );
    assert.equal(metricOf('latency').successCondition, 'result[0] <= 0.5');
    assert.equal(
      metricOf('latency').provider.prometheus.query.trim(),
      'histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{service="{{args.service-name}}"}[2m])) by (le))',
    );
  });
});

describe("CredLink's release, release.yaml", () => {
  const plan = shipped('release.yaml');

  test('is credlink-api in production', () => {
    assert.deepEqual([plan.service, plan.environment, plan.version], ['credlink-api', 'production', '1.2.0']);
  });

  test('passes the four pre-deployment checks', () => {
    assert.deepEqual(
      plan.gates.map((gate) => {
        if (gate.kind === 'coverage') return `${gate.name}: ${gate.report} ${gate.minimumPercent}`;
        assert.ok(gate.kind !== 'web');
        return `${gate.name}: ${gate.command?.join(' ')}${gate.kind === 'audit' ? ` (${gate.level})` : ''}`;
      }),
      [
        'test: pnpm test --coverage',
        'coverage: coverage/coverage-summary.json 80',
        'build: pnpm build',
        'audit: pnpm audit --audit-level moderate --json (moderate)',
      ],
    );
  });

  test('writes tag and digest into the Helm values, from which the Rollout takes the tag', () => {
    const file = path.join(ROOT, 'infra/helm/values.yaml');
    assert.deepEqual(plan.configuration, [
      { kind: 'helm', file, field: 'image.tag' },
      { kind: 'helm', file, field: 'image.digest', carries: 'digest' },
    ]);
    assert.equal(read('infra/helm/values.yaml').image.repository, 'credlink/api');
  });

  test('waits 300 s for the new version', () => {
    assert.equal(plan.canary.readyDeadlineMs, 300_000);
  });

  test('ramps as the Rollout says', () => {
    assert.deepEqual(
      plan.canary.steps.map((step) =>
        step.kind === 'setWeight' ? step.weight : step.kind === 'pause' ? step.durationMs : step.kind,
      ),
      [10, minutes(5), 25, minutes(10), 50, minutes(15), 75, minutes(10)],
    );
  });

  test('analyses beside the steps from step 2 on, where three readings decide', () => {
    const { background } = plan.canary;
    assert.equal(background?.startingStep, 2);
    assert.equal(background?.analysis.minimumReadings, 3);
    assert.deepEqual(background?.analysis.templates, ['success-rate', 'latency']);
    const metric = (name: string, query: string, successCondition: string) => ({
      name,
      provider: {
        kind: 'prometheus',
        address: 'http://prometheus.monitoring.svc.cluster.local:9090',
        query,
        timeoutMs: 30_000,
      },
      intervalMs: minutes(5),
      count: 10,
      initialDelayMs: 0,
      successCondition,
      failureCondition: null,
      failureLimit: 3,
      inconclusiveLimit: 0,
      consecutiveErrorLimit: 4,
    });
    assert.deepEqual(background?.analysis.metrics, [
      metric(
        'success-rate',
        'sum(rate(http_requests_total{service="credlink-api-canary",code!~"5.."}[2m])) / sum(rate(http_requests_total{service="credlink-api-canary"}[2m]))',
        'result[0] >= 0.99',
      ),
      metric(
        'latency',
        'histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{service="credlink-api-canary"}[2m])) by (le))',
        'result[0] <= 0.5',
      ),
    ]);
  });

  test('looks once more before promoting: every 5 s, at most 60 times', () => {
    const { monitor } = plan.promotion;
    assert.deepEqual(monitor?.healthy, { success: 0.99, p95Seconds: 0.5 });
    assert.deepEqual(monitor?.unhealthy, { success: 0.95, p95Seconds: 1 });
    assert.deepEqual([monitor?.intervalMs, monitor?.attempts], [5_000, 60]);
    assert.match(monitor?.p95Seconds.query ?? '', /^histogram_quantile\(0\.95, .*service="credlink-api-canary"/);
  });

  test('asks a person, who has five minutes; AUTO_PROMOTE=true asks nobody', () => {
    assert.equal(plan.promotion.approval?.deadlineMs, minutes(5));
    assert.equal(shipped('release.yaml', true).promotion.approval, null);
    assert.equal(shipped('release.yaml', false).promotion.approval?.deadlineMs, minutes(5));
  });

  test('takes 40 minutes of canary, thirteen of cutover, flag and validation, and ten of window at the least', () => {
    assert.equal(earliestDurationMs(plan), minutes(40 + 13 + 10));
  });

  test('builds credlink/api:<version>', () => {
    assert.equal(plan.image?.repository, 'credlink/api');
    assert.equal(plan.image?.build?.timeoutMs, minutes(10));
  });

  test('expands before any traffic, and contracts after the window, with a name for each file', () => {
    assert.deepEqual(
      plan.database?.expand.map(({ name }) => name),
      ['001_credentials.sql', '002_issuer_id.sql'],
    );
    assert.deepEqual(
      plan.database?.contract.map(({ name }) => name),
      ['003_drop_issuer_name.sql'],
    );
    assert.deepEqual([plan.database?.lockTimeoutMs, plan.database?.deadlineMs], [500, minutes(5)]);
    assert.equal(plan.database?.approval.deadlineMs, minutes(60));
  });

  test('switches once, by itself, after a look at the new side, and looks at it again under all traffic', () => {
    assert.deepEqual(plan.cutover?.preview, { path: '/health', status: 200, timeoutMs: 5_000 });
    assert.deepEqual([plan.cutover?.before, plan.cutover?.approval, plan.cutover?.pauseMs], [null, null, null]);
    const [metric] = plan.cutover?.after?.metrics ?? [];
    assert.equal(metric?.successCondition, 'result[0] >= 0.99');
    assert.match(metric ? queryText(metric.provider) : '', /service="credlink-api-stable"/);
  });

  test('ramps new-credentials to 10, 50 and 100 % with a look at its errors between, and takes back that alone', () => {
    assert.deepEqual(
      plan.flags?.ramps.map(({ key, variant, steps }) => [
        key,
        variant,
        ...steps.map((step) => (step.kind === 'setPercent' ? step.percent : step.kind)),
      ]),
      [['new-credentials', 'on', 10, 'analysis', 50, 'analysis', 100]],
    );
    assert.equal(plan.flags?.onFailure, 'phase');
  });

  test('is validated by its audit, its headers, its image and a load, against the old side', () => {
    assert.deepEqual(plan.validation?.security, {
      auditGate: 'audit',
      headers: { path: '/health', required: { 'x-content-type-options': 'nosniff' } },
      image: true,
    });
    assert.deepEqual(plan.validation?.performance, {
      path: '/credentials',
      ratePerSecond: 20,
      durationMs: minutes(1),
      p95Seconds: 0.5,
      errorShare: 0.01,
      versusStable: 1.5,
    });
    assert.equal(plan.validation?.onFailure, 'release');
  });

  test('tells the webhook deploys', () => {
    assert.deepEqual(plan.notify, ['deploys']);
  });

  test('says beforehand that ten readings do not fit', () => {
    const { warnings } = compileRelease({ file: path.join(ROOT, 'release.yaml'), version: '1.2.0' });
    assert.deepEqual(
      warnings.map(({ code, line, message }) => [code, line, message]),
      [
        [
          'SHIPLOCK_PLAN_READINGS_SHORT',
          11,
          '10 readings 5m apart do not fit into the 35m after step 2; minimumReadings 3 decide',
        ],
        [
          'SHIPLOCK_PLAN_READINGS_SHORT',
          30,
          '10 readings 5m apart do not fit into the 35m after step 2; minimumReadings 3 decide',
        ],
      ],
    );
  });
});

describe('its flag, infra/flags/credlink.json', () => {
  const { flags } = JSON.parse(readFileSync(path.join(ROOT, 'infra/flags/credlink.json'), 'utf8'));

  test('is defined with the variants on and off, and is off', () => {
    assert.deepEqual(flags['new-credentials'], {
      state: 'ENABLED',
      variants: { on: true, off: false },
      defaultVariant: 'off',
    });
  });
});

describe('the short twin, infra/demo/release.yaml', () => {
  const plan = shipped('infra/demo/release.yaml');
  const long = shipped('release.yaml');

  test('has the same phases, weights, analyses, conditions and bounds', () => {
    const shape = ({ gates, canary, promotion, database, cutover, flags }: Plan) => ({
      gates: gates.map(({ name, kind }) => [name, kind]),
      steps: canary.steps.map((step) => (step.kind === 'setWeight' ? step.weight : step.kind)),
      startingStep: canary.background?.startingStep,
      metrics: canary.background?.analysis.metrics.map(({ name, successCondition, failureLimit }) => [
        name,
        successCondition,
        failureLimit,
      ]),
      compared: canary.comparison?.metrics.map(({ name, provider, comparison }) => [
        name,
        queryText(provider),
        comparison?.judge === 'kayenta' ? comparison : comparison?.alpha,
      ]),
      minimumReadings: canary.background?.analysis.minimumReadings,
      bounds: [promotion.monitor?.healthy, promotion.monitor?.unhealthy, promotion.monitor?.attempts],
      approval: promotion.approval,
      migrations: [...(database?.expand ?? []), ...(database?.contract ?? [])].map(({ name, sha256 }) => [
        name,
        sha256,
      ]),
      cutover: [cutover?.preview, cutover?.after?.metrics.map(({ successCondition }) => successCondition)],
      flags: flags?.ramps.map(({ key, steps }) => [key, steps.map((step) => step.kind)]),
      onFailure: flags?.onFailure,
    });
    assert.deepEqual(shape(plan), shape(long));
  });

  test('takes a minute, with readings every 2 s over 10 s', () => {
    assert.ok(earliestDurationMs(plan) <= 75_000);
    for (const { intervalMs, provider } of plan.canary.background?.analysis.metrics ?? []) {
      assert.equal(intervalMs, 2_000);
      assert.match(queryText(provider), /\[10s\]/);
    }
    assert.equal(plan.promotion.monitor?.intervalMs, 1_000);
    assert.equal(plan.window.durationMs, 5_000);
  });

  test('runs two replicas of the sample service and its own checks', () => {
    const sample = path.join(ROOT, 'infra/sample-service');
    assert.ok(plan.target.platform === 'local');
    assert.equal(plan.target.directory, sample);
    assert.equal(plan.target.replicas, 2);
    assert.deepEqual(new Set(plan.gates.map(({ directory }) => directory)), new Set([sample]));
  });

  test('writes the tag into its Helm values and its Rollout', () => {
    assert.deepEqual(
      plan.configuration.map(({ kind, field, resource }) => [kind, field, resource]),
      [
        ['helm', 'image.tag', undefined],
        ['rollout', 'api', 'credlink-api-rollout'],
      ],
    );
  });
});
