import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeAudit } from '../../activities/gates/audit.ts';
import { judgeCoverage } from '../../activities/gates/coverage.ts';
import { forPage, segments } from '../../activities/gates/log.ts';
import { redaction } from '../../activities/gates/redaction.ts';

describe('a coverage report', () => {
  const istanbul = (lines: object) => JSON.stringify({ total: { lines } });
  const lcov = (hits: number[], file = 'a.ts') =>
    `TN:\nSF:${file}\n${hits.map((hit, index) => `DA:${index + 1},${hit}\n`).join('')}end_of_record\n`;
  const cases: [string, string, number, string, RegExp][] = [
    [
      'of Istanbul that reaches the minimum',
      istanbul({ total: 10, covered: 8, pct: 80 }),
      80,
      'pass',
      /8 of 10 .*80 %/,
    ],
    ['of Istanbul below it', istanbul({ total: 10, covered: 7, pct: 70 }), 80, 'fail', /7 of 10/],
    ['that prints more than it counted', istanbul({ total: 10, covered: 7, pct: 99 }), 80, 'fail', /70 %/],
    ['a hair below the minimum', istanbul({ total: 100_000, covered: 79_999 }), 80, 'fail', /79.99 %/],
    ['of no lines', istanbul({ total: 0, covered: 0, pct: 'Unknown' }), 80, 'inconclusive', /no lines/],
    ['that claims more than there is', istanbul({ total: 1, covered: 2 }), 80, 'inconclusive', /2 of 1/],
    ['without totals', '{}', 80, 'inconclusive', /no counts under total\.lines/],
    ['cut short', '{"total": {"li', 80, 'inconclusive', /no counts/],
    ['of lcov', lcov([1, 1, 1, 0]), 75, 'pass', /3 of 4/],
    ['of lcov, one file from two runs', lcov([1, 0]) + lcov([0, 3]), 100, 'pass', /2 of 2/],
    ['of lcov, two files', lcov([1, 0]) + lcov([0, 0], 'b.ts'), 50, 'fail', /1 of 4/],
    ['of lcov cut short', lcov([1, 1]).replace('end_of_record\n', ''), 50, 'inconclusive', /middle of a record/],
    ['of lcov without lines', 'SF:a\nend_of_record\n', 0, 'inconclusive', /no lines/],
    ['that is empty', '', 0, 'inconclusive', /neither Istanbul JSON nor lcov/],
    ['that is something else', '<html>', 0, 'inconclusive', /neither/],
  ];
  for (const [what, report, minimum, verdict, because] of cases) {
    it(`${what}: ${verdict}`, () => {
      const judged = judgeCoverage(report, minimum);
      assert.equal(judged.verdict, verdict);
      assert.match(judged.because, because);
    });
  }
});

describe('an audit report', () => {
  const counts = (found: object = {}) => ({ info: 0, low: 0, moderate: 0, high: 0, critical: 0, ...found });
  const npm = (found: object = {}, rest: object = {}) =>
    JSON.stringify({
      auditReportVersion: 2,
      vulnerabilities: {},
      metadata: { vulnerabilities: counts(found), dependencies: { prod: 5, total: 5 } },
      ...rest,
    });
  const pnpm = (found: object = {}, total = 5) =>
    JSON.stringify({
      actions: [],
      advisories: {},
      muted: [],
      metadata: { vulnerabilities: counts(found), totalDependencies: total },
    });
  const cases: [string, string, string, RegExp][] = [
    ['of npm that found nothing', npm(), 'pass', /no known vulnerability of level moderate or above/],
    ['of npm that found something milder', npm({ info: 3, low: 2 }), 'pass', /no known/],
    ['of npm at the level', npm({ moderate: 1 }), 'fail', /1 moderate/],
    ['of npm above it', npm({ critical: 2, high: 1 }), 'fail', /2 critical, 1 high/],
    ['of pnpm that found nothing', pnpm(), 'pass', /no known/],
    ['of pnpm above the level', pnpm({ high: 4 }), 'fail', /4 high/],
    [
      'whose summary hides what it lists',
      npm({}, { vulnerabilities: { lodash: { name: 'lodash', severity: 'critical' } } }),
      'fail',
      /1 critical/,
    ],
    [
      'that npm could not make (405 of a mirror)',
      JSON.stringify({ message: '405 Method Not Allowed', method: 'POST', error: { summary: '', detail: '' } }),
      'inconclusive',
      /could not be made: 405 Method Not Allowed/,
    ],
    [
      'that pnpm could not make',
      JSON.stringify({ error: { code: 'ERR_PNPM_AUDIT_BAD_RESPONSE', message: 'responded with 405' } }),
      'inconclusive',
      /ERR_PNPM_AUDIT_BAD_RESPONSE: responded with 405/,
    ],
    ['that counts nothing', '{"vulnerabilities": {}}', 'inconclusive', /counts no vulnerabilities/],
    [
      'that leaves a level out',
      JSON.stringify({ metadata: { vulnerabilities: { low: 0 } } }),
      'inconclusive',
      /counts no/,
    ],
    ['that counts in words', npm({ high: '0' }), 'inconclusive', /counts no/],
    ['that counts below nothing', npm({ high: -1 }), 'inconclusive', /counts no/],
    ['of no dependency, which it says', pnpm({}, 0), 'pass', /among 0 dependencies/],
    ['that is a list', '[]', 'inconclusive', /no JSON/],
    ['that is empty', '', 'inconclusive', /no JSON/],
    ['that is no JSON', '<html>405</html>', 'inconclusive', /no JSON/],
  ];
  for (const [what, report, verdict, because] of cases) {
    it(`${what}: ${verdict}`, () => {
      const judged = judgeAudit(report, 'moderate');
      assert.equal(judged.verdict, verdict, judged.because);
      assert.match(judged.because, because);
    });
  }
});

describe('what a page shows of an output', () => {
  it('has no escape sequences, control or direction characters', () => {
    const output = '\u001b[31mred\u001b[0m\u0007 \u202Eevil\u202C\r\nnext\rover\ttab\u0000 ümläut 🚀\n';
    assert.equal(forPage(Buffer.from(output)), 'red evil\nnext\nover\ttab ümläut 🚀');
  });

  it('is at most the last 2,000 characters', () => {
    const tail = forPage(Buffer.from(`${'a'.repeat(5000)}end`));
    assert.equal(tail.length, 2000);
    assert.ok(tail.endsWith('end'));
  });

  it('does not begin with half a character', () => {
    assert.doesNotMatch(forPage(Buffer.from(`${'🚀'.repeat(1500)}x`)), /^[\uDC00-\uDFFF]/);
  });
});

describe('the folder of a key', () => {
  it('lies below the logs whatever the key says', () => {
    assert.deepEqual(segments('release-a/run/gate-1'), ['release-a', 'run', 'gate-1']);
    assert.deepEqual(segments('../..//a\\b:c'), ['_2', '_2', '_0', 'a%5Cb%3Ac']);
  });
});

describe('secrets of the environment', () => {
  const environment = { NPM_TOKEN: 'abcdef123456', DB_PASSWORD: 'pässword', HOME: '/home/someone', SHORT_SECRET: 'ab' };

  it('never reach a log, wherever the output is cut', () => {
    const whole = Buffer.from('x abcdef123456 y pässword z /home/someone abcdef12345');
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const stream = redaction(environment);
      const parts = [stream.push(whole.subarray(0, cut)), stream.push(whole.subarray(cut)), stream.end()];
      assert.equal(Buffer.concat(parts).toString(), 'x *** y *** z /home/someone abcdef12345', `cut at ${cut}`);
    }
  });
});
