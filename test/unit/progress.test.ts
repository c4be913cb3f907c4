import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JudgedReading, MetricProgress } from '../../workflows/messages.ts';
import { allOf, isTooMuch, shorten } from '../../workflows/progress.ts';

const reading = (index: number, verdict: JudgedReading['verdict'] = 'pass'): JudgedReading => ({
  at: new Date(1_800_000_000_000 + 1_000 * index).toISOString(),
  value: '[0.9934…]',
  beside: '[0.9921…]',
  verdict,
  weight: index < 2_000 ? 10 : 25,
  evidence: '0123456789abcdef',
});
const metricOf = (readings: JudgedReading[]): MetricProgress => ({
  analysis: 'background',
  metric: 'success',
  query: 'q',
  condition: 'c',
  state: 'running',
  because: '',
  good: 0,
  failed: 0,
  inconclusive: 0,
  errors: 0,
  readings,
});

test('readings of a day, one a second, stay small, and judging loses none of them', () => {
  const metrics = Array.from({ length: 10 }, () => metricOf([]));
  const all: JudgedReading[] = [];
  for (let index = 0; index < 8_640; index += 1) {
    const one = reading(index, index % 1_000 === 0 ? 'fail' : 'pass');
    all.push(one);
    for (const metric of metrics) metric.readings.push(one);
    if (isTooMuch(metrics)) shorten(metrics);
  }
  assert.ok(JSON.stringify(metrics).length < 512 * 1024);
  for (const metric of metrics) {
    assert.deepEqual(
      allOf(metric).map(({ verdict, weight }) => [verdict, weight]),
      all.map(({ verdict, weight }) => [verdict, weight]),
    );
    assert.deepEqual(metric.readings.at(-1), all.at(-1));
  }
});

test('of metrics with few readings none is shortened for those with many', () => {
  const few = metricOf(Array.from({ length: 5 }, (_, index) => reading(index)));
  const many = metricOf(Array.from({ length: 1_200 }, (_, index) => reading(index)));
  assert.equal(isTooMuch([few, many]), true);
  shorten([few, many]);
  assert.equal(few.readings.length, 5);
  assert.equal(isTooMuch([few, many]), false);
});
