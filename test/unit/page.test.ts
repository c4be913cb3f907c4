/** The page that people read at night, as Markdown: every state, and text that wants to be more than text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricProgress, ReleaseStatus } from '../../workflows/messages.ts';
import { offersNow, type Tokens } from '../../workflows/offers.ts';
import { renderPage } from '../../workflows/page.ts';
import { credlinkPlan } from '../workflow/plans.ts';
import { aborted, asking, canary, released, stuck } from './page-statuses.ts';

const tokens: Tokens = { paused: null, ramp: null };

function page(status: ReleaseStatus, known: Tokens = tokens): string {
  return renderPage(status, credlinkPlan(), offersNow(status, known));
}

/** Its place among the lines; what people need first must come first. */
function lineOf(text: string, wanted: string): number {
  const line = text.split('\n').findIndex((candidate) => candidate.includes(wanted));
  assert.notEqual(line, -1, `“${wanted}” is not on the page:\n${text}`);
  return line;
}

test('a release that waits says first what changes, what is asked, until when, and what to paste', () => {
  const text = page(asking);
  const order = [
    '## credlink-api: 1.0.0 → 1.1.0 in production',
    '**Waits for a person. 1.1.0 has 75 % of the traffic**',
    '### Send all traffic to 1.1.0?',
    'Until **2026-11-23 15:09:05 UTC**, then it goes back.',
    '• **approve** `{"step":"promotion@1a2b3c4d"}`',
    '• **reject** `{"step":"promotion@1a2b3c4d"}`',
    'also **abort** `{"reason":"why"}`',
    '| traffic',
    'admission',
  ].map((wanted) => lineOf(text, wanted));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
});

test('a running canary shows both sides of each metric, its rule, and how the readings were judged', () => {
  const text = page(canary, { paused: null, ramp: 'ramp@1a2b3c4d' }).replaceAll('\u00a0', ' ');
  assert.match(text, /\| traffic +\| 90 % +\| 10 % +\|/);
  assert.match(text, /\| success-rate +\| 0\.9991 +\| 0\.9934 +\| `result\[0\] >= 0\.99` 2 good, 1 failed \|/);
  assert.match(text, /\*\*promoteFull\*\* `\{"step":"ramp@1a2b3c4d","reason":"why"\}`/);
  assert.doesNotMatch(text, /Waits for a person/, 'a timed pause ends by itself');
});

const LATENCY =
  "nothing against it: 0.5 % of 1200 slower than 0.5 s on the canary, 0.6 % of 10800 on the stable side; at equal rates 7.1 of the canary's were expected, 6 were seen; " +
  "0.83 times as often (the interval: 0.3 to 2.2); the canary's 99th percentile lies between 0.1 and 0.5 s, the stable side's between 0.25 and 0.5 s (both hold at every look); " +
  'evidence of harm 0.6 : 1, 40 : 1 decides; 24 looks; at these rates about 41000 more requests would decide';

function comparing(metric: string, because: string, state: 'running' | 'fail' = 'running'): MetricProgress {
  const [reading] = canary.metrics[0]?.readings ?? [];
  assert.ok(reading);
  return {
    ...(canary.metrics[0] as MetricProgress),
    analysis: 'comparison',
    metric,
    condition: 'no slower than the stable side (alpha 0.025)',
    state,
    because,
    failed: state === 'fail' ? 1 : 0,
    readings: [{ ...reading, value: '0.5 % of 1200 slower than 0.5 s', beside: '0.6 % of 10800 slower than 0.5 s' }],
  };
}

test('a comparison stands below the table with its whole reason, since no column is wide enough for it', () => {
  const metrics = [...canary.metrics, comparing('latency', LATENCY), comparing('errors', '')];
  const text = page({ ...canary, metrics });
  assert.ok(lineOf(text, '| traffic') < lineOf(text, '### Compared with 1.0.0'));
  const line = text.split('\n')[lineOf(text, '• **latency**')];
  assert.equal(line, `• **latency**, \`no slower than the stable side (alpha 0.025)\`: 2 good: ${LATENCY}`);
  assert.match(text, /^• \*\*errors\*\*, `[^`]*`: 2 good$/m, 'before anything was compared there is no reason');
  for (const cells of text.split('\n').filter((row) => row.startsWith('|')))
    assert.doesNotMatch(cells, /slower than/, 'a table as wide as that is cut off by the panel');
});

test('the reason for which a release went back is said once', () => {
  const because = 'worse than the stable side: 12 % of 59 on the canary, 0 % of 303 on the stable side';
  const told = `errors: ${because}`;
  const progress = aborted.progress.map((line) => (line.state === 'failed' ? { ...line, because: told } : line));
  const metrics = [comparing('errors', because, 'fail')];
  const text = page({ ...aborted, because: told, progress, metrics });
  assert.equal(text.split(because).length, 2);
  assert.match(text, /^• \*\*errors\*\*, `[^`]*`: \*\*fail\*\*, 2 good, 1 failed: as said above$/m);
});

test('traffic of a fresh copy of the old version is shown, too', () => {
  const weights = { '1.0.0': 0, '1.0.0-baseline': 50, '1.1.0': 50 };
  const text = page({ ...canary, weights }).replaceAll('\u00a0', ' ');
  assert.match(text, /\| traffic +\| 0 % +\| 50 % +\|/);
  assert.match(text, /\| 1\.0\.0-baseline +\| 50 % +\| +\|/);
});

test('a long reading is cut in the table, and shows that it is', () => {
  const [first] = canary.metrics;
  assert.ok(first);
  const long = { ...first.readings[0], value: '{"score":0.91,"state":"ok"}', beside: '' } as (typeof first.readings)[0];
  const text = page({ ...canary, metrics: [{ ...first, readings: [long] }] });
  assert.match(text, /\{"score":0\.91,"stat…/);
});

test('a stuck way back says what is stuck and why, and what was undone already', () => {
  const text = page(stuck);
  lineOf(text, '**Going back, and stuck**: customers complain');
  lineOf(text, '### Stuck: remove 1.1.0');
  assert.doesNotMatch(text, /Pending Activities/);
  assert.ok(lineOf(text, '### The way back') < lineOf(text, '### The way there'));
  assert.doesNotMatch(text, /abort\*\*/, 'it goes back already');
});

test('a way back that does not get through says where the reason stands', () => {
  const { waiting } = stuck;
  assert.ok(waiting);
  const prompt = 'Stuck: remove 1.1.0 (it does not get through). Try again, or skip it?';
  const text = page({ ...stuck, waiting: { ...waiting, prompt } });
  const said =
    'No deadline; it is still being tried.\nWhy: the last failure under **Pending Activities**, or `shiplock get`.';
  assert.ok(text.includes(said), text);
});

test('a release that has ended offers nothing, and leaves out what was never reached', () => {
  const text = page(aborted);
  lineOf(text, '**Rolled back**: customers complain');
  assert.doesNotMatch(text, /Send a Signal|remove the old side/);
  assert.match(page(released), /\*\*Released\*\*: 1\.1\.0 has all traffic/);
});

test('a release says what it is at now, and since when', () => {
  assert.match(page(canary), /^Now: canary, .*, since 15:\d\d:\d\d UTC\.$/m);
  assert.doesNotMatch(page(asking), /^Now:/m, 'the question says it');
});

test('a phase that was taken back stands above the numbers, with its reason, what is left and the exit code', () => {
  const undone = [{ phase: 'flags', because: 'flag-errors: 2 failed readings' }] as const;
  const text = page({ ...released, undone });
  lineOf(text, '**Released, without flags**');
  lineOf(text, 'flag-errors: 2 failed readings. The flags are as before; 1.1.0 stays.');
  assert.ok(lineOf(text, 'Exit code 6') < lineOf(text, '| traffic'));
});

test('the id by which a sender finds its answer is left out of a message', () => {
  const sent = (payload: string) => {
    const decision = {
      id: '1',
      signal: 'abort',
      at: '2026-11-23T15:04:07.000Z',
      accepted: true,
      because: 'so',
      by: null,
    };
    return page({ ...asking, decisions: [{ ...decision, payload }] }).match(/accepted\*\* (.*): so/)?.[1];
  };
  assert.equal(sent('{"reason":"why","id":"x-1"}'), 'abort `{"reason":"why"}`');
  assert.equal(sent('{"id":"x-1","reason":"why"}'), 'abort `{"reason":"why"}`');
  assert.equal(sent('{"id":"x-1"}'), 'abort');
});

test('a refused message stands above the numbers, with its reason; JSON in it can be pasted', () => {
  const because = '"x" is not what is asked for; send {"step":"promotion@1a2b3c4d"}';
  const refusal = {
    id: '1',
    signal: 'approve',
    at: '2026-11-23T15:04:07.000Z',
    accepted: false,
    because,
    payload: '{"step":"x"}',
    by: null,
  };
  const text = page({ ...asking, decisions: [refusal] });
  const line = text.split('\n')[lineOf(text, '**refused**')] ?? '';
  assert.equal(
    line,
    '• 15:04:07 **refused** approve `{"step":"x"}`: "x" is not what is asked for; send `{"step":"promotion@1a2b3c4d"}`',
  );
  assert.ok(lineOf(text, '**refused**') < lineOf(text, '| traffic'));
});

test('foreign text stays text: no markup, no cell, no link, no line of its own', () => {
  const hostile = '**bold** <img src=x> | cell `code` [link](http://evil.example) www.evil.example\n# heading\n```';
  const by = { name: hostile, level: 'identity', eventId: '1' } as const;
  const decision = {
    id: '1',
    signal: hostile,
    at: '2026-11-23T15:04:07.000Z',
    accepted: false,
    because: hostile,
    payload: hostile,
    by,
  };
  const [metric] = canary.metrics;
  assert.ok(metric);
  const text = page({
    ...canary,
    service: hostile,
    because: hostile,
    startedBy: hostile,
    decisions: [decision],
    metrics: [{ ...metric, metric: hostile, condition: hostile, state: 'fail', because: hostile }],
    gates: [{ name: hostile, verdict: 'fail', because: hostile, durationMs: 1, exitCode: 1, log: null }],
    progress: [{ name: 'step-1', title: hostile, state: 'done', because: hostile, startedAt: null, endedAt: null }],
  });
  // What is left of it as markup: neither what is escaped nor what is code.
  const markup = text.replace(/\\./g, '').replace(/`[^`\n]*`/g, '');
  for (const alive of ['<img', '[link', '://evil', 'www.evil', '**bold']) {
    assert.ok(!markup.includes(alive), `${alive} is alive:\n${markup}`);
  }
  assert.doesNotMatch(text, /^# heading/m);
  assert.equal(text.match(/^```/gm), null);
  const tables = text.split('\n').filter((line) => line.startsWith('|'));
  const cells = (line: string) => line.split(/(?<!\\)\|/).length;
  for (const line of tables) assert.ok([6, 7].includes(cells(line)), `a cell too many: ${line}`);
});

test('the page stays short enough for the address by which the UI renders it', () => {
  const decisions = Array.from({ length: 50 }, (_, index) => ({
    id: `${index}`,
    signal: 'approve',
    at: '2026-11-23T15:04:07.000Z',
    accepted: false,
    because: 'x'.repeat(2_000),
    payload: 'y'.repeat(200),
    by: null,
  }));
  const log = {
    file: '/var/lib/shiplock/logs/gate.log',
    bytes: 1_000_000,
    sha256: '',
    kept: 768,
    tail: 'z'.repeat(2_000),
  };
  const gates = [{ name: 'test', verdict: 'fail' as const, because: 'exit code 1', durationMs: 1, exitCode: 1, log }];
  const comparisons = ['errors', 'latency', 'mean-latency'].map((name) => comparing(name, LATENCY));
  const usual = encodeURIComponent(page({ ...asking, metrics: [...asking.metrics, ...comparisons] })).length;
  const worst = encodeURIComponent(page({ ...asking, decisions, gates })).length;
  console.log(`the page as an address: ${usual} characters, at worst ${worst}`);
  assert.ok(usual < 8_000, 'proxies commonly stop at 8 KB');
  assert.ok(worst < 32_000);
});
