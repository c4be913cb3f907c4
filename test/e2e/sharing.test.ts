import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { createMetricsActivities } from '../../activities/metrics/index.ts';
import type { MeasureRequest, Reading } from '../../activities/metrics/port.ts';
import { createSharing } from '../../activities/metrics/sharing.ts';
import type { PrometheusQuery } from '../../src/plan/plan.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { loopbackServers } from './support/loopback.ts';
import { startPrometheus } from './support/prometheus.ts';

const { serve, stop } = loopbackServers();
after(stop);

/** A server that counts its questions, and answers when it is let. */
async function counting() {
  let asked = 0;
  const gate = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  const address = await serve(async (request, response) => {
    asked += 1;
    const nth = asked;
    await request.toArray();
    first.resolve();
    await gate.promise;
    response.end(`{"nth":${nth},"to":${JSON.stringify(request.headers.authorization ?? '')}}`);
  });
  return { address, answer: gate.resolve, first: first.promise, asked: () => asked };
}

/** A worker's activities, where the secret `a/token` has a value of each release's own. */
function worker() {
  const { measure } = createMetricsActivities({
    locate: (provider) => provider,
    secretOf: ({ secret }) => ({ value: `value of ${secret}` }),
  });
  return (release: string, request: MeasureRequest) => {
    const environment = activityEnvironment({ workflowExecution: { workflowId: release, runId: 'run' } });
    const reading = environment.run(measure, request) as Promise<Reading>;
    return { reading, cancel: () => environment.cancel() };
  };
}

const query = (address: string, change: Partial<PrometheusQuery> = {}): PrometheusQuery => ({
  kind: 'prometheus',
  address,
  query: 'up',
  timeoutMs: 5_000,
  ...change,
});

describe('the same question, asked at once by several', () => {
  it('is sent once, and all get the same bytes of the same time', async () => {
    const server = await counting();
    const ask = worker();
    const readings = ['one', 'two', 'three'].flatMap((release) =>
      ['errors', 'latency'].map((metric) => ask(release, { provider: query(server.address), metric }).reading),
    );
    await server.first;
    server.answer();
    const taken = await Promise.all(readings);
    assert.equal(server.asked(), 1);
    assert.deepEqual(new Set(taken.map(({ raw }) => raw)), new Set(['{"nth":1,"to":""}']));
    assert.equal(new Set(taken.map(({ at }) => at)).size, 1);
    // A moment later somebody else still gets it; who had it asks anew, since no reading counts as two.
    const later = await ask('four', { provider: query(server.address), metric: 'errors' }).reading;
    assert.deepEqual([later.raw, later.at], [taken[0]?.raw, taken[0]?.at]);
    const again = await ask('one', { provider: query(server.address), metric: 'errors' }).reading;
    assert.equal(again.raw, '{"nth":2,"to":""}');
  });

  it('is sent again once it is a second old', async () => {
    const server = await counting();
    server.answer();
    const ask = worker();
    const began = performance.now();
    const provider = query(server.address);
    const first = await ask('one', { provider, metric: 'errors' }).reading;
    let next = first;
    for (let nth = 0; next.raw === first.raw; nth += 1) {
      next = await ask(`later-${nth}`, { provider, metric: 'errors' }).reading;
    }
    assert.ok(performance.now() - began >= 990, `${performance.now() - began} ms`);
    assert.equal(server.asked(), 2);
  });

  it('is another question with another query, address, header, time-out, range, secret or stable side', async () => {
    const server = await counting();
    server.answer();
    const ask = worker();
    const header = (value: string) => ({ headers: [{ key: 'Authorization', value }] });
    const requests: MeasureRequest[] = [
      {},
      { query: 'down' },
      { address: server.address.replace('127.0.0.1', 'localhost') },
      header('a'),
      header('{{secret.a/token}}'),
      header('{{secret.b/token}}'),
      { timeoutMs: 4_000 },
      { range: { startMs: 60_000, endMs: 0, stepMs: 1_000 } },
    ].map((change) => ({ provider: query(server.address, change) }));
    const all = [...requests, { provider: query(server.address), beside: 'down' }];
    const readings = await Promise.all(
      all.map((request, nth) => ask(`release-${nth}`, { ...request, metric: 'errors' }).reading),
    );
    // The last one asks two.
    assert.equal(server.asked(), all.length + 1);
    const told = readings.map(({ raw }) => JSON.parse(raw || '{}').to);
    assert.deepEqual(told.filter(Boolean).sort(), ['a']);
    // What repeats a secret is not kept.
    assert.equal(readings.filter(({ error }) => /repeats a secret/.test(error ?? '')).length, 2);
  });

  it('is not shared once it went wrong, but by those who wait for it', async () => {
    let asked = 0;
    const address = await serve((_, response) => {
      asked += 1;
      response.writeHead(503).end('busy');
    });
    const ask = worker();
    const provider = query(address);
    await Promise.all(['one', 'two'].map((release) => ask(release, { provider, metric: 'errors' }).reading));
    assert.equal(asked, 1);
    await ask('three', { provider, metric: 'errors' }).reading;
    assert.equal(asked, 2);
  });

  it('is not taken from the others by one who is cancelled, and ends with the last', async () => {
    const server = await counting();
    const ask = worker();
    const provider = query(server.address);
    const first = ask('one', { provider, metric: 'errors' });
    await server.first;
    const second = ask('two', { provider, metric: 'errors' });
    first.cancel();
    await assert.rejects(first.reading, { name: 'CancelledFailure' });
    server.answer();
    assert.equal((await second.reading).raw, '{"nth":1,"to":""}');
    assert.equal(server.asked(), 1);

    const closed = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const slow = await serve((request) => {
      request.socket.once('close', closed.resolve);
      began.resolve();
    });
    const both = ['one', 'two'].map((release) => ask(release, { provider: query(slow), metric: 'errors' }));
    await began.promise;
    for (const { cancel } of both) cancel();
    for (const { reading } of both) await assert.rejects(reading, { name: 'CancelledFailure' });
    await closed.promise;
    // Whoever comes then asks for themselves.
    const next = ask('three', { provider: query(slow), metric: 'errors' });
    next.cancel();
    await assert.rejects(next.reading, { name: 'CancelledFailure' });
  });

  it('of a real Prometheus has one evaluation', async () => {
    const prometheus = await startPrometheus();
    try {
      const ask = worker();
      let ready = false;
      for (let look = 0; look < 1_200 && !ready; look += 1) {
        ready = (await ask('ready', { provider: query(prometheus.address) }).reading).error === null;
        if (!ready) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const provider = query(prometheus.address, { query: 'vector(time())' });
      const readings = await Promise.all(
        Array.from({ length: 20 }, (_, nth) => ask(`release-${nth}`, { provider, metric: 'time' }).reading),
      );
      assert.equal(readings[0]?.error, null);
      assert.equal(new Set(readings.map(({ raw }) => raw)).size, 1);
    } finally {
      await prometheus.stop();
    }
  });
});

describe('what is shared', () => {
  it('is bounded: of many answers at once only so many are kept', async () => {
    const share = createSharing<number>();
    let asked = 0;
    const ask = (question: number, asker: string) =>
      share({
        question,
        asker,
        signal: new AbortController().signal,
        isGood: () => true,
        ask: async () => {
          asked += 1;
          return asked;
        },
      });
    for (let question = 0; question < 1_000; question += 1) await ask(question, 'first');
    for (let question = 0; question < 1_000; question += 1) await ask(question, 'second');
    // 100 at most were given twice.
    assert.ok(asked >= 1_900 && asked <= 2_000, `${asked} asked`);
  });
});
