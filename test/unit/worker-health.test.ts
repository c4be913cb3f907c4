import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { openHealth, type Poller, pollingOf } from '../../workers/health.ts';

type Status = ReturnType<Poller['status']>;

function poller(changes: Partial<Status> = {}, taskQueue = 'shiplock'): Poller {
  const status: Status = { runState: 'RUNNING', workflowPollerState: 'POLLING', activityPollerState: 'POLLING' };
  return { taskQueue, status: () => ({ ...status, ...changes }) };
}

describe("a worker's readiness", () => {
  const cases: readonly [what: string, pollers: readonly Poller[], ready: boolean, because: string][] = [
    ['every queue is polled', [poller(), poller({}, 'other')], true, 'polls shiplock, other'],
    ['activities alone', [poller({ workflowPollerState: 'SHUTDOWN' })], true, 'polls shiplock'],
    ['it ends', [poller({ runState: 'DRAINING' })], false, 'shiplock: the worker is DRAINING'],
    ['it has not begun', [poller({ runState: 'INITIALIZED' })], false, 'shiplock: the worker is INITIALIZED'],
    ['the second of two ends', [poller(), poller({ runState: 'STOPPED' }, 'b')], false, 'b: the worker is STOPPED'],
    ['one poller failed', [poller({ activityPollerState: 'FAILED' })], false, 'shiplock: polling failed'],
    [
      'neither polls',
      [poller({ workflowPollerState: 'SHUTDOWN', activityPollerState: 'SHUTDOWN' })],
      false,
      'shiplock is not polled',
    ],
    ['nothing is there to poll', [], false, 'no queue is polled'],
  ];
  for (const [what, pollers, ready, because] of cases) {
    it(`is ${ready} where ${what}`, () => assert.deepEqual(pollingOf(pollers), { ready, because }));
  }
});

describe("a worker's probes", () => {
  it('are not ready before it watches anything, and live all the same', async (t) => {
    const endpoint = await openHealth('127.0.0.1:0');
    t.after(() => endpoint.close());
    assert.deepEqual(await ask(endpoint.address, '/readyz'), [503, 'the worker starts\n']);
    assert.deepEqual(await ask(endpoint.address, '/livez'), [200, 'ok\n']);
    assert.deepEqual((await ask(endpoint.address, '/'))[0], 404);
    assert.deepEqual((await ask(endpoint.address, '/livez', 'POST'))[0], 404);
  });

  it('ask Temporal once for all who ask in two seconds, and pass its answer on', async (t) => {
    const endpoint = await openHealth('127.0.0.1:0');
    t.after(() => endpoint.close());
    let asked = 0;
    endpoint.watch({
      pollers: [poller()],
      askTemporal: async () => {
        asked += 1;
        throw new Error('connection refused');
      },
    });
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(endpoint.address, '/readyz')));
    for (const answer of answers) assert.deepEqual(answer, [503, 'Temporal does not answer: connection refused\n']);
    assert.equal(asked, 1);
  });

  it('are refused with a way out where they cannot be answered', async (t) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    t.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    for (const [address, because] of [
      [`127.0.0.1:${port}`, /in use/],
      ['8480', /no host:port/],
      ['127.0.0.1:99999', /no host:port/],
    ] as const) {
      const refused = { code: 'SHIPLOCK_WORKER_HEALTH', message: because, mend: /--health/ };
      await assert.rejects(openHealth(address), refused);
    }
  });
});

async function ask(address: string, path: string, method = 'GET'): Promise<[number, string]> {
  const response = await fetch(`http://${address}${path}`, { method });
  return [response.status, await response.text()];
}
