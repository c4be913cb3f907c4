import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { ActivityExecutionFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { Webhook } from 'standardwebhooks';
import { createTellingActivities } from '../../activities/index.ts';
import type { ReleaseEvent } from '../../activities/notify/port.ts';
import { NOTIFY_TASK_QUEUE } from '../../workflows/messages.ts';
import { openStage, type Stage } from './client-stage.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** A receiver on loopback: what it was sent, and how it answers each time. */
interface Receiver {
  readonly url: string;
  readonly calls: Call[];
  close(): void;
}

let stage: Stage;
let worker: Worker;
let running: Promise<void>;
let connection: NativeConnection;
const receivers: Record<string, Receiver> = {};

before(async () => {
  stage = await openStage();
  connection = await NativeConnection.connect({ address: stage.address });
  receivers.good = await receiver((response) => response.writeHead(204).end());
  receivers.shaky = await receiver((response, nth) =>
    nth < 2 ? response.writeHead(500).end('out of\nmemory') : response.writeHead(200).end('ok'),
  );
  receivers.patient = await receiver((response, nth) =>
    nth < 1 ? response.writeHead(429, { 'retry-after': '1' }).end() : response.writeHead(200).end(),
  );
  receivers.gone = await receiver((response) => response.writeHead(410).end('no more of it'));
  receivers.wrong = await receiver((response) => response.writeHead(401).end('bad signature'));
  receivers.moved = await receiver((response) =>
    response.writeHead(307, { location: `${receivers.good?.url ?? ''}stolen` }).end(),
  );
  receivers.silent = await receiver(() => undefined);
  receivers.endless = await receiver((response) => {
    const more = (): void => void (!response.destroyed && response.write('x'.repeat(16_384), more));
    response.writeHead(200);
    more();
  });
  receivers.down = await receiver(() => undefined);
  receivers.down.close();
  const webhooks = Object.fromEntries(
    Object.entries(receivers).map(([name, { url }]) => [name, { url, secret: { env: 'HOOK' } }]),
  );
  worker = await Worker.create({
    connection,
    taskQueue: NOTIFY_TASK_QUEUE,
    activities: createTellingActivities({
      webhooks: { ...webhooks, unset: { url: receivers.good.url, secret: { env: 'UNSET' } } },
      environment: { HOOK: SECRET },
      timeoutMs: 500,
    }),
  });
  running = worker.run();
});

after(async () => {
  worker.shutdown();
  await running;
  for (const { close } of Object.values(receivers)) close();
  await connection.close();
  await stage.close();
});

suite('a webhook is told of a release', { timeout: 300_000 }, () => {
  test('with a CloudEvent that the receiver verifies as Standard Webhooks says', async () => {
    const event = someEvent();
    assert.deepEqual(await notify('good', event), { status: 204 });
    const { headers, body } = onlyCall('good');
    const cloudEvent = new Webhook(SECRET).verify(body, headers as Record<string, string>) as Record<string, unknown>;
    assert.deepEqual(cloudEvent, {
      specversion: '1.0',
      id: event.id,
      source: '/releases/production/credlink-api',
      type: 'io.shiplock.release.waiting',
      time: event.at,
      subject: '1.2.0',
      datacontenttype: 'application/json',
      data: event,
    });
    assert.match(headers['content-type'] ?? '', /^application\/cloudevents\+json/);
    assert.throws(() => new Webhook(SECRET).verify(`${body} `, headers as Record<string, string>), /signature/i);
    const other = `whsec_${randomBytes(32).toString('base64')}`;
    assert.throws(() => new Webhook(other).verify(body, headers as Record<string, string>), /signature/i);
  });

  test('again under the same id, after 500, until it answers with 2xx', async () => {
    const event = someEvent();
    assert.deepEqual(await notify('shaky', event), { status: 200 });
    const { calls } = receiverOf('shaky');
    assert.equal(calls.length, 3);
    assert.deepEqual([...new Set(calls.map(({ headers }) => headers['webhook-id']))], [event.id]);
    for (const { body, headers } of calls) new Webhook(SECRET).verify(body, headers as Record<string, string>);
  });

  test('not before the time that it asked for', async () => {
    assert.deepEqual(await notify('patient'), { status: 200 });
    const [first, second] = receiverOf('patient').calls;
    assert.ok(first && second && second.at - first.at >= 990, `${(second?.at ?? 0) - (first?.at ?? 0)} ms`);
  });

  const FOR_GOOD: [string, string, RegExp][] = [
    ['gone', 'SHIPLOCK_WEBHOOK_REFUSED', /the webhook "gone" answers 410: no more of it \(it wants no more of them\)/],
    ['wrong', 'SHIPLOCK_WEBHOOK_REFUSED', /answers 401: bad signature/],
    ['moved', 'SHIPLOCK_WEBHOOK_REFUSED', /answers 307 \(redirects are not followed\)/],
  ];
  for (const [name, code, message] of FOR_GOOD) {
    test(`once only where it is ${name}`, async () => {
      const failed = await failureOf(notify(name));
      assert.deepEqual([failed.type, failed.nonRetryable], [code, true]);
      assert.match(failed.message, message);
      assert.equal(receiverOf(name).calls.length, 1);
      assert.ok(!receiverOf('good').calls.some(({ body }) => body.includes('stolen')));
    });
  }

  const AGAIN: [string, RegExp][] = [
    ['down', /the webhook "down" is not reached: .*ECONNREFUSED/],
    ['silent', /the webhook "silent" has not answered within 500 ms/],
  ];
  for (const [name, message] of AGAIN) {
    test(`again and again while it is ${name}, as long as the caller allows`, async () => {
      const failed = await failureOf(notify(name, someEvent(), { attempts: 2 }));
      assert.deepEqual([failed.type, failed.nonRetryable], ['SHIPLOCK_WEBHOOK_FAILED', false]);
      assert.match(failed.message, message);
      if (name === 'silent') assert.equal(receiverOf(name).calls.length, 2);
    });
  }

  test('and is done with a receiver that never stops answering', async () => {
    assert.deepEqual(await notify('endless'), { status: 200 });
  });

  test('not at all where the policy does not know it, or its secret is not set', async () => {
    for (const name of ['unheard-of', 'constructor', '__proto__']) {
      const failed = await failureOf(notify(name));
      assert.deepEqual([failed.type, failed.nonRetryable], ['SHIPLOCK_WEBHOOK_UNKNOWN', true]);
    }
    const unset = await failureOf(notify('unset'));
    assert.deepEqual([unset.type, unset.nonRetryable], ['SHIPLOCK_WEBHOOK_SECRET', true]);
    assert.match(unset.message, /UNSET, is not set on this worker/);
  });
});

/** Runs the activity on its queue: by Temporal's own server, with its retries. */
function notify(webhook: string, event = someEvent(), { attempts = 5 } = {}): Promise<unknown> {
  return stage.shiplock.session.client.activity.execute('notify', {
    id: randomUUID(),
    taskQueue: NOTIFY_TASK_QUEUE,
    args: [{ webhook, event }],
    startToCloseTimeout: '5s',
    retry: { initialInterval: '50ms', backoffCoefficient: 1, maximumAttempts: attempts },
  });
}

async function failureOf(asked: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await asked.then(
    () => assert.fail('it succeeded'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ActivityExecutionFailedError, String(error));
  assert.ok(error.cause instanceof ApplicationFailure, String(error.cause));
  return error.cause;
}

function someEvent(): ReleaseEvent {
  return {
    id: `release-production-credlink-api/${randomUUID()}/7`,
    type: 'waiting',
    at: '2026-11-23T10:00:00.000Z',
    service: 'credlink-api',
    environment: 'production',
    version: '1.2.0',
    from: '1.1.0',
    phase: 'promotion',
    outcome: null,
    because: 'canary at 75 % – „gut“',
    waiting: { prompt: 'promote 1.2.0?', deadline: '2026-11-23T10:05:00.000Z' },
  };
}

function receiverOf(name: string): Receiver {
  const found = receivers[name];
  assert.ok(found, name);
  return found;
}

function onlyCall(name: string): Call {
  const [call, ...more] = receiverOf(name).calls;
  assert.ok(call && more.length === 0);
  return call;
}

async function receiver(answer: (response: ServerResponse, nth: number) => unknown): Promise<Receiver> {
  const calls: Call[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    calls.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8'), at: Date.now() });
    answer(response, calls.length - 1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    calls,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
