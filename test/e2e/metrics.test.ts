import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createMetricsActivities } from '../../activities/metrics/index.ts';
import type { Reading } from '../../activities/metrics/port.ts';
import { choosePort } from '../../infra/local/stack/ports.ts';
import { assessReading, judgeWindow, windowOf } from '../../src/analysis/index.ts';
import { parseMatrix, parsePrometheus } from '../../src/analysis/prometheus.ts';
import type { KayentaPlan } from '../../src/plan/kayenta-plan.ts';
import type { PrometheusQuery } from '../../src/plan/plan.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { metricNamed } from '../unit/kayenta-samples.ts';
import { loopbackServers } from './support/loopback.ts';
import { startPrometheus } from './support/prometheus.ts';

const secretOf = ({ secret }: { secret: string }) => ({ because: `no secret ${secret}` });
const { measure } = createMetricsActivities({ locate: (provider) => provider, secretOf });

function ask(
  address: string,
  query = 'vector(1)',
  options: { timeoutMs?: number; beside?: string; requests?: string; range?: PrometheusQuery['range'] } = {},
): Promise<Reading> {
  const { timeoutMs = 5_000, beside, requests, range } = options;
  const provider = { kind: 'prometheus', address, query, timeoutMs, ...(range ? { range } : {}) } as const;
  return activityEnvironment().run(measure, { provider, beside, requests }) as Promise<Reading>;
}

describe('a reading of a real Prometheus', () => {
  let address: string;
  let stop: () => Promise<void>;

  before(async () => {
    ({ address, stop } = await startPrometheus());
    // Its first scrape of itself is what the tests read.
    for (let look = 0; look < 300; look += 1) {
      const reading = await ask(address, 'rate(prometheus_http_requests_total{handler="/metrics"}[10s]) >= 0');
      if (/"value"/.test(reading.raw)) return;
      await delay(100);
    }
    throw new Error('Prometheus has not scraped itself within 30 s');
  });
  after(() => stop?.());

  it('is its answer, byte for byte, with the time that was asked for', async () => {
    const began = Date.now();
    const reading = await ask(address, 'vector(time())');
    assert.equal(reading.error, null);
    assert.equal(reading.address, address);
    assert.equal(reading.window, '');
    const at = Date.parse(reading.at);
    assert.ok(at >= began && at <= Date.now());
    const answer = parsePrometheus(reading.raw);
    assert.ok(answer.ok && Array.isArray(answer.result));
    assert.equal(answer.result[0], at / 1000);
  });

  it('says how much traffic there was, where that is asked', async () => {
    const reading = await ask(address, 'vector(1)', { requests: 'sum(prometheus_http_requests_total)' });
    assert.equal(reading.requests?.error, null);
    const answer = parsePrometheus(reading.requests?.raw ?? '');
    assert.ok(answer.ok && Array.isArray(answer.result) && Number(answer.result[0]) > 0, reading.requests?.raw);
    const unreadable = await ask(address, 'vector(1)', { requests: 'sum(' });
    assert.equal(unreadable.error, null);
    assert.match(unreadable.requests?.error ?? '', /400: bad_data/);
    assert.equal((await ask(address, 'vector(1)')).requests, undefined);
  });

  it('names the window that its value speaks of', async () => {
    const reading = await ask(address, 'sum(rate(prometheus_http_requests_total[10s]))');
    assert.equal(reading.error, null);
    assert.equal(reading.window, '10s');
    assert.ok(parsePrometheus(reading.raw).ok);
  });

  it('has the stable side beside it', async () => {
    const reading = await ask(address, 'vector(1)', { beside: 'vector(2)' });
    assert.deepEqual(parsePrometheus(reading.beside), { ok: true, result: [2], samples: 1 });
    assert.equal((await ask(address)).beside, '');
    const half = await ask(address, 'vector(1)', { beside: 'not promql (' });
    assert.deepEqual([half.error, half.beside], [null, '']);
  });

  it('over a range has the values of every step of it, on both sides', async () => {
    const range = { startMs: 60_000, endMs: 15_000, stepMs: 7_500 };
    const reading = await ask(address, 'label_replace(vector(time()), "shiplock_part", "now", "", "")', {
      beside: 'vector(2)',
      range,
    });
    assert.equal(reading.error, null);
    const at = Date.parse(reading.at);
    assert.deepEqual(parseMatrix(reading.raw), {
      ok: true,
      series: [
        {
          labels: { shiplock_part: 'now' },
          values: [60, 52.5, 45, 37.5, 30, 22.5, 15].map((before) => (at - before * 1_000) / 1_000),
        },
      ],
    });
    assert.deepEqual(parsePrometheus(reading.beside), { ok: true, result: [2, 2, 2, 2, 2, 2, 2], samples: 7 });
    assert.deepEqual(parseMatrix((await ask(address, 'no_such_series', { range })).raw), { ok: true, series: [] });
  });

  it('over a range is what the judge kayenta asks for, all metrics in one question', async () => {
    const plan: KayentaPlan = {
      judge: 'kayenta',
      stepMs: 1_000,
      lookbackMs: null,
      pass: 95,
      marginal: 40,
      groups: {},
      metrics: [metricNamed('errors'), metricNamed('latency')],
    };
    const { range, expected } = windowOf(plan, 60_000);
    const query = (errors: number): string =>
      [`vector(${errors} + time() % 7)`, 'vector(100 + time() % 5)']
        .map((of, i) => `label_replace(${of}, "shiplock_part", "${plan.metrics[i]?.name}", "", "")`)
        .join(' or ');
    const equal = await ask(address, query(10), { beside: query(10), range });
    assert.match(judgeWindow(plan, equal, expected).because, /^score 100 .*; 61 and 61 samples; latency Pass: /);
    const worse = await ask(address, query(20), { beside: query(10), range });
    const judged = judgeWindow(plan, worse, expected);
    assert.deepEqual([judged.verdict, judged.value], ['inconclusive', 'score 50']);
    assert.match(judged.because, /; errors High: canary mean 2\d.*, baseline mean 1\d/);
  });

  it('of nothing is an empty answer, which is for the judge', async () => {
    const reading = await ask(address, 'no_such_series');
    assert.deepEqual(parsePrometheus(reading.raw), { ok: true, result: [], samples: 0 });
  });

  it('says what Prometheus says of a query that is none', async () => {
    const reading = await ask(address, 'rate(');
    assert.equal(reading.raw, '');
    assert.match(reading.error ?? '', /answers 400: bad_data: .*parse error/);
  });

  it('of a range is the values of the time before it, flat, with the stable side beside it', async () => {
    const began = Date.now();
    const range = { startMs: 60_000, endMs: 15_000, stepMs: 15_000 };
    const provider = { kind: 'prometheus', address, query: 'vector(time())', timeoutMs: 5_000, range } as const;
    const reading = (await activityEnvironment().run(measure, { provider, beside: 'vector(1)' })) as Reading;
    assert.equal(reading.error, null);
    assert.equal(reading.window, '45s by 15s');
    const at = Date.parse(reading.at) / 1_000;
    assert.ok(at * 1_000 >= began);
    const answer = parsePrometheus(reading.raw);
    assert.ok(answer.ok && Array.isArray(answer.result));
    // Prometheus keeps milliseconds.
    assert.deepEqual(
      answer.result.map((value) => Math.round((at - Number(value)) * 1_000)),
      [60_000, 45_000, 30_000, 15_000],
    );
    assert.deepEqual(parsePrometheus(reading.beside), { ok: true, result: [1, 1, 1, 1], samples: 4 });
    const { verdict, because } = assessReading(
      { provider, successCondition: 'all(result, # > 0) && len(result) == 4', failureCondition: null },
      reading,
    );
    assert.equal(verdict, 'pass', because);
  });

  it('takes an address that ends with a slash', async () => {
    assert.equal((await ask(`${address}/`)).error, null);
  });
});

describe('a provider that misbehaves', () => {
  const { serve, stop } = loopbackServers();
  after(stop);

  it('and never answers is an error at the time-out', async () => {
    const reading = await ask(await serve(() => undefined), 'up', { timeoutMs: 300 });
    assert.match(reading.error ?? '', /has not answered within 300 ms/);
  });

  it('and stops in the middle of its answer is an error at the time-out', async () => {
    const address = await serve((_, response) => void response.writeHead(200).write('{"status":'));
    assert.match((await ask(address, 'up', { timeoutMs: 300 })).error ?? '', /has not answered within 300 ms/);
  });

  it('and drips for ever is an error at the time-out', async () => {
    const address = await serve((_, response) => {
      const drip = setInterval(() => response.write(' '), 50);
      response.once('close', () => clearInterval(drip));
    });
    assert.match((await ask(address, 'up', { timeoutMs: 400 })).error ?? '', /has not answered within 400 ms/);
  });

  it('and answers 10 MB is left after 64 KiB', async () => {
    let sent = 0;
    const closed = Promise.withResolvers<void>();
    const address = await serve((_, response) => {
      const more = () => {
        while (sent < 10_000_000 && !response.destroyed) {
          sent += 16_384;
          if (!response.write('x'.repeat(16_384))) return void response.once('drain', more);
        }
        response.end();
      };
      response.once('close', closed.resolve);
      more();
    });
    const reading = await ask(address);
    assert.match(reading.error ?? '', /more than 64 KiB/);
    assert.equal(reading.raw, '');
    await closed.promise;
    assert.ok(sent < 9_000_000, `${sent} bytes were taken`);
  });

  it('and answers garbage is kept as it is, for the judge to refuse', async () => {
    const reading = await ask(await serve((_, response) => void response.end('<html>')));
    assert.deepEqual([reading.raw, reading.error], ['<html>', null]);
    assert.equal(parsePrometheus(reading.raw).ok, false);
  });

  it('and answers no UTF-8 or nothing at all is an error', async () => {
    const bytes = await serve((_, response) => void response.end(Buffer.from([0xff, 0xfe])));
    assert.match((await ask(bytes)).error ?? '', /no UTF-8/);
    assert.match((await ask(await serve((_, response) => void response.end()))).error ?? '', /answers nothing/);
  });

  it('and answers 500 is an error with its words, without control characters', async () => {
    const address = await serve(
      (_, response) => void response.writeHead(500).end('out\u001b[31m of\nmemory'.padEnd(2000, '!')),
    );
    const { error } = await ask(address);
    assert.match(error ?? '', /answers 500: out \[31m of memory/);
    assert.ok((error ?? '').length <= 301);
  });

  it('and sends elsewhere is not followed', async () => {
    let asked = false;
    const elsewhere = await serve((_, response) => {
      asked = true;
      response.end('{}');
    });
    const address = await serve((_, response) => void response.writeHead(307, { location: elsewhere }).end());
    assert.match((await ask(address)).error ?? '', /answers 307, a redirect, which is not followed/);
    assert.equal(asked, false);
  });

  it('and is not there is an error', async () => {
    assert.match(
      (await ask(`http://127.0.0.1:${await choosePort(null)}`)).error ?? '',
      /is not reached: .*ECONNREFUSED/,
    );
  });

  it('and closes the connection is an error', async () => {
    assert.match((await ask(await serve((request) => void request.socket.destroy()))).error ?? '', /is not reached/);
  });

  it('is not asked at an address that is none, or that carries credentials', async () => {
    assert.match((await ask('prometheus')).error ?? '', /no http\(s\) address/);
    assert.match((await ask('file:///etc/passwd')).error ?? '', /no http\(s\) address/);
    assert.match((await ask('http://u:p@127.0.0.1:1')).error ?? '', /credentials/);
  });

  it('is asked by POST, with the time and the time-out', async () => {
    const seen = Promise.withResolvers<string>();
    const address = await serve(async (request, response) => {
      seen.resolve(`${request.method} ${request.url} ${Buffer.concat(await request.toArray()).toString()}`);
      response.end('{}');
    });
    const reading = await ask(`${address}/base`, 'a{b="c&d"}', { timeoutMs: 1_500 });
    const sent = await seen.promise;
    assert.match(sent, /^POST \/base\/api\/v1\/query /);
    const fields = Object.fromEntries(new URLSearchParams(sent.split(' ')[2]));
    assert.deepEqual(fields, { query: 'a{b="c&d"}', time: reading.at, timeout: '1500ms' });
  });

  it('that cannot be mapped to an address is an error', async () => {
    const { measure: lost } = createMetricsActivities({
      locate: () => Promise.reject(new Error('the stack is down')),
      secretOf,
    });
    const provider = { kind: 'prometheus', address: 'http://prometheus', query: 'up', timeoutMs: 1 } as const;
    const reading = (await activityEnvironment().run(lost, { provider })) as Reading;
    assert.match(reading.error ?? '', /http:\/\/prometheus leads nowhere: the stack is down/);
  });

  it('does not hold up a release that is cancelled', async () => {
    const began = Promise.withResolvers<void>();
    const address = await serve(() => began.resolve());
    const worker = activityEnvironment();
    const provider = { kind: 'prometheus', address, query: 'up', timeoutMs: 60_000 } as const;
    const running = worker.run(measure, { provider });
    await began.promise;
    worker.cancel();
    await assert.rejects(running, { name: 'CancelledFailure' });
  });
});
