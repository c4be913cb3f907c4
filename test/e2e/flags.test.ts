import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { localFlags } from '../../activities/flags/local.ts';
import type { SupervisorClient } from '../../infra/local/index.ts';
import type { FlagDefinition, FlagDefinitions, StackStatus } from '../../infra/local/protocol.ts';
import { connectSupervisor, endHome, findPid, journal, newHome, pidOf, serve, until, upIn } from './stack-world.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FLAG = 'new-credentials';
const AT_ONCE = 8;
const plain: FlagDefinition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };
const target = { service: 'api', flag: FLAG, variant: 'on' } as const;
const users = Array.from({ length: 300 }, (_, n) => `user-${n}`);

describe('a flag of the embedded flag service', { timeout: 300_000 }, () => {
  const home = newHome();
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let client: SupervisorClient;
  let stack: StackStatus;
  let address: string;
  let fence: number;
  let writes = 0;

  before(async () => {
    stack = await upIn(home);
    client = connectSupervisor({ home, patienceMs: 20_000 });
    await take({ flags: { [FLAG]: plain } });
    // On a busy machine a flag may take longer than the service would wait for it; then its code's default counts.
    const environment = { SAMPLE_FLAGS_PATIENCE_MS: '5000' };
    const sample = { command: ['node', 'infra/sample-service/main.ts'], directory: root, environment };
    ({ address } = await serve(client, 'api', '1.0.0', sample));
  });
  beforeEach(async () => {
    await take({ flags: { [FLAG]: plain } });
    ({ fence } = await client.grantFence('api', { holder: `release ${writes++}` }));
  });
  after(async () => {
    agent.destroy();
    client?.close();
    await endHome(home);
  });

  const take = (definitions: FlagDefinitions) => client.putFlags({ key: `by hand ${writes++}`, definitions });
  const flags = () => localFlags({ client });
  const set = (percent: number, ifRevision: string, key = `release/${writes++}`) =>
    flags().setFlag({ ...target, percent, ifRevision, fence, key });
  const effects = (key: string) => journal(home).filter((line) => line.key === key);
  const onAt = (definition: FlagDefinition, percent: number): FlagDefinition => ({
    ...definition,
    targeting: {
      fractional: [
        ['on', percent * 1000],
        ['off', 100_000 - percent * 1000],
      ],
    },
  });
  const refusal = async (work: Promise<unknown>): Promise<ApplicationFailure> => {
    const failure = await work.then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ApplicationFailure, String(failure));
    return failure;
  };

  const asked = async (user: string) => {
    const { body } = await exchange(agent, `${stack.servers.flags.address}/ofrep/v1/evaluate/flags/${FLAG}`, {
      method: 'POST',
      body: JSON.stringify({ context: { targetingKey: user } }),
    });
    return JSON.parse(body).variant as string;
  };
  const served = async (user: string) => {
    const answer = await exchange(agent, `${address}/credentials/1`, { headers: { 'x-user': user } });
    assert.equal(answer.status, 200);
    return String(answer.headers['x-flag-new-credentials']);
  };
  const whoIsOn = async (look: (user: string) => Promise<string>) => {
    const on: string[] = [];
    for (let first = 0; first < users.length; first += AT_ONCE) {
      const some = users.slice(first, first + AT_ONCE);
      const variants = await Promise.all(some.map(look));
      on.push(...some.filter((_, index) => variants[index] === 'on'));
    }
    return on;
  };

  it('ramps up and is killed, for the flag service and for the service alike, and nobody is lost on the way', async () => {
    let { revision, percent } = await flags().describeFlag(target);
    assert.equal(percent, 0);
    let before: string[] = [];
    for (const step of [10, 50, 100, 0]) {
      const written = await set(step, revision);
      assert.deepEqual([written.outcome, written.state.percent], ['written', step]);
      ({ revision, percent } = written.state);
      // At once, without waiting: what was answered is in force.
      const now = await whoIsOn(asked);
      assert.deepEqual(await whoIsOn(served), now, `both at ${step} %`);
      const tolerance = 4 * Math.sqrt(users.length * (step / 100) * (1 - step / 100));
      assert.ok(Math.abs(now.length - (users.length * step) / 100) <= tolerance, `${now.length} at ${step} %`);
      if (step > 0)
        assert.deepEqual(
          before.filter((user) => !now.includes(user)),
          [],
          `lost at ${step} %`,
        );
      before = now;
    }
    assert.deepEqual((await client.flag('api', FLAG)).definition, plain);
  });

  it('is counted by side where an analysis looks', async () => {
    const { revision } = await flags().describeFlag(target);
    await set(50, revision);
    await whoIsOn(served);
    const query = `sum by (service, variant) (feature_flag_requests_total{flag="${FLAG}"})`;
    const url = `${stack.servers.prometheus.address}/api/v1/query?query=${encodeURIComponent(query)}`;
    const sides = await until('both sides in Prometheus', async () => {
      const { data } = JSON.parse((await exchange(agent, url)).body);
      return data.result.length === 2 ? data.result : null;
    });
    for (const { metric, value } of sides) {
      assert.equal(metric.service, 'api-stable');
      assert.ok(Number(value[1]) > 0);
    }
  });

  it('is written once, however often it is asked', async () => {
    const { revision } = await flags().describeFlag(target);
    const first = await set(25, revision, 'release/once');
    const again = await set(25, revision, 'release/once');
    assert.deepEqual([first.outcome, again.outcome], ['written', 'unchanged']);
    assert.deepEqual(again.state, first.state);
    assert.equal(effects('release/once').length, 1);
  });

  it('that somebody else changed in mid-ramp is left alone, and restored only as far as it is ours', async () => {
    const before = await flags().describeFlag(target);
    const { state } = await set(10, before.revision);
    const restore = (written: number[]) =>
      flags().restoreFlag({ ...target, definition: before.definition, written, fence, key: `undo/${writes++}` });

    await take({ flags: { [FLAG]: onAt(plain, 30) } });
    const drifted = await set(50, state.revision);
    assert.deepEqual([drifted.outcome, drifted.state.percent], ['drifted', 30]);
    assert.deepEqual([(await restore([10, 50])).outcome, (await restore([])).outcome], ['drifted', 'drifted']);
    assert.deepEqual((await client.flag('api', FLAG)).definition, onAt(plain, 30));

    await take({ flags: { [FLAG]: { ...plain, targeting: { if: [{ '==': [{ var: 'plan' }, 'beta'] }, 'on'] } } } });
    assert.deepEqual(await restore([10, 50]).then(({ outcome, state }) => [outcome, state.percent]), ['drifted', null]);

    const described = { ...onAt(plain, 50), metadata: { owner: 'team-a' } };
    await take({ flags: { [FLAG]: described } });
    assert.equal((await restore([10, 50])).outcome, 'written');
    assert.deepEqual((await client.flag('api', FLAG)).definition, { ...plain, metadata: { owner: 'team-a' } });
    assert.equal((await restore([10, 50])).outcome, 'unchanged');
  });

  it('is not written by a release whose time is over', async () => {
    const { revision } = await flags().describeFlag(target);
    const late = fence;
    ({ fence } = await client.grantFence('api', { holder: 'the next release' }));
    const failure = await refusal(
      flags().setFlag({ ...target, percent: 50, ifRevision: revision, fence: late, key: 'late' }),
    );
    assert.deepEqual([failure.type, failure.nonRetryable], ['SHIPLOCK_FENCE_STALE', true]);
    assert.equal((await flags().describeFlag(target)).percent, 0);

    await set(10, revision);
    const weights = { weights: { '1.0.0': 100 }, fence: late, key: 'late' };
    await assert.rejects(client.putWeights('api', weights), { code: 'SHIPLOCK_FENCE_STALE' });
    const changed = { definition: plain, ifRevision: 'of an older time', fence: fence + 1, key: 'abort' };
    await assert.rejects(client.putFlag('api', FLAG, changed), { code: 'SHIPLOCK_LOCAL_FLAG_CHANGED' });
    assert.equal((await client.service('api')).fence, fence + 1);
  });

  it('that is not there, or has no such variant, or cannot be turned off, is refused for good', async () => {
    await take({ flags: { asleep: { ...plain, state: 'DISABLED' } } });
    for (const [request, type] of [
      [{ ...target, flag: 'nowhere' }, 'SHIPLOCK_FLAG_UNKNOWN'],
      [{ ...target, variant: 'blue' }, 'SHIPLOCK_FLAG_UNKNOWN'],
      [{ ...target, variant: 'constructor' }, 'SHIPLOCK_FLAG_UNKNOWN'],
      [{ ...target, flag: 'asleep' }, 'SHIPLOCK_FLAG_UNSUITABLE'],
    ] as const) {
      const failure = await refusal(flags().describeFlag(request));
      assert.deepEqual([failure.type, failure.nonRetryable], [type, true]);
    }
    const broken = { ...plain, targeting: { nonsense: [] } };
    const put = { definition: broken, fence, key: 'broken' };
    await assert.rejects(client.putFlag('api', FLAG, put), { code: 'SHIPLOCK_LOCAL_FLAGS_INVALID' });
    assert.equal(await asked('alice'), 'off');
  });

  it('is in force again when its service was killed, at the same address; the code’s default counts meanwhile', async () => {
    const { revision } = await flags().describeFlag(target);
    await set(50, revision);
    const before = await whoIsOn(asked);
    const pid = pidOf(home, 'server/flags');
    process.kill(pid, 'SIGKILL');
    assert.ok(['on', 'off'].includes(await served('alice')), 'a request succeeds whoever is down');
    await until('another flag service', async () => {
      const { flags } = (await client.stack()).servers;
      return flags.state === 'ready' && flags.pid !== pid;
    });
    assert.equal((await client.stack()).servers.flags.address, stack.servers.flags.address);
    assert.deepEqual(await whoIsOn(asked), before);
    await until('the service asks again', async () => (await whoIsOn(served)).length === before.length);
  });

  it('is not called written while its service does not say so, and is once it does', async () => {
    const { revision } = await flags().describeFlag(target);
    const pid = pidOf(home, 'server/flags');
    process.kill(pid, 'SIGSTOP');
    const failure = await refusal(set(50, revision, 'release/stopped')).finally(() => process.kill(pid, 'SIGCONT'));
    assert.deepEqual([failure.type, failure.nonRetryable], ['SHIPLOCK_LOCAL_FLAG_SERVICE', false]);
    const retried = await set(50, revision, 'release/stopped');
    assert.deepEqual([retried.outcome, retried.state.percent], ['unchanged', 50]);
    assert.equal((await whoIsOn(asked)).length > 100, true);
    assert.equal(effects('release/stopped').length, 1);
  });

  it('is written in full, once, or not at all when the supervisor is killed in mid-write', async () => {
    let { revision } = await flags().describeFlag(target);
    for (const percent of [20, 40, 60, 80]) {
      const key = `release/killed at ${percent}`;
      const writing = set(percent, revision, key);
      const pid = pidOf(home, 'supervisor');
      process.kill(pid, 'SIGKILL');
      const { outcome, state } = await writing;
      assert.ok(outcome === 'written' || outcome === 'unchanged', outcome);
      assert.equal(state.percent, percent);
      revision = state.revision;
      assert.equal(effects(key).length, 1);
      assert.deepEqual(
        (await client.flags()).flags,
        JSON.parse(readFileSync(join(home, 'flags', 'flags.json'), 'utf8')).flags,
      );
      const on = (await whoIsOn(asked)).length;
      assert.ok(Math.abs(on - 3 * percent) < 40, `${on} at ${percent} %`);
      await until('another supervisor', () => findPid(home, 'supervisor'));
    }
  });

  it('is shown, taken over from a file, and removed on the command line', async () => {
    const file = join(home, 'mine.json');
    writeFileSync(file, JSON.stringify({ flags: { 'new-search': plain } }));
    const shiplock = async (...args: string[]) => {
      const run = promisify(execFile)(process.execPath, [join(root, 'bin/shiplock.js'), ...args, '--home', home]);
      return (await run).stdout;
    };
    assert.equal(await shiplock('local', 'flags', 'set', file), 'in force: new-search\n');
    assert.deepEqual(JSON.parse(await shiplock('local', 'flags')).flags['new-search'], plain);
    assert.match(await shiplock('local', 'status'), /Flags +http:\/\/127\.0\.0\.1:\d+/);

    await assert.rejects(
      shiplock('local', 'flags', 'remove', 'new-search', 'nope'),
      /there is no flag nope here; nothing was/,
    );
    assert.equal(await shiplock('local', 'flags', 'remove', 'new-search'), 'removed: new-search\n');
    assert.equal('new-search' in JSON.parse(await shiplock('local', 'flags')).flags, false);
    await assert.rejects(client.flag('any', 'new-search'), /there is no flag new-search here/);
  });
});

interface Exchange {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function exchange(
  agent: Agent,
  url: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<Exchange> {
  const { body = '', ...rest } = options;
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, timeout: 5_000, ...rest }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${url}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
