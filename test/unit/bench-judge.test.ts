/** The benchmark of the judge measures what it says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { binomial, median, normal, seeded, upperBound, walk } from '../bench/judge/chance.ts';
import {
  COARSE,
  countersOf,
  FINE,
  inBuckets,
  lognormal,
  MEDIAN,
  observe,
  P99,
  sharesOf,
} from '../bench/judge/latencies.ts';
import { conditionalSprt, conditionalSprtOfKinds } from '../bench/judge/peers/sprt.ts';
import { plotOf } from '../bench/judge/plot.ts';
import { withTables } from '../bench/tables.ts';

test('the upper end of a share is exact', () => {
  assert.ok(Math.abs(upperBound(0, 20_000) - (1 - 0.01 ** (1 / 20_000))) < 1e-12);
  // By its definition: at that share, as few hits as these or fewer have a chance of 1 %.
  const upper = upperBound(10, 200);
  const atMostTen = Array.from({ length: 11 }, (_, k) => k).reduce((sum, k) => {
    let log = k * Math.log(upper) + (200 - k) * Math.log1p(-upper);
    for (let i = 0; i < k; i += 1) log += Math.log((200 - i) / (i + 1));
    return sum + Math.exp(log);
  }, 0);
  assert.ok(Math.abs(atMostTen - 0.01) < 1e-9, String(atMostTen));
  assert.equal(upperBound(5, 5), 1);
});

test('chance has the means and deviations it is asked for', () => {
  const random = seeded(1);
  const many = <T>(draw: () => T): T[] => Array.from({ length: 20_000 }, draw);
  const moments = (values: readonly number[]): readonly [mean: number, deviation: number] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
  };
  for (const [n, p] of [
    [100, 0.01],
    [50, 0.9],
  ] as const) {
    const [mean, deviation] = moments(many(() => binomial(random, n, p)));
    assert.ok(Math.abs(mean / (n * p) - 1) < 0.03 && Math.abs(deviation / Math.sqrt(n * p * (1 - p)) - 1) < 0.03);
  }
  const [mean, deviation] = moments(many(() => normal(random)));
  assert.ok(Math.abs(mean) < 0.03 && Math.abs(deviation - 1) < 0.03);
  const steps = many(walk(random, { memory: 0.9, deviation: 0.5 }));
  const together = steps.slice(1).reduce((sum, value, i) => sum + value * (steps[i] ?? 0), 0);
  const alone = steps.reduce((sum, value) => sum + value * value, 0);
  assert.ok(Math.abs(together / alone - 0.9) < 0.02 && Math.abs(Math.sqrt(alone / steps.length) - 0.5) < 0.05);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]), null);
});

test('latencies have their median and 99th percentile, and stand in the buckets in which a client counts them', () => {
  const law = lognormal(4_096);
  assert.ok(Math.abs((law.seconds[2_048] ?? 0) / MEDIAN - 1) < 0.01);
  assert.ok(Math.abs((law.seconds[Math.floor(0.99 * 4_096)] ?? 0) / P99 - 1) < 0.03);
  for (const [i, seconds] of law.seconds.entries()) {
    const bucket = FINE.findIndex((bound) => seconds <= bound);
    assert.equal(law.bucket[i], bucket < 0 ? FINE.length : bucket);
  }
  const observed = observe(seeded(2), law, 1_000);
  const counters = countersOf(COARSE, observed);
  assert.equal(counters['+Inf'], 1_000);
  let below = 0;
  for (const [i, n] of inBuckets(COARSE, observed.byBucket).entries()) {
    below += n;
    assert.equal(counters[COARSE[i] ?? '+Inf'], below);
  }
  assert.ok(Math.abs(sharesOf(COARSE, law).reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
});

test('of two kinds of requests, failed or not, the test of kinds is the test of failures', () => {
  const rules = { share: 0.1, alpha: 0.05, beta: 0.2 };
  const kinds = conditionalSprtOfKinds({ ...rules, canary: [0, 0.02], stable: [1, 0.01] });
  const failures = conditionalSprt({ ...rules, ratio: 2 });
  for (const canary of [true, false, true, true, false, true, true]) {
    const [ours, theirs] = canary
      ? [
          [0, 1],
          [0, 0],
        ]
      : [
          [0, 0],
          [0, 1],
        ];
    assert.equal(kinds.add(ours ?? [], theirs ?? []), failures.add(canary));
  }
});

test('a plot says what it is, and hides nothing of a name', () => {
  const svg = plotOf({
    title: 'a < b & c',
    x: 'looks',
    y: { scale: 'log', ticks: [1, 1_000], show: String },
    lines: [
      {
        name: 'one',
        points: [
          [1, 1],
          [10, 1_000],
        ],
      },
    ],
    limit: { at: 10, name: 'ten' },
  });
  assert.match(svg, /<title>a &lt; b &amp; c<\/title>/);
  assert.match(svg, /points="80\.0,294\.0 490\.0,44\.0"/);
});

test('the documentation has a place for each table', () => {
  const text = readFileSync(`${import.meta.dirname}/../../docs/analysis.md`, 'utf8');
  const names = ['alarms', 'counts', 'latency', 'early', 'speed'];
  const written = withTables(text, 'bench:judge', Object.fromEntries(names.map((name) => [name, `| ${name} |`])));
  for (const name of names) assert.ok(written.includes(`-->\n| ${name} |\n<!-- /bench:judge -->`));
  assert.throws(() => withTables(text, 'bench:judge', { other: '' }), /no place for the table other/);
});
