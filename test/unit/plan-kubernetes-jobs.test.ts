/** Metrics whose provider is a job, in templates of releases to a cluster. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { compileAlone } from '../../src/plan/argo/alone.ts';
import { planDigest } from '../../src/plan/digest.ts';
import type { KubernetesJob, MetricPlan, Plan } from '../../src/plan/plan.ts';
import { queryText, withTexts } from '../../src/plan/provider.ts';
import { metricText } from '../../src/plan/render/words.ts';
import { validatePlan } from '../../src/plan/validate.ts';
import { parsePolicy, policyRefusals } from '../../workers/policy.ts';
import { someClusterPlan } from '../fixtures/some-cluster-plan.ts';
import { folderOf } from './plan-fixture.ts';

const CONTAINER = 'name: smoke, image: "registry.example/smoke:{{args.tag}}"';

/** One metric with this Job, in a template with an argument, the hash of a revision, and a secret. */
function compile(job: string, more = '') {
  const text = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: one }
spec:
  args:
    - { name: tag, value: '7' }
    - { name: token, valueFrom: { secretKeyRef: { name: shop, key: token } } }
  metrics:
    - name: smoke
${more}
      provider:
        job:
          ${job.replaceAll('\n', '\n          ')}
`;
  const file = path.join(folderOf({ 'templates.yaml': text }), 'templates.yaml');
  const request = { files: [file], templates: [], minimumReadings: 3, platform: 'kubernetes' } as const;
  const { analysis, errors, warnings } = compileAlone({ ...request, args: {} });
  const say = ({ code, line, column, path: at, message }: (typeof errors)[number]) =>
    `${line}:${column} ${code} ${at.replace('spec.metrics[0].provider.job.', '')}: ${message}`;
  return { metric: analysis?.metrics[0], errors: errors.map(say).join('\n'), warnings: warnings.map(say).join('\n') };
}

const spec = (container = CONTAINER, more = '', pod = 'restartPolicy: Never', metadata = '') =>
  `spec:\n  template:\n    ${metadata}\n    spec: { ${pod}, containers: [{ ${container} }] }\n  ${more}`;

function compiled(job: string): KubernetesJob {
  const { metric, errors } = compile(job);
  assert.ok(metric?.provider.kind === 'kubernetesJob', errors);
  return metric.provider;
}

describe('a job on Kubernetes', () => {
  test('is its JobSpec, with arguments filled in and the deadlines that every Job gets', () => {
    const written = `metadata: { labels: { team: shop }, annotations: { note: 'a {{args.tag}}' } }\n${spec(
      `${CONTAINER}, command: [smoke, '{{args.tag}}'], env: [{ name: A, valueFrom: { secretKeyRef: { name: a, key: b } } }]`,
      'backoffLimit: 2',
    )}`;
    assert.deepEqual(compiled(written), {
      kind: 'kubernetesJob',
      metadata: { labels: { team: 'shop' }, annotations: { note: 'a 7' } },
      spec: {
        activeDeadlineSeconds: 600,
        ttlSecondsAfterFinished: 3600,
        backoffLimit: 2,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                name: 'smoke',
                image: 'registry.example/smoke:7',
                command: ['smoke', '7'],
                env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }],
              },
            ],
          },
        },
      },
      timeoutMs: 600_000,
    });
  });

  test('keeps its own deadlines, and several pods, containers and policies', () => {
    const more =
      'activeDeadlineSeconds: 90\n  ttlSecondsAfterFinished: 120\n  parallelism: 2\n  completions: 4\n  completionMode: Indexed\n  backoffLimitPerIndex: 1\n  podFailurePolicy: { rules: [] }\n  suspend: false';
    const { spec: made, timeoutMs } = compiled(
      spec(`${CONTAINER} }, { name: two, image: b`, more, 'restartPolicy: OnFailure, serviceAccountName: smoke'),
    );
    assert.deepEqual([made.activeDeadlineSeconds, made.ttlSecondsAfterFinished, timeoutMs], [90, 120, 90_000]);
    assert.deepEqual([made.parallelism, made.completions, made.completionMode], [2, 4, 'Indexed']);
  });

  test('warns of conditions, at which nobody looks', () => {
    const { metric, warnings } = compile(spec(), '      successCondition: result == 1');
    assert.equal(metric?.successCondition, null);
    assert.match(warnings, /FIELD_IGNORED .*successCondition: is not looked at: a job is good where it completes/);
  });

  const refused: readonly [what: string, written: string, says: RegExp][] = [
    [
      'no restartPolicy',
      spec(CONTAINER, '', 'dnsPolicy: Default'),
      /template.spec.restartPolicy: .*"Never" or "OnFailure"/,
    ],
    [
      'one that never ends',
      spec(CONTAINER, '', 'restartPolicy: Always'),
      /template.spec.restartPolicy: .*"Never" or "OnFailure"/,
    ],
    ['a container without an image', spec('name: smoke'), /containers\[0\]: image is missing|containers\[0\].image/],
    [
      'no container',
      'spec: { template: { spec: { restartPolicy: Never, containers: [] } } }',
      /template.spec.containers/,
    ],
    [
      'a field that a JobSpec has not',
      spec(CONTAINER, 'backofLimit: 1'),
      /17:13 SHIPLOCK_PLAN_FIELD_UNKNOWN spec.backofLimit: .*backoffLimit/,
    ],
    ['a Job that is held', spec(CONTAINER, 'suspend: true'), /spec.suspend is known .*never ends/],
    [
      'a selector of its own',
      spec(CONTAINER, 'selector: { matchLabels: { app: shop } }'),
      /spec.selector is known .*pods of others/,
    ],
    ['a selector that it makes up', spec(CONTAINER, 'manualSelector: true'), /spec.manualSelector is known/],
    ['another controller', spec(CONTAINER, 'managedBy: example.com/queue'), /spec.managedBy is known/],
    ['too many pods', spec(CONTAINER, 'parallelism: 1000'), /spec.parallelism: .*(100|at most)/],
    ['no deadline', spec(CONTAINER, 'activeDeadlineSeconds: 0'), /spec.activeDeadlineSeconds: /],
    [
      'a Job that is gone before it can be read',
      spec(CONTAINER, 'ttlSecondsAfterFinished: 0'),
      /spec.ttlSecondsAfterFinished: /,
    ],
    ['a name', `metadata: { name: smoke }\n${spec()}`, /metadata.name is known .*the engine names the Job/],
    ['a namespace', `metadata: { namespace: kube-system }\n${spec()}`, /metadata.namespace is known/],
    [
      "the engine's labels",
      `metadata: { labels: { shiplock.dev/release: a } }\n${spec()}`,
      /metadata.labels.*none of the labels that the engine sets/,
    ],
    [
      "the engine's labels on its pods",
      spec(CONTAINER, '', 'restartPolicy: Never', 'metadata: { labels: { shiplock.dev/revision: a } }'),
      /template.metadata.labels.*none of the labels/,
    ],
    ['a secret in a word', spec(`${CONTAINER}, args: ['{{args.token}}']`), /PLAN_SECRET .*args\[0\]: holds the secret/],
    [
      'too much',
      spec(`${CONTAINER}, args: ['${'x'.repeat(40_000)}']`),
      /spec: is 4\d{4} bytes as JSON; expected at most 32768/,
    ],
  ];
  for (const [what, written, says] of refused) {
    test(`is refused at its place with ${what}`, () => {
      const { metric, errors } = compile(written);
      assert.equal(metric, undefined);
      assert.match(errors, says);
      assert.match(errors, /^\d+:\d+ SHIPLOCK_PLAN_/);
    });
  }
});

const SPEC = {
  activeDeadlineSeconds: 60,
  ttlSecondsAfterFinished: 60,
  template: {
    spec: { restartPolicy: 'Never', containers: [{ name: 'smoke', image: 'registry.example/credlink/smoke:1' }] },
  },
};
const JOB: KubernetesJob = { kind: 'kubernetesJob', spec: SPEC, timeoutMs: 60_000 };
const podWith = (pod: object, metadata?: object): KubernetesJob => ({
  ...JOB,
  spec: {
    ...SPEC,
    template: { ...(metadata && { metadata }), spec: { ...SPEC.template.spec, ...pod } },
  } as unknown as KubernetesJob['spec'],
});

function planWith(provider: MetricPlan['provider'], base: Plan = someClusterPlan()): Plan {
  const { background } = base.canary;
  assert.ok(background);
  const [metric] = background.analysis.metrics;
  const metrics = [{ ...(metric as MetricPlan), provider, successCondition: null }];
  return {
    ...base,
    promotion: { ...base.promotion, monitor: null },
    canary: { ...base.canary, background: { ...background, analysis: { ...background.analysis, metrics } } },
  };
}

describe('a Job of a plan that arrives at a worker', () => {
  test('is taken as the compiler makes it, and its digest covers it', () => {
    const plan = JSON.parse(JSON.stringify(planWith(JOB)));
    assert.deepEqual(validatePlan(plan), plan);
    const other = planWith(podWith({ containers: [{ name: 'smoke', image: 'registry.example/credlink/smoke:2' }] }));
    assert.notEqual(planDigest(planWith(JOB)), planDigest(other));
  });

  const deep = (levels: number): object => (levels === 0 ? {} : { deeper: deep(levels - 1) });
  const cases: readonly [what: string, provider: object][] = [
    ['has two deadlines', { ...JOB, timeoutMs: 61_000 }],
    ['has none', { ...JOB, spec: { ...SPEC, activeDeadlineSeconds: undefined } }],
    ['stays for ever', { ...JOB, spec: { ...SPEC, ttlSecondsAfterFinished: undefined } }],
    [
      'takes the pods of others',
      { ...JOB, spec: { ...SPEC, manualSelector: true, selector: { matchLabels: { app: 'a' } } } },
    ],
    ['is held', { ...JOB, spec: { ...SPEC, suspend: true } }],
    ['has pods that start again for ever', podWith({ restartPolicy: 'Always' })],
    ["has the engine's labels", podWith({}, { labels: { 'shiplock.dev/revision': 'a' } })],
    ['is nested without end', podWith({ affinity: deep(5_000) })],
    [
      'has pods to which the Services of the release send requests',
      podWith({}, { labels: { app: 'credlink-api', tier: 'a' } }),
    ],
    [
      'names a revision where the policy looks',
      podWith({ securityContext: { seccompProfile: { type: '{{revision.latest}}' } } }),
    ],
    ['names a revision as its image', podWith({ containers: [{ name: 'a', image: '{{revision.latest}}' }] })],
    [
      'is a command of a build host',
      { kind: 'job', command: ['smoke'], environment: {}, attempts: 1, timeoutMs: 1_000 },
    ],
  ];
  for (const [what, provider] of cases) {
    test(`is refused where it ${what}`, () =>
      assert.throws(() => validatePlan(planWith(provider as MetricPlan['provider'])), {
        code: 'SHIPLOCK_PLAN_INVALID',
      }));
  }

  test('is refused on this machine', () => {
    const { target } = JSON.parse(JSON.stringify({ target: { ...LOCAL } }));
    assert.throws(() => validatePlan(planWith(JOB, { ...someClusterPlan(), target })), /expected a job on local/);
  });
});

const LOCAL = {
  platform: 'local',
  command: ['node'],
  directory: '/srv',
  environment: {},
  replicas: 1,
  readinessPath: '/ready',
  stableService: 'a',
  canaryService: 'b',
};

describe('the names of revisions', () => {
  const fill = (text: string) => text.replaceAll('{{revision.latest}}', '1-1-0-7fbd210e');

  test('are filled into words, variables, labels and annotations of a Job', () => {
    const latest = '{{revision.latest}}';
    const filled = withTexts(
      {
        ...podWith(
          {
            initContainers: [{ name: 'init', image: 'a', args: [latest] }],
            containers: [
              {
                name: 'smoke',
                image: 'a',
                command: [`x-${latest}`],
                env: [{ name: 'R', value: latest }, { name: 'E' }],
              },
            ],
          },
          { labels: { of: latest } },
        ),
        metadata: { annotations: { of: latest } },
      },
      fill,
    );
    assert.doesNotMatch(JSON.stringify(filled), /\{\{/);
    assert.equal(JSON.stringify(filled).match(/1-1-0-7fbd210e/g)?.length, 5);
  });

  test('change nothing of a Job without them', () => assert.deepEqual(withTexts(JOB, fill), JOB));
});

describe('the policy', () => {
  const policy = (podSecurity: string) =>
    parsePolicy(
      `services: ['*']\nenvironments: ['*']\nplatforms: [kubernetes]\nhosts: ['*']
clusters: { production: { namespaces: ['*'], podSecurity: ${podSecurity} } }
images: { repositories: ['registry.example/credlink/*'] }`,
      '/etc/policy.yaml',
    );
  const privileged = podWith({
    hostPID: true,
    containers: [{ name: 'a', image: 'registry.example/credlink/a:1', securityContext: { privileged: true } }],
  });

  test('lets a Job run that stays within it', () => {
    assert.deepEqual(policyRefusals(planWith(JOB), policy('baseline')), []);
  });

  test('refuses a privileged pod, also where only a metric would run it', () => {
    assert.deepEqual(policyRefusals(planWith(privileged), policy('baseline')), [
      'the Job of the metric success-rate: hostPID is true, and "clusters.production.podSecurity" is baseline',
      'the Job of the metric success-rate: the container a is privileged, and "clusters.production.podSecurity" is baseline',
    ]);
    assert.deepEqual(policyRefusals(planWith(privileged), policy('privileged')), []);
  });

  test('refuses an image that it does not name', () => {
    const job = podWith({ initContainers: [{ name: 'b', image: 'evil.example/b:1' }] });
    assert.deepEqual(policyRefusals(planWith(job), policy('baseline')), [
      'the Job of the metric success-rate: the image evil.example/b:1 of the pods matches nothing in "images.repositories"',
    ]);
  });
});

test('a Job is shown by what it runs', () => {
  const job = podWith({
    containers: [
      { name: 'a', image: 'a:1', command: ['sh', '-c'], args: ['check'] },
      { name: 'b', image: 'b:1' },
    ],
  });
  assert.equal(queryText(job), 'a:1 sh -c check + b:1');
  const metric = planWith(JOB).canary.background?.analysis.metrics[0] as MetricPlan;
  assert.match(
    metricText(metric),
    /^· success-rate \(Job\): good where registry\.example\/credlink\/smoke:1 completes/,
  );
});
