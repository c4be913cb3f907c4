import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { compileAlone } from '../../src/plan/argo/alone.ts';
import type { Provider } from '../../src/plan/plan.ts';
import { queryText, secretsOf, withTexts } from '../../src/plan/provider.ts';
import { folderOf } from './plan-fixture.ts';

/** One metric with this provider, in a template with a secret argument `token` and a plain one `name`. */
function compile(provider: string, more = '') {
  const text = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: one }
spec:
  args:
    - { name: name, value: shop }
    - { name: token, valueFrom: { secretKeyRef: { name: prometheus, key: token } } }
  metrics:
    - name: one
${more}
      provider:
        ${provider.replaceAll('\n', '\n        ')}
`;
  const file = path.join(folderOf({ 'templates.yaml': text }), 'templates.yaml');
  const { analysis, errors, warnings } = compileAlone({ files: [file], templates: [], args: {}, minimumReadings: 3 });
  const say = ({ code, path: at, message }: { code: string; path: string; message: string }) =>
    `${code} ${at.replace('spec.metrics[0].', '')}: ${message}`;
  return { metric: analysis?.metrics[0], errors: errors.map(say).join('\n'), warnings: warnings.map(say).join('\n') };
}

function compiled(provider: string): Provider {
  const { metric, errors } = compile(provider);
  assert.ok(metric, errors);
  return metric.provider;
}

/** Each: the provider as it is written, and what is said of it. */
function refuses(cases: readonly (readonly [written: string, says: RegExp])[]): void {
  for (const [written, says] of cases) {
    const { metric, errors } = compile(written);
    assert.equal(metric, undefined, written);
    assert.match(errors, says, written);
  }
}

const PROMETHEUS = 'address: https://prometheus.example:9090, query: "up{a=\'{{args.name}}\'}"';

describe('prometheus', () => {
  test('has headers, basic authentication, a range, and may leave TLS unverified', () => {
    const written = `prometheus:
  address: https://prometheus.example:9090/base
  query: up{service="{{args.name}}"}
  timeout: 40
  insecure: true
  headers: [{ key: X-Scope-OrgID, value: 'tenant-{{args.name}}' }]
  authentication: { basicAuth: { username: shop, password: '{{ args.token }}' }, oauth2: {}, sigv4: {} }
  rangeQuery: { start: 'now() - duration("1h30m")', end: 'now() - duration(''5m'')', step: 1m }`;
    assert.deepEqual(compiled(written), {
      kind: 'prometheus',
      address: 'https://prometheus.example:9090/base',
      query: 'up{service="shop"}',
      timeoutMs: 40_000,
      range: { startMs: 5_400_000, endMs: 300_000, stepMs: 60_000 },
      headers: [{ key: 'X-Scope-OrgID', value: 'tenant-shop' }],
      basicAuth: { username: 'shop', password: '{{secret.prometheus/token}}' },
      insecure: true,
    });
  });

  test('has none of these keys where none is written, so that plans of before keep their digest', () => {
    assert.deepEqual(Object.keys(compiled(`prometheus: { ${PROMETHEUS} }`)), ['kind', 'address', 'query', 'timeoutMs']);
    const empty = 'headers: [], insecure: false, authentication: { basicAuth: {} }';
    assert.deepEqual(
      compiled(`prometheus: { ${PROMETHEUS}, ${empty} }`),
      compiled(`prometheus: { ${PROMETHEUS}, timeout: 30 }`),
    );
  });

  test('refuses by name what is not supported, and what makes no sense', () => {
    const having = (more: string) => `prometheus: { ${PROMETHEUS}, ${more} }`;
    const range = (start: string, end = 'now()', step = '1m') =>
      having(`rangeQuery: { start: '${start}', end: '${end}', step: ${step} }`);
    refuses([
      [having('authentication: { oauth2: { tokenUrl: http://x } }'), /UNSUPPORTED.*authentication.oauth2 is known to/],
      [having('authentication: { sigv4: { region: eu } }'), /UNSUPPORTED.*authentication.sigv4 is known to Argo/],
      [having('authentication: { basicAuth: { username: shop } }'), /FIELD_MISSING.*basicAuth.password: is missing/],
      [
        having(
          'headers: [{ key: authorization, value: x }], authentication: { basicAuth: { username: a, password: b } }',
        ),
        /CHOICE.*stands beside a header Authorization/,
      ],
      [
        having('headers: [{ key: Host, value: other.example }]'),
        /headers\[0\].key: is "Host"; expected none that HTTP/,
      ],
      [
        having('headers: [{ key: "a b", value: x }]'),
        /headers\[0\].key: is "a b"; expected the name of an HTTP header/,
      ],
      [having('headers: [{ key: A, value: x }, { key: a, value: y }]'), /DUPLICATE.*headers\[1\].key/],
      [having('headers: [{ key: A, value: "x\\r\\nB: y" }]'), /headers\[0\].value: holds characters/],
      [range('date("2026-01-01")'), /UNSUPPORTED.*start: is "date.*supported are now\(\) and/],
      [range('now() + duration("5m")'), /UNSUPPORTED.*rangeQuery.start/],
      [range('now() - duration("yesterday")'), /UNSUPPORTED.*start: "yesterday" is not a duration/],
      [range('now()', 'now() - duration("5m")'), /VALUE.*start: lies after the end/],
      [range('now() - duration("100h")', 'now()', '1s'), /RANGE.*makes 360001 points of each series; .*at most 10000/],
      [range('now() - duration("5m")', 'now()', '0s'), /step: is shorter than 1 ms/],
      [
        'prometheus: { address: "http://someone:secret@prometheus", query: up }',
        /address: .*expected an http address without/,
      ],
      ['prometheus: { address: "http://x/{{revision.latest}}", query: up }', /PLACEHOLDER/],
      ['prometheus: { query: up }', /UNSUPPORTED.*prometheus without an address/],
      [having('timeout: 99999999'), /RANGE.*timeout: is 99999999; expected a whole number of at most/],
    ]);
  });
});

describe('web', () => {
  test("has Argo's defaults", () => {
    assert.deepEqual(compiled('web: { url: "http://judge.example/{{args.name}}?a=b" }'), {
      kind: 'web',
      url: 'http://judge.example/shop?a=b',
      method: 'GET',
      headers: [],
      jsonPath: '{$}',
      timeoutMs: 10_000,
    });
    const zero = compiled(
      'web: { url: "http://judge.example", timeoutSeconds: 0, jsonPath: "", body: "", method: "" }',
    );
    assert.deepEqual(zero, compiled('web: { url: "http://judge.example" }'));
  });

  test('posts a body, or JSON with arguments filled in, and may be told a secret in a header', () => {
    const written = `web:
  method: PUT
  url: https://judge.example/api
  headers:
    - { key: content-type, value: text/plain }
    - { key: Authorization, value: 'Bearer {{ args.token }}' }
  jsonBody: { service: '{{args.name}}', shares: [5, 10.5], deep: { yes: true } }
  jsonPath: ' {$.data.ok} '
  timeoutSeconds: 3
  insecure: true`;
    const provider = compiled(written);
    assert.deepEqual(provider, {
      kind: 'web',
      url: 'https://judge.example/api',
      method: 'PUT',
      headers: [
        { key: 'Authorization', value: 'Bearer {{secret.prometheus/token}}' },
        { key: 'Content-Type', value: 'application/json' },
      ],
      body: '{"service":"shop","shares":[5,10.5],"deep":{"yes":true}}',
      jsonPath: '{$.data.ok}',
      timeoutMs: 3_000,
      insecure: true,
    });
    assert.deepEqual(secretsOf(provider), ['prometheus/token']);
    assert.equal(queryText(provider), 'PUT https://judge.example/api {$.data.ok}');
  });

  test('takes conditions of any kind of answer', () => {
    const { metric, errors } = compile('web: { url: "http://x" }', "      successCondition: result.state == 'good'");
    assert.equal(metric?.successCondition, "result.state == 'good'", errors);
    assert.match(
      compile('web: { url: "http://x" }', '      successCondition: reslt.ok').errors,
      /PLAN_CONDITION.*"reslt" is not known/,
    );
  });

  test('refuses what is not supported, and what makes no sense', () => {
    const having = (more: string) => `web: { url: "http://judge.example", ${more} }`;
    refuses([
      [having('authentication: { oauth2: { tokenUrl: x } }'), /UNSUPPORTED.*web.authentication.oauth2 is known/],
      [having('authentication: { basicAuth: { username: x } }'), /UNSUPPORTED.*web.authentication.basicAuth is known/],
      [having('body: x'), /VALUE.*body: is sent with POST or PUT only/],
      [having('method: POST, body: x, jsonBody: {}'), /CHOICE.*jsonBody: stands beside a body/],
      [having('method: DELETE'), /method: is "DELETE"; expected GET, POST or PUT/],
      ['web: { url: "ftp://x" }', /VALUE.*url: is "ftp:\/\/x"; expected an http address/],
      ['web: { url: "http://{{args.name}}{{args.nothing}}/" }', /ARGUMENT_UNKNOWN/],
      ['web: { url: "http://u:p@judge.example" }', /url: .*without credentials/],
    ]);
  });

  test('is asked where the plan says, whatever a revision is called', () => {
    const provider = compiled('web: { url: "http://judge.example/a" }');
    assert.ok(provider.kind === 'web');
    const filled = withTexts({ ...provider, url: 'http://judge.example/{{revision.latest}}' }, (text) =>
      text.replaceAll('judge.example', 'evil.example').replaceAll('{{revision.latest}}', '1.2.0'),
    );
    assert.equal(filled.url, 'http://judge.example/1.2.0');
  });
});

describe('datadog', () => {
  const V2 = 'apiVersion: v2';

  test('is one query of v1, or queries of v2 and a formula', () => {
    assert.deepEqual(compiled("datadog: { query: ' avg:errors{service:{{args.name}}} ' }"), {
      kind: 'datadog',
      apiVersion: 'v1',
      address: 'https://api.datadoghq.com',
      queries: { query: 'avg:errors{service:shop}' },
      aggregator: 'last',
      intervalMs: 300_000,
      apiKey: '{{secret.datadog/api-key}}',
      appKey: '{{secret.datadog/app-key}}',
      timeoutMs: 10_000,
    });
    const written = `datadog: { ${V2}, interval: 10m, queries: { a: 'sum:bad{*}', b: 'sum:all{*}' }, formula: a / b,
  aggregator: max, requestTimeout: 30s, secretRef: { name: shop-datadog, namespaced: true } }`;
    const provider = compiled(written);
    assert.deepEqual(provider, {
      kind: 'datadog',
      apiVersion: 'v2',
      address: 'https://api.datadoghq.com',
      queries: { a: 'sum:bad{*}', b: 'sum:all{*}' },
      formula: 'a / b',
      aggregator: 'max',
      intervalMs: 600_000,
      apiKey: '{{secret.shop-datadog/api-key}}',
      appKey: '{{secret.shop-datadog/app-key}}',
      timeoutMs: 30_000,
    });
    assert.equal(queryText(provider), 'a / b of a = sum:bad{*}, b = sum:all{*}');
    assert.deepEqual(secretsOf(provider), ['shop-datadog/api-key', 'shop-datadog/app-key']);
  });

  test("follows the rules of Argo's provider", () => {
    refuses([
      ['datadog: {}', /CHOICE provider.datadog: asks nothing; expected query or queries/],
      [`datadog: { ${V2}, query: a, queries: { a: b } }`, /CHOICE.*queries: stands beside a query/],
      ['datadog: { queries: { a: b } }', /CHOICE.*queries: is for apiVersion: v2/],
      ['datadog: { query: a, aggregator: avg }', /CHOICE.*aggregator: is for apiVersion: v2/],
      [`datadog: { ${V2}, query: a, formula: a }`, /CHOICE.*formula: is made of queries/],
      [`datadog: { ${V2}, queries: { a: x, b: y } }`, /CHOICE.*queries: are several; expected a formula/],
      ['datadog: { query: a, secretRef: { namespaced: true } }', /CHOICE.*secretRef: is namespaced and has no name/],
      ['datadog: { query: a, secretRef: { name: "a/b}}{{" } }', /secretRef.name: .*the name of a secret/],
      ['datadog: { query: a, requestTimeout: 0s }', /requestTimeout: is shorter than 1 ms/],
      [`datadog: { ${V2}, query: a, aggregator: median }`, /aggregator: is "median"; expected/],
    ]);
  });
});

describe('job', () => {
  const job = (container: string, more = '') => `job:
  metadata: { labels: { a: b } }
  spec:
    template: { spec: { containers: [{ name: one, ${container} }], restartPolicy: Never } }
    ${more}`;

  test("is the container's command, with the variables that Kubernetes fills in", () => {
    const container = `image: alpine:3.8, command: [sh, -c], workingDir: /srv/shop,
      args: ['smoke $(TARGET) $(NONE) $$(TARGET) $((1+1))'],
      env: [{ name: HOST, value: '{{args.name}}.example' }, { name: TARGET, value: 'http://$(HOST)' }, { name: EMPTY }]`;
    const { metric, errors, warnings } = compile(job(container, 'activeDeadlineSeconds: 90\n    backoffLimit: 2'));
    assert.deepEqual(
      metric?.provider,
      {
        kind: 'job',
        command: ['sh', '-c', 'smoke http://shop.example $(NONE) $(TARGET) $((1+1))'],
        environment: { HOST: 'shop.example', TARGET: 'http://shop.example', EMPTY: '' },
        directory: '/srv/shop',
        attempts: 3,
        timeoutMs: 90_000,
      },
      errors,
    );
    assert.match(warnings, /FIELD_IGNORED .*containers\[0\].image: is not used on the local platform/);
  });

  test('is tried seven times and for ten minutes where nothing is said; its conditions are not looked at', () => {
    const { metric, warnings } = compile(job('command: [check]'), '      successCondition: result == 1');
    assert.ok(metric?.provider.kind === 'job');
    assert.deepEqual([metric.provider.attempts, metric.provider.timeoutMs], [7, 600_000]);
    assert.equal(metric.successCondition, null);
    assert.match(warnings, /FIELD_IGNORED successCondition: is not looked at/);
  });

  test('refuses by name what a process of this machine cannot have', () => {
    const COMMAND = 'command: [check]';
    refuses([
      [job('image: alpine'), /UNSUPPORTED .*containers\[0\]: has no command, and only the image's own could tell/],
      [
        job(`${COMMAND}, env: [{ name: A, valueFrom: { secretKeyRef: { name: a, key: b } } }]`),
        /env.valueFrom is known/,
      ],
      [
        job(`${COMMAND}, env: [{ name: A, value: '{{args.token}}' }]`),
        /PLAN_SECRET .*env\[0\].value: holds the secret/,
      ],
      [job(`command: [check, '{{args.token}}']`), /PLAN_SECRET .*command\[1\]: holds the secret/],
      [job(`${COMMAND}, envFrom: [{ configMapRef: { name: a } }]`), /envFrom is known/],
      [job(`${COMMAND} }, { name: two, ${COMMAND}`), /UNSUPPORTED .*containers\[1\]: a second container/],
      [job(COMMAND, 'parallelism: 2'), /job.spec.parallelism is known/],
      [job(COMMAND, 'suspend: true'), /job.spec.suspend is known/],
      [job(`${COMMAND}, workingDir: srv`), /workingDir: is "srv"; expected an absolute path/],
      [job(`${COMMAND}, env: [{ name: A-B, value: x }]`), /env\[0\].name: expected the name of a variable/],
    ]);
    assert.ok(compile(job(COMMAND, 'parallelism: 1\n    suspend: false')).metric);
  });
});

describe('a secret argument', () => {
  test('stands in what authenticates a provider, and nowhere else', () => {
    const token = "'{{args.token}}'";
    const good = [
      `prometheus: { ${PROMETHEUS}, headers: [{ key: Authorization, value: ${token} }] }`,
      `prometheus: { ${PROMETHEUS}, authentication: { basicAuth: { username: ${token}, password: ${token} } } }`,
      `web: { url: "http://x", headers: [{ key: Authorization, value: ${token} }] }`,
    ];
    for (const written of good) assert.deepEqual(secretsOf(compiled(written)), ['prometheus/token'], written);
    refuses(
      [
        ['query', `prometheus: { address: "http://x", query: ${token} }`],
        ['address', `prometheus: { address: ${token}, query: up }`],
        ['headers[0].key', `prometheus: { ${PROMETHEUS}, headers: [{ key: ${token}, value: x }] }`],
        ['rangeQuery.start', `prometheus: { ${PROMETHEUS}, rangeQuery: { start: ${token}, end: now(), step: 1m } }`],
        ['url', `web: { url: ${token} }`],
        ['url', `web: { url: 'http://x/?token={{args.token}}' }`],
        ['body', `web: { url: "http://x", method: POST, body: ${token} }`],
        ['jsonBody.a[0]', `web: { url: "http://x", method: POST, jsonBody: { a: [${token}] } }`],
        ['jsonPath', `web: { url: "http://x", jsonPath: ${token} }`],
        ['query', `datadog: { query: ${token} }`],
        ['queries.a', `datadog: { apiVersion: v2, queries: { a: ${token} } }`],
        ['secretRef.name', `datadog: { query: a, secretRef: { name: ${token} } }`],
      ].map(([at = '', written = '']) => [
        written,
        new RegExp(`PLAN_(SECRET|VALUE) provider\\.\\w+\\.${at.replace(/[[\]]/g, '\\$&')}: `),
      ]),
    );
    for (const field of ['successCondition', 'name', 'interval']) {
      const { errors } = compile(
        'web: { url: "http://x" }',
        `      ${field === 'name' ? 'failureCondition' : field}: ${token}`,
      );
      assert.match(errors, /PLAN_SECRET .*holds the secret prometheus\/token/);
    }
  });
});

test('a metric has one provider', () => {
  refuses([
    [
      'web: { url: "http://x" }\njob: { spec: { template: { spec: { containers: [{ command: [a] }] } } } }',
      /CHOICE provider: has web and job; expected one provider/,
    ],
  ]);
});
