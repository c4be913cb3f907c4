import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { paintLine, span } from '../../src/cli/paint.ts';
import { changesBetween } from '../../src/cli/release/changes.ts';
import { renderRelease } from '../../src/cli/release/render.ts';
import type { Progress, ReleaseStatus } from '../../workflows/messages.ts';
import {
  canaryAt25,
  compared,
  gatesRunning,
  NOW,
  rejectedByGate,
  releasedInWindow,
  rolledBack,
  stuckUndo,
  waitingForApproval,
} from './cli-statuses.ts';

const PLAIN = { color: false, width: 110, now: NOW };

const STATES: Record<string, ReleaseStatus> = {
  'gates running': gatesRunning,
  'a canary at 25 %': canaryAt25,
  'a comparison that went against the canary': compared,
  'an approval that is waited for': waitingForApproval,
  'a release that went back': rolledBack,
  'a release in its window': releasedInWindow,
  'an undo that is stuck': stuckUndo,
  'a release that a gate rejected': rejectedByGate,
};

suite('the tree of a release', () => {
  for (const [name, status] of Object.entries(STATES)) {
    test(`shows ${name}`, (t) => {
      t.assert.snapshot(renderRelease(status, PLAIN), { serializers: [(text) => text] });
    });

    test(`says the same in colour and without, for ${name}`, () => {
      const colored = renderRelease(status, { ...PLAIN, color: true });
      const lines = stripVTControlCharacters(colored).split('\n');
      assert.notEqual(colored, renderRelease(status, PLAIN));
      assert.equal(lines.map((line) => line.trimEnd()).join('\n'), renderRelease(status, PLAIN));
    });

    test(`never draws a line wider than the terminal, for ${name}`, () => {
      for (const width of [20, 40, 80]) {
        for (const line of renderRelease(status, { ...PLAIN, width }).split('\n'))
          assert.ok([...line].length <= width, line);
      }
    });
  }

  test('has both sides of a comparison and its first words on one line of a terminal of 80 columns', () => {
    const lines = renderRelease(compared, { ...PLAIN, width: 80 }).split('\n');
    const line = lines.find((text) => text.includes('✖ latency')) ?? '';
    assert.match(line, /✖ latency {2}30\.5 % of 59 slower than 0\.1 s, stable 0\.66 % of 303; /);
    assert.match(
      lines.slice(0, 6).join(' ').replace(/\s+/g, ' '),
      /43\.2 times as often \(the interval: 4\.01 or more\)/,
    );
    const wide = renderRelease(compared, { ...PLAIN, width: 200 })
      .split('\n')
      .slice(8)
      .join('\n');
    assert.match(wide, /303; worse than the stable side; 0 good, 1 failed, 4 inconclusive$/m);
  });

  test('gives the command that answers what is waited for, bound to it', () => {
    const tree = renderRelease(waitingForApproval, PLAIN);
    assert.match(tree, /shiplock approve production\/api --step promotion@1a2b3c4d/);
    assert.match(tree, /shiplock reject production\/api --step promotion@1a2b3c4d/);
  });

  test('never lets what others wrote steer the terminal', () => {
    const because = 'a\u001b[2Jb\u0007c\nd\u202ee\u009b1m';
    const tree = renderRelease({ ...rolledBack, because }, PLAIN);
    assert.match(tree, /a\[2Jbc de1m/);
    assert.doesNotMatch(tree.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  });

  test('folds what is over and what is to come where the screen is low, and never what happens now', () => {
    const tall = renderRelease(canaryAt25, PLAIN).split('\n');
    const low = renderRelease(canaryAt25, { ...PLAIN, rows: tall.length - 6 });
    assert.ok(low.split('\n').length <= tall.length - 6);
    assert.match(low, /^Release:/, 'its head stays');
    assert.match(low, /◌ pause 10m/, 'what happens now stays open');
    assert.match(low, /◷ promotion +2 steps/);
  });

  test('breaks the status and the messages of a narrow terminal, so that nothing of them is lost', () => {
    const words = (width: number) => renderRelease(waitingForApproval, { ...PLAIN, width }).replace(/\s+/g, ' ');
    const message = 'approve by eve@laptop (identity) refused: nothing waits for approve now 2026-03-04 12:07:00Z';
    assert.ok(words(50).includes(message), words(50));
  });

  test('says what a release is without, why, and its exit code', () => {
    const undone = [{ phase: 'flags', because: 'flag-errors: 2 failed readings' }] as const;
    const tree = renderRelease({ ...releasedInWindow, phase: 'ended', waiting: null, undone }, PLAIN);
    assert.match(tree, /Status: +⚠ released, without flags \(exit code 6\)/);
    assert.match(tree, /Without: +flags: flag-errors: 2 failed readings/);
  });

  test('has what removes a fresh baseline in the canary, of which it is a part', () => {
    const baseline = { ...(canaryAt25.progress[0] as Progress), name: 'baseline', title: 'remove the baseline' };
    const tree = renderRelease({ ...canaryAt25, progress: [...canaryAt25.progress, baseline] }, PLAIN);
    assert.match(tree, /^│ {2}├─ ✔ remove the baseline/m);
  });

  test('shows a line whose name it does not know', () => {
    const later = {
      name: 'flags-1',
      title: 'flag checkout 10 %',
      state: 'running',
      because: '',
      startedAt: null,
      endedAt: null,
    };
    const tree = renderRelease({ ...canaryAt25, progress: [...canaryAt25.progress, later as never] }, PLAIN);
    assert.match(tree, /flag checkout 10 %/);
  });
});

suite('what changed in a release, as lines', () => {
  const lines = (before: ReleaseStatus | null, after: ReleaseStatus): string[] =>
    changesBetween(before, after, NOW).map((line) => paintLine(line, { color: false, width: 200 }));

  test('begins with everything that has happened so far', (t) => {
    t.assert.snapshot(lines(null, canaryAt25).join('\n'), { serializers: [(text) => text] });
  });

  test('is empty where nothing changed', () => {
    for (const status of Object.values(STATES)) assert.deepEqual(lines(status, status), []);
  });

  test('tells each step, the traffic, what is waited for and messages once', (t) => {
    t.assert.snapshot(lines(canaryAt25, waitingForApproval).join('\n'), { serializers: [(text) => text] });
  });

  test('tells new readings only', () => {
    const [metric] = canaryAt25.metrics;
    assert.ok(metric);
    const reading = {
      at: '2026-03-04T12:10:00.000Z',
      value: '[0.91]',
      beside: '',
      verdict: 'fail',
      weight: 25,
      evidence: '',
    } as const;
    const after = {
      ...canaryAt25,
      metrics: [{ ...metric, readings: [...metric.readings, reading] }, ...canaryAt25.metrics.slice(1)],
    };
    assert.deepEqual(lines(canaryAt25, after), ['α success-rate [0.91] at 25 %: fail  2026-03-04 12:10:00Z']);
  });

  test('tells readings of a comparison from those of a template that has a metric of the same name', () => {
    const told = lines(canaryAt25, { ...compared, because: '' });
    assert.ok(
      told.some((line) => line.startsWith('α latency (compared) 30.5 % of 59')),
      told.join('\n'),
    );
    assert.ok(told.some((line) => line.startsWith('α latency (compared): worse than the stable side')));
  });

  test('tells the end of what a gate wrote that did not pass, once, and where the whole is', () => {
    const told = lines(gatesRunning, rejectedByGate);
    assert.ok(told.includes('✖ gate unit-tests: exit code 1 after 20.9 s  2026-03-04 12:00:22Z'), told.join('\n'));
    const at = told.indexOf('  │ not ok 21 - answers within 50 ms');
    assert.match(
      told[at - 12] ?? '',
      /^ {2}the end of what gate unit-tests wrote; all of it: \/var\/lib\/.*gate\.log /,
    );
    assert.equal(told[at - 11], '  │ ok 10');
    assert.ok(!lines(rejectedByGate, { ...rejectedByGate, because: 'so' }).some((line) => line.includes('│')));
  });

  test('ends with the outcome and its reason', () => {
    const last = lines(canaryAt25, rolledBack).at(-1);
    assert.equal(last, '✖ 1.1.0 rolled back: success-rate failed: [0.71] is below 0.99, 4 failures of 3 allowed');
  });
});

test('a line is cut between its spans, with a sign that it was', () => {
  assert.equal(paintLine([span('abc'), span('defg')], { color: false, width: 5 }), 'abcd…');
  assert.equal(paintLine([span('abc'), span('de')], { color: false, width: 5 }), 'abcde');
});
