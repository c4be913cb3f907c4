import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { loopbackServers } from './support/loopback.ts';
import { startPrometheus } from './support/prometheus.ts';

const BIN = path.resolve(import.meta.dirname, '../../bin/shiplock.js');

/** `{{args.least}}`: whether a metric passes is said on the command line. */
const TEMPLATES = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: ended }
spec:
  args: [{ name: least }]
  metrics:
    - name: series
      interval: 1s
      count: 3
      successCondition: result[0] >= {{args.least}}
      provider: { prometheus: { address: 'http://prometheus.monitoring:9090', query: vector(5) } }
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: endless }
spec:
  metrics:
    - name: endless
      interval: 1s
      successCondition: result[0] == 1
      provider: { prometheus: { address: 'http://prometheus.monitoring:9090', query: vector(1) } }
    - name: nothing
      successCondition: result[0] == 1
      provider: { prometheus: { address: 'http://prometheus.monitoring:9090', query: no_such_series } }
`;

const SECRET = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: secret }
spec:
  args: [{ name: token, valueFrom: { secretKeyRef: { name: prometheus, key: token } } }]
  metrics:
    - name: five
      successCondition: result[0] == 5
      provider:
        prometheus:
          address: https://prometheus.example
          query: up
          headers: [{ key: Authorization, value: 'Bearer {{args.token}}' }]
`;

describe('shiplock analyse', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'shiplock-analyse-'));
  const file = path.join(folder, 'analysis.yaml');
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>;

  before(async () => {
    writeFileSync(file, TEMPLATES);
    prometheus = await startPrometheus();
    for (let look = 0; look < 300; look += 1) {
      if ((await fetch(`${prometheus.address}/-/ready`).catch(() => null))?.ok) return;
      await delay(100);
    }
    throw new Error('Prometheus is not ready within 30 s');
  });
  const servers = loopbackServers();
  after(async () => {
    servers.stop();
    rmSync(folder, { recursive: true, force: true });
    await prometheus?.stop();
  });

  const shiplock = (...args: string[]) => command(['analyse', file, '--address', prometheus.address, ...args]);

  async function command(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...more } });
    const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { out, err, code: await code };
  }

  test('reads on the schedule of the template until it has ended, and says why it passes', async () => {
    const { out, code } = await shiplock('--template', 'ended', '--arg', 'least=5', '-o', 'json');
    const { state, because, metrics } = JSON.parse(out);
    assert.equal(code, 0);
    assert.equal(state, 'pass');
    assert.equal(because, 'series: 3 readings taken, 3 good');
    const times = metrics[0].readings.map(({ at }: { at: string }) => Date.parse(at));
    assert.ok(times[1] - times[0] >= 990 && times[2] - times[1] >= 990, String(times));
  });

  test('ends with 3 where a release would go back, and prints each reading', async () => {
    const { out, code } = await shiplock('--template', 'ended', '--arg', 'least=6');
    assert.equal(code, 3);
    assert.match(
      out,
      /^[-\dT:.]+Z {2}fail {10}series: result\[0\] >= 6 does not hold for \[5\]\nfail: series: 1 failed reading, more than failureLimit 0\n$/,
    );
  });

  test('--once reads each metric once, and never calls nothing a pass', async () => {
    const { out, code } = await shiplock('--template', 'endless', '--once', '-o', 'json');
    assert.equal(code, 3);
    const { metrics } = JSON.parse(out);
    assert.deepEqual(
      metrics.map(({ state, readings }: { state: string; readings: [] }) => [state, readings.length]),
      [
        ['pass', 1],
        ['error', 1],
      ],
    );
  });

  test('what is cut short with too little is inconclusive: 5', async () => {
    const { out, code } = await shiplock('--template', 'endless', '--for', '1500ms', '--minimum-readings', '9');
    assert.equal(code, 5, out);
    assert.match(out, /inconclusive: endless: only \d good readings? \(at least 9 needed\)/);
  });

  test('--policy maps addresses for an environment and fills in secrets, which are printed nowhere', async () => {
    const seen: (string | undefined)[] = [];
    const answer = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"5"]}]}}';
    const judge = await servers.serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end(answer);
    });
    const [template, policy] = [path.join(folder, 'secret.yaml'), path.join(folder, 'policy.yaml')];
    writeFileSync(template, SECRET);
    writeFileSync(
      policy,
      `addresses: { 'https://prometheus.example': { lab: '${judge}' } }
secrets: { prometheus/token: { env: TOKEN_OF_THE_TEST, hosts: [127.0.0.1] } }\n`,
    );
    const run = (...args: string[]) =>
      command(['analyse', template, '--once', ...args], { TOKEN_OF_THE_TEST: 'tok3n-of-the-test' });
    const good = await run('--policy', policy, '--environment', 'lab');
    assert.equal(good.code, 0, good.out + good.err);
    assert.deepEqual(seen, ['Bearer tok3n-of-the-test']);
    const without = await run();
    assert.equal(without.code, 3);
    assert.match(without.out, /no answer: the secret "prometheus\/token" is not known here; name a policy/);
    // Not mapped in another environment, the address is not one that the secret is for.
    const elsewhere = await run('--policy', policy, '--environment', 'production');
    assert.match(elsewhere.out, /the secret "prometheus\/token" is not for prometheus\.example:443/);
    assert.equal(seen.length, 1);
    for (const { out, err } of [good, without, elsewhere]) assert.doesNotMatch(out + err, /tok3n/);
  });

  test('says everything that is missing at once', async () => {
    const { err, code } = await shiplock('--template', 'ended', '--template', 'elsewhere');
    assert.equal(code, 1);
    assert.match(err, /there is no AnalysisTemplate\/elsewhere/);
    assert.match(err, /the template ended needs a value for its argument least/);
    assert.match(err, /SHIPLOCK_ANALYSIS_INVALID/);
  });
});
