import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatadogQuery, JobCommand, Plan, PrometheusQuery, Provider, WebRequest } from '../../src/plan/plan.ts';
import { addressOf } from '../../src/plan/provider.ts';
import { gateEnvironment, locate, parsePolicy, policyRefusals, secretValue } from '../../workers/policy.ts';
import { somePlan } from '../fixtures/some-plan.ts';

const ALLOWING = `
services: [credlink-*]
environments: [staging, production]
platforms: [local]
commands: [node server.ts, pnpm test **, pnpm audit --json, smoke **]
directories: [/srv/credlink]
hosts: ['prometheus.monitoring.svc:9090', 'judge.example:443', api.datadoghq.com]
workloadEnvironment: [NODE_ENV]
`;
const policyOf = (more = '') => parsePolicy(ALLOWING + more, 'policy.yaml');

/** A secret of the policy. */
const secret = (hosts: string, name = 'judge/token', env = 'JUDGE_TOKEN') =>
  `secrets: { ${name}: { env: ${env}, hosts: [${hosts}] } }\n`;

const PROMETHEUS: PrometheusQuery = { kind: 'prometheus', address: 'http://metrics:9090', query: 'up', timeoutMs: 1 };
const WEB: WebRequest = {
  kind: 'web',
  url: 'https://judge.example/api?service=credlink-api',
  method: 'GET',
  headers: [{ key: 'Authorization', value: 'Bearer {{secret.judge/token}}' }],
  jsonPath: '{$}',
  timeoutMs: 1_000,
};
const DATADOG: DatadogQuery = {
  kind: 'datadog',
  apiVersion: 'v1',
  address: 'https://api.datadoghq.com',
  queries: { query: 'avg:errors{*}' },
  aggregator: 'last',
  intervalMs: 300_000,
  apiKey: '{{secret.datadog/api-key}}',
  appKey: '{{secret.datadog/app-key}}',
  timeoutMs: 1_000,
};
const JOB: JobCommand = {
  kind: 'job',
  command: ['smoke', 'http://127.0.0.1:3000'],
  environment: {},
  attempts: 1,
  timeoutMs: 1_000,
};

/** The plan whose one analysis asks this provider. */
function planOf(provider: Provider): Plan {
  const plan = somePlan();
  const background = plan.canary.background;
  const [metric] = background?.analysis.metrics ?? [];
  assert.ok(background && metric);
  const analysis = { ...background.analysis, metrics: [{ ...metric, provider }] };
  return { ...plan, canary: { ...plan.canary, background: { ...background, analysis } } };
}

const refusals = (provider: Provider, more = '') => policyRefusals(planOf(provider), policyOf(more));

describe('who a metric may ask', () => {
  it('stands in "hosts", whatever the provider', () => {
    const plain = { ...WEB, headers: [] };
    assert.deepEqual(refusals(plain), []);
    assert.deepEqual(refusals({ ...plain, url: 'https://evil.example/judge.example?a=b' }), [
      'the metric address https://evil.example matches nothing in "hosts" and is not mapped in "addresses"',
    ]);
    assert.deepEqual(refusals({ ...plain, url: 'http://judge.example/' }), [
      'the metric address http://judge.example matches nothing in "hosts" and is not mapped in "addresses"',
    ]);
    assert.deepEqual(refusals(PROMETHEUS), [
      'the metric address http://metrics:9090 matches nothing in "hosts" and is not mapped in "prometheus"',
    ]);
    assert.match(
      refusals({ ...DATADOG, address: 'https://dd.example' })[0] ?? '',
      /https:\/\/dd.example matches nothing/,
    );
  });

  it('or is mapped elsewhere by the policy itself, for each environment where it says so', async () => {
    const addresses = `addresses:
  https://judge.example: { staging: 'https://staging.example', 'prod*': 'https://prod.example/v2/' }
  'http://metrics:9090': http://127.0.0.1:9091
  https://api.datadoghq.com/: https://api.datadoghq.eu\n`;
    const policy = policyOf(addresses);
    const at = async (provider: Provider, environment?: string) => {
      const located = await locate(provider, policy, environment, () => Promise.reject(new Error('not asked for')));
      return addressOf(located) ?? '';
    };
    assert.equal(await at(WEB, 'staging'), 'https://staging.example/api?service=credlink-api');
    assert.equal(await at(WEB, 'production'), 'https://prod.example/v2/api?service=credlink-api');
    assert.equal(await at(WEB, 'lab'), WEB.url);
    assert.equal(await at(WEB, undefined), WEB.url);
    assert.equal(
      await at({ ...WEB, url: 'https://judge.example.evil.example/' }, 'staging'),
      'https://judge.example.evil.example/',
    );
    assert.equal(await at({ ...WEB, url: 'https://judge.example:8443/' }, 'staging'), 'https://judge.example:8443/');
    assert.equal(await at(DATADOG), 'https://api.datadoghq.eu');
    assert.equal(await at(PROMETHEUS), 'http://127.0.0.1:9091');
    assert.equal(await at({ ...PROMETHEUS, address: 'http://metrics:9090/base' }), 'http://127.0.0.1:9091/base');
    assert.deepEqual(refusals(PROMETHEUS, addresses), []);
    assert.throws(() => policyOf('addresses: { https://judge.example/api: https://x.example }'), /expected no path/);
  });

  it("has Prometheus' own mapping before and after that", async () => {
    const policy = policyOf(`prometheus: { 'http://a:1': { production: 'http://a.prod:1' }, '*': embedded }
addresses: { 'http://a:1': 'http://a.else:1' }\n`);
    const at = async (address: string, environment: string) => {
      const provider = { ...PROMETHEUS, address, basicAuth: { username: 'u', password: '{{secret.a/b}}' } };
      return locate(provider, policy, environment, async () => 'http://127.0.0.1:4');
    };
    assert.equal(((await at('http://a:1', 'production')) as PrometheusQuery).address, 'http://a.prod:1');
    assert.equal(((await at('http://a:1', 'staging')) as PrometheusQuery).address, 'http://a.else:1');
    // The embedded one asks nobody who they are, so no secret is needed to try a template on a laptop.
    assert.deepEqual(await at('http://b:1', 'staging'), { ...PROMETHEUS, address: 'http://127.0.0.1:4' });
    const mapped = policyRefusals(
      planOf({ ...PROMETHEUS, basicAuth: { username: 'u', password: '{{secret.a/b}}' } }),
      policyOf("prometheus: { '*': embedded }"),
    );
    assert.deepEqual(mapped, []);
  });
});

describe('a secret of a metric', () => {
  it('is sent to the hosts that the policy binds it to, and the plan is refused where it would go elsewhere', () => {
    assert.deepEqual(refusals(WEB, secret("'judge.example:443'")), []);
    assert.deepEqual(refusals(WEB, secret("'*.example'")), []);
    assert.deepEqual(refusals(WEB, secret("'judge.example:8443', other.example")), [
      'the secret "judge/token" is not for judge.example:443, which matches nothing in "secrets.judge/token.hosts"',
    ]);
    assert.deepEqual(refusals(WEB), ['the secret "judge/token" is not in "secrets"']);
    assert.deepEqual(refusals(DATADOG), [
      'the secret "datadog/api-key" is not in "secrets"',
      'the secret "datadog/app-key" is not in "secrets"',
    ]);
  });

  it('is for where an address leads after the mapping', () => {
    const moved = 'addresses: { https://judge.example: https://judge.internal }\n';
    assert.deepEqual(refusals(WEB, moved + secret('judge.internal')), []);
    assert.match(refusals(WEB, moved + secret('judge.example'))[0] ?? '', /is not for judge.internal:443/);
  });

  it('is never sent unprotected, but on loopback', () => {
    const hosts = "'*.*.*.*', localhost, '*.example'";
    const policy = parsePolicy(ALLOWING.replace('hosts: [', `hosts: [${hosts}, `) + secret(hosts), 'policy.yaml');
    const at = (url: string, insecure?: true) =>
      policyRefusals(planOf({ ...WEB, url, ...(insecure && { insecure }) }), policy);
    for (const url of ['http://127.0.0.1:1/', 'http://localhost/', 'http://127.9.9.9/', 'https://judge.example/'])
      assert.deepEqual(at(url), [], url);
    assert.deepEqual(at('https://127.0.0.1/', true), []);
    assert.deepEqual(at('http://judge.example/'), [
      'the secret "judge/token" would be sent to judge.example unprotected; ask it over https',
    ]);
    assert.match(at('http://127.example/')[0] ?? '', /would be sent to 127.example unprotected/);
    assert.match(at('https://judge.example/', true)[0] ?? '', /whose certificate nobody verifies/);
  });

  it('has its value in a variable, which stands in no refusal', () => {
    const policy = policyOf(secret('judge.example'));
    const use = { secret: 'judge/token', address: WEB.url, insecure: false };
    assert.deepEqual(secretValue(use, policy, { JUDGE_TOKEN: 'long-enough' }), { value: 'long-enough' });
    assert.deepEqual(secretValue(use, policy, {}), {
      because: 'the secret "judge/token" is not there: JUDGE_TOKEN is not set on the worker',
    });
    assert.deepEqual(secretValue(use, policy, { JUDGE_TOKEN: 'short' }), {
      because: 'the secret "judge/token" in JUDGE_TOKEN has fewer than 8 characters',
    });
    const elsewhere = secretValue({ ...use, address: 'https://evil.example' }, policy, { JUDGE_TOKEN: 'long-enough' });
    assert.match(JSON.stringify(elsewhere), /is not for evil.example:443/);
    assert.doesNotMatch(JSON.stringify(elsewhere), /long-enough/);
    assert.deepEqual(secretValue(use, null, { JUDGE_TOKEN: 'long-enough' }), {
      because: 'the secret "judge/token" is not in "secrets"',
    });
    assert.deepEqual(secretValue({ ...use, secret: 'constructor' }, policy, {}), {
      because: 'the secret "constructor" is not in "secrets"',
    });
  });

  it('is kept from gates and builders, whatever the policy lets them see', () => {
    const policy = policyOf(`${secret('judge.example')}environment: ['*']\n`);
    assert.deepEqual(gateEnvironment({ PATH: '/bin', JUDGE_TOKEN: 'long-enough' }, policy), { PATH: '/bin' });
  });

  it('is named in the policy as a template names it', () => {
    for (const name of ['judge', 'judge/', '/token', 'Judge/token', 'a/b/c', '../x/y'])
      assert.throws(() => policyOf(secret('judge.example', `'${name}'`)), /expected NAME\/KEY/, name);
    assert.throws(() => policyOf(secret('judge.example', 'a/b', "'A B'")), /expected the name of a variable/);
    assert.throws(() => policyOf('secrets: { a/b: { env: A, hosts: [] } }'), /secrets.a\/b.hosts/);
  });
});

describe('a job of a metric', () => {
  it('runs what "commands", "directories" and "workloadEnvironment" name', () => {
    assert.deepEqual(refusals(JOB), []);
    const job = {
      ...JOB,
      command: ['sh', '-c', 'curl evil'],
      directory: '/etc',
      environment: { LD_PRELOAD: '/tmp/x' },
    };
    assert.deepEqual(refusals(job), [
      'the job of the metric success-rate: the command ["sh","-c","curl evil"] matches nothing in "commands"',
      'the job of the metric success-rate: /etc lies in none of "directories"',
      'the job of the metric success-rate: LD_PRELOAD is not in "workloadEnvironment"',
    ]);
  });
});
