/** `shiplock analyse` with templates of web and Datadog metrics: compiled, mapped, asked and judged. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { type DatadogDouble, startDatadogDouble } from '../fixtures/datadog-double.ts';
import { loopbackServers } from './support/loopback.ts';

const BIN = path.resolve(import.meta.dirname, '../../bin/shiplock.js');
const KEYS = { apiKey: 'api-1234567890', appKey: 'app-0987654321' };

const templates = (web: string) => `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: web }
spec:
  args: [{ name: service }]
  metrics:
    - name: health
      successCondition: result.ok && result.successPercent >= 0.9
      provider:
        web:
          url: ${web}/health?service={{args.service}}
          jsonPath: '{$.services[?(@.name=="{{args.service}}")]}'
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: datadog }
spec:
  args: [{ name: service }]
  metrics:
    - name: error-rate
      successCondition: result <= 0.01
      provider:
        datadog:
          apiVersion: v2
          interval: 5m
          aggregator: sum
          formula: errors / hits
          queries:
            errors: sum:requests.errors{service:{{args.service}}}
            hits: sum:requests.hits{service:{{args.service}}}
    - name: last-rate
      failureCondition: result > 0.05
      provider:
        datadog: { query: 'avg:requests.rate{service:{{args.service}}}' }
`;

describe('shiplock analyse', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'shiplock-analyse-'));
  const [file, policy] = [path.join(folder, 'analysis.yaml'), path.join(folder, 'policy.yaml')];
  const servers = loopbackServers();
  const asked: string[] = [];
  let datadog: DatadogDouble;

  before(async () => {
    const web = await servers.serve((request, response) => {
      asked.push(request.url ?? '');
      const services = [
        { name: 'shop', ok: true, successPercent: 0.97 },
        { name: 'till', ok: true, successPercent: 0.42 },
      ];
      response.end(JSON.stringify({ services }));
    });
    writeFileSync(file, templates(web));
    datadog = await startDatadogDouble(KEYS);
    datadog.metrics.set('sum:requests.errors{service:shop}', { '*': [1, 0] });
    datadog.metrics.set('sum:requests.hits{service:shop}', { '*': [100, 100] });
    datadog.metrics.set('avg:requests.rate{service:shop}', { '*': [0.9, 0.005] });
    const secret = (key: string, env: string) => `  datadog/${key}: { env: ${env}, hosts: ['127.0.0.1'] }\n`;
    writeFileSync(
      policy,
      `services: ['*']\nenvironments: ['*']\naddresses: { 'https://api.datadoghq.com': '${datadog.address}' }\nsecrets:\n${secret('api-key', 'DD_API')}${secret('app-key', 'DD_APP')}`,
    );
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    servers.stop();
    datadog?.stop();
  });

  async function shiplock(template: string, service: string, ...args: string[]) {
    const given = [BIN, 'analyse', file, '--template', template, '--arg', `service=${service}`, '-o', 'json', ...args];
    const env = { ...process.env, DD_API: KEYS.apiKey, DD_APP: KEYS.appKey };
    const child = spawn(process.execPath, given, { env });
    const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.doesNotMatch(out + err, /api-1234567890|app-0987654321/, 'no key is shown');
    return { answer: out === '' ? null : JSON.parse(out), err, code: await code };
  }

  it('asks a web endpoint, and sees what the path finds', async () => {
    const good = await shiplock('web', 'shop');
    assert.deepEqual([good.code, good.answer?.state], [0, 'pass'], good.err);
    assert.equal(good.answer.metrics[0].readings[0].value, '{"name":"shop","ok":true,"successPercent":0.97}');
    assert.equal(asked.at(-1), '/health?service=shop');
    const bad = await shiplock('web', 'till');
    assert.deepEqual([bad.code, bad.answer?.state], [3, 'fail'], bad.err);
    const missing = await shiplock('web', 'cellar', '--once');
    assert.deepEqual([missing.code, missing.answer?.state], [3, 'error'], missing.err);
    assert.match(missing.answer.because, /finds nothing in the answer/);
  });

  it('asks Datadog where the policy says, with its keys', async () => {
    const good = await shiplock('datadog', 'shop', '--policy', policy);
    assert.deepEqual([good.code, good.answer?.state], [0, 'pass'], `${good.err}${good.answer?.because}`);
    const values = good.answer.metrics.map(({ readings }: { readings: { value: string }[] }) => readings[0]?.value);
    assert.deepEqual(values, ['0.005', '0.005']);
    const silent = await shiplock('datadog', 'till', '--policy', policy, '--once');
    assert.deepEqual([silent.code, silent.answer?.state], [3, 'error'], silent.err);
    const keyless = await shiplock('datadog', 'shop', '--once');
    assert.match(keyless.answer.because, /the secret "datadog\/api-key" is not known here/);
  });
});
