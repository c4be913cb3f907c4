import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { hasEnded } from '../../src/client/index.ts';
import { releasePublished, runCompleted, SECRET, type Signed, signed } from '../fixtures/github-deliveries.ts';
import { openStage, type Stage } from './client-stage.ts';
import { BIN, deliver, environment, type Said, type Served, serve, triggersFor } from './serve-stage.ts';
import { openPassage } from './support/passage.ts';

const MANNERS = {
  once: 'wait',
  crowded: 'wait',
  waiting: 'wait',
  failing: 'fail',
  superseding: 'supersede',
  unstaffed: 'wait',
  cut: 'wait',
  broken: 'wait',
};

let stage: Stage;
let folder: string;
let served: Served;

before(async () => {
  stage = await openStage();
  await stage.workerUp();
  folder = triggersFor(MANNERS);
  writeFileSync(join(folder, 'broken.yaml'), 'kind: Release\nservice: broken\n');
  served = await serve(folder, stage.address);
});
after(async () => {
  await served.end('SIGKILL');
  await stage.close();
  rmSync(folder, { recursive: true });
});

suite('a signed delivery', { timeout: 300_000 }, () => {
  const delivery = signed('release', releasePublished('v1.1.0', { repository: 'acme/once' }));

  test('starts a release, under the name of its repository and delivery', async () => {
    const { status, body } = await begun(delivery, '1.1.0');
    assert.deepEqual(
      [status, body.release, body.state, body.again],
      [202, 'release-production-once', 'started', false],
    );
    const { execution } = await stage.shiplock.get('release-production-once');
    assert.deepEqual([execution.firstRunId, execution.version], [body.run, '1.1.0']);
    assert.equal(execution.startedBy, `github:acme/once@${delivery.headers['x-github-delivery']}`);
    assert.deepEqual(await enqueuers('lane-production-once'), [execution.startedBy]);
  });

  test('is one release, however often it comes, at once too', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => deliver(served, delivery)));
    assert.deepEqual([...new Set(answers.map(({ status, body }) => `${status} ${body.again}`))], ['202 true']);
    assert.deepEqual(await runsOf('once'), [...new Set(answers.map(({ body }) => body.run))]);
  });

  test('is one release also to a server that was killed and started again', async () => {
    assert.equal(await served.end('SIGKILL'), null);
    served = await serve(folder, stage.address);
    const { status, body } = await deliver(served, delivery);
    assert.deepEqual([status, body.again], [202, true]);
    assert.deepEqual(await runsOf('once'), [body.run]);
  });

  test('is one release also when somebody who recorded it gives it another id', async () => {
    const headers = { ...delivery.headers, 'x-github-delivery': randomUUID() };
    const { body } = await deliver(served, { ...delivery, headers });
    assert.equal(body.again, true);
    assert.equal((await runsOf('once')).length, 1);
  });

  test('is one release also after that has ended', async () => {
    await stage.shiplock.send('release-production-once', 'abort', { reason: 'enough' });
    await ended('release-production-once');
    const { body } = await deliver(served, delivery);
    assert.equal(body.again, true);
    assert.equal((await runsOf('once')).length, 1);
    assert.ok(hasEnded(await stage.shiplock.get('release-production-once')));
  });

  test('of five at once that nobody has seen before, one starts it', async () => {
    const fresh = signed('workflow_run', runCompleted({}, { repository: 'acme/crowded' }));
    const answers = await Promise.all(Array.from({ length: 5 }, () => deliver(served, fresh)));
    assert.deepEqual(answers.map(({ body }) => body.again).sort(), [false, true, true, true, true]);
    assert.deepEqual(await runsOf('crowded'), [...new Set(answers.map(({ body }) => body.run))]);
    assert.equal((await stage.shiplock.get('release-production-crowded')).execution.version?.length, 40);
  });
});

suite('while another release is open, a delivery', { timeout: 300_000 }, () => {
  const published = (service: string, version: string) =>
    signed('release', releasePublished(version, { repository: `acme/${service}` }));

  test('waits its turn with ifBusy wait', async () => {
    assert.equal((await begun(published('waiting', '1.1.0'), '1.1.0')).body.state, 'started');
    const second = published('waiting', '1.2.0');
    const { status, body } = await deliver(served, second);
    assert.deepEqual([status, body.state, body.run], [202, 'waiting', null]);
    await stage.shiplock.send('release-production-waiting', 'abort', { reason: 'make room' });
    await version('release-production-waiting', '1.2.0');
    const again = await begun(second, '1.2.0');
    assert.deepEqual([again.body.again, again.body.state], [true, 'started']);
    assert.equal((await runsOf('waiting')).length, 2);
  });

  test('is refused with 409 with ifBusy fail, and taken when it is redelivered later', async () => {
    assert.equal((await begun(published('failing', '1.1.0'), '1.1.0')).body.state, 'started');
    const second = published('failing', '1.2.0');
    const { status, body } = await deliver(served, second);
    assert.deepEqual([status, body.error?.code], [409, 'SHIPLOCK_RELEASE_BUSY']);
    assert.match(body.error?.message ?? '', /^release-production-failing is busy: 1\.1\.0, started by /);
    await stage.shiplock.send('release-production-failing', 'abort', { reason: 'make room' });
    await ended('release-production-failing');
    const later = await begun(second, '1.2.0');
    assert.deepEqual([later.status, later.body.state, later.body.again], [202, 'started', false]);
  });

  test('takes its place with ifBusy supersede', async () => {
    assert.equal((await begun(published('superseding', '1.1.0'), '1.1.0')).body.state, 'started');
    assert.equal((await deliver(served, published('superseding', '1.2.0'))).status, 202);
    await version('release-production-superseding', '1.2.0');
  });

  test('that no worker can start yet is kept, and started when one comes', async () => {
    await stage.workerDown();
    const { status, body } = await deliver(served, published('unstaffed', '1.1.0'));
    assert.deepEqual([status, body.state], [202, 'waiting']);
    await stage.workerUp();
    await version('release-production-unstaffed', '1.1.0');
  });
});

test('while Temporal is away, a delivery is told in time, and taken once when it is redelivered', {
  timeout: 300_000,
}, async () => {
  const passage = await openPassage(stage.address);
  const remote = await serve(folder, passage.address);
  const delivery = signed('release', releasePublished('1.1.0', { repository: 'acme/cut' }));
  void passage.cut();
  const began = performance.now();
  const { status, body } = await deliver(remote, delivery);
  assert.equal(status, 503);
  assert.match(body.error?.code ?? '', /^SHIPLOCK_(TEMPORAL_UNREACHABLE|TRIGGER_TIMEOUT)$/);
  assert.ok(performance.now() - began < 9_500, 'GitHub hangs up after ten seconds');
  passage.mend();
  let later = await deliver(remote, delivery);
  while (later.status === 503) later = await deliver(remote, delivery);
  assert.deepEqual([later.status, (await runsOf('cut')).length], [202, 1]);
  assert.equal(await remote.end('SIGTERM'), 0);
  await passage.close();
});

suite('the server', { timeout: 300_000 }, () => {
  test('refuses a wrong signature with 401', async () => {
    const wrong = signed('release', releasePublished('6.6.6', { repository: 'acme/once' }), { secret: 'a guess' });
    const { status, body } = await deliver(served, wrong);
    assert.deepEqual([status, body.error?.code], [401, 'SHIPLOCK_TRIGGER_SIGNATURE']);
    assert.equal((await runsOf('once')).length, 1);
  });

  test('answers a ping, and 422 where the release file is wrong', async () => {
    assert.equal((await deliver(served, signed('ping', { zen: 'Design for failure.' }))).status, 200);
    const { status, body } = await deliver(
      served,
      signed('release', releasePublished('1.0.0', { repository: 'acme/broken' })),
    );
    assert.deepEqual([status, body.error?.code], [422, 'SHIPLOCK_PLAN_INVALID']);
  });

  test('answers 413 to more than a mebibyte, with and without its length said before', async () => {
    const large = 'x'.repeat(1024 * 1024 + 1);
    const { headers } = signed('release', large);
    for (const body of [large, new Blob([large]).stream()]) {
      const response = await fetch(`${served.url}/github`, { method: 'POST', headers, body, duplex: 'half' });
      assert.equal(response.status, 413);
    }
  });

  test('has nothing elsewhere', async () => {
    assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${served.url}/`)).status, 404);
    assert.equal((await fetch(`${served.url}/github`)).status, 405);
  });

  test('cuts off who never ends a request, and goes on with others', async () => {
    const slow = connect(served.port, '127.0.0.1');
    slow.on('error', () => undefined).resume();
    slow.write('POST /github HTTP/1.1\r\nhost: x\r\nx-a: ');
    const closed = once(slow, 'close', { signal: AbortSignal.timeout(60_000) });
    assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
    await closed;
  });

  test('writes one line a request, and no secret', async () => {
    const requests = served.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    const refused = requests.find(({ status }) => status === 401);
    assert.deepEqual(
      [refused.level, refused.message, refused.method, refused.path, refused.code],
      ['WARN', 'request', 'POST', '/github', 'SHIPLOCK_TRIGGER_SIGNATURE'],
    );
    const begun = requests.find(({ repository }) => repository === 'acme/waiting');
    assert.deepEqual([begun.release, begun.version], ['release-production-waiting', '1.1.0']);
    assert.ok(!served.lines.some((line) => line.includes(SECRET) || line.includes('sha256=')));
  });

  test('ends on SIGTERM with 0, and takes no more', async () => {
    assert.equal(await served.end('SIGTERM'), 0);
    await assert.rejects(fetch(`${served.url}/healthz`));
  });

  test('says what is wrong with its configuration, and does not start', async () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, readFileSync(join(folder, 'serve.yaml'), 'utf8').replace('ifBusy: wait', 'ifBusy: maybe'));
    const child = spawn(process.execPath, [BIN, 'serve', '--config', file], { env: environment(stage.address) });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, 'exit');
    assert.equal(code, 1);
    assert.match(said, /wrong\.yaml:\d+:\d+: github\[\d\]\.ifBusy: .*\(SHIPLOCK_SERVE_CONFIG\)/s);
  });
});

/** What a delivery is told once its release has begun: on a busy machine after the two seconds that a sender waits. */
async function begun(delivery: Signed, wanted: string): Promise<Said> {
  const said = await deliver(served, delivery);
  const { release = '', state } = said.body;
  if (state !== 'waiting') return said;
  await version(release, wanted);
  const { firstRunId } = (await stage.shiplock.get(release)).execution;
  return { ...said, body: { ...said.body, state: 'started', run: firstRunId } };
}

/** The first runs of a service's releases, as the server's own list has them once it knows of the newest. */
async function runsOf(service: string): Promise<string[]> {
  const { client } = stage.shiplock.session;
  const id = `release-production-${service}`;
  const { runId } = await client.workflow.getHandle(id).describe();
  const deadline = AbortSignal.timeout(120_000);
  for (;;) {
    const runs: string[] = [];
    for await (const info of client.workflow.list({ query: `WorkflowId = '${id}'` })) runs.push(info.runId);
    if (runs.includes(runId)) return runs;
    deadline.throwIfAborted();
  }
}

/** Who put requests into a lane's newest run, as the history has them. */
async function enqueuers(lane: string): Promise<(string | null | undefined)[]> {
  const { events } = await stage.shiplock.session.client.workflow.getHandle(lane).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: sent }) => (sent ? [sent.identity] : []));
}

async function ended(id: string): Promise<void> {
  await stage.shiplock.wait(id, { until: 'ended', timeoutMs: 120_000 });
}

async function version(id: string, wanted: string): Promise<void> {
  const { client } = stage.shiplock.session;
  const deadline = AbortSignal.timeout(120_000);
  for (;;) {
    const memo = await client.workflow
      .getHandle(id)
      .describe()
      .then(
        ({ memo }) => memo,
        () => null,
      );
    if (memo?.version === wanted) return;
    deadline.throwIfAborted();
  }
}
