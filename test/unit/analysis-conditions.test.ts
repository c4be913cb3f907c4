import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { checkCondition, evaluateCondition, parseCondition } from '../../src/analysis/index.ts';
import { processorMs } from '../fixtures/processor-time.ts';

const CREDLINK = ['result[0] >= 0.99', 'result[0] <= 0.5'];

/** "Known differences" of docs/analysis.md. `here`: our error where expr-lang answers; `null`: we answer otherwise. */
const KNOWN_DIFFERENCES: readonly { readonly what: string; readonly where: RegExp; readonly here: RegExp | null }[] = [
  { what: 'a whole number of NaN', where: /asInt|int\(/, here: /cannot make a whole number of/ },
  { what: 'a slice through a character', where: /\[.*:.*\]/, here: /cuts the character/ },
  { what: 'the text of a time', where: /string|toJSON/, here: /the text of a time/ },
  { what: 'the last that fits, on the right', where: /findLast|last\(filter|filter\(.*\[-1\]/, here: null },
  { what: 'a range within another value', where: /\.\./, here: null },
];

/** Conditions of published templates, gathered in research on Argo Rollouts. */
const PUBLISHED = [
  'result[0] >= 0.95',
  "result.major == '1'",
  'default(result, 0) < 10',
  'all(result, # < 1000)',
  'all(result[0].Values, {# <= 0.01})',
  'len(result[0].Values) >= 5 and all(result[0].Values, {# <= 0.01})',
  'all(result.service_apdex.values.values, {asFloat(.value) >= 9900})',
  'len(result) == 0 || isNaN(result[0]) || result[0] < 0.02',
  'len(result) == 1 && !isNaN(result[0]) && !isInf(result[0]) && result[0] >= 20',
  'result != nil',
  "all(result.slos, {all(.overall_status, {.state != 'breached'})})",
];

describe('A condition', () => {
  for (const condition of [...CREDLINK, ...PUBLISHED]) {
    it(`as people write it is understood: ${condition}`, () => {
      assert.deepEqual(checkCondition(condition), { ok: true });
    });
  }

  const answers: [condition: string, result: Parameters<typeof evaluateCondition>[1], answer: boolean][] = [
    ['result[0] >= 0.99', [0.99], true],
    ['result[0] >= 0.99', [0.9899999], false],
    ['result[0] <= 0.5', [0.5], true],
    ['result[0] >= 0.99', [Number.NaN], false],
    ['result[0] < 1e300', [Number.POSITIVE_INFINITY], false],
    ['isNaN(result[0]) and not isInf(result[0])', [Number.NaN], true],
    ['result[0] != result[0]', [Number.NaN], true],
    ['-0.0 == 0', [], true],
    ['result[-1] == 3', [1, 2, 3], true],
    ['result[1:] == [2, 3] and result[:-1] == [1, 2]', [1, 2, 3], true],
    ['0 < result < 1', 0.5, true],
    ['not result == false', true, true],
    ['2 ** 3 ** 2 == 512 and -2 ** 2 == -4', [], true],
    ['7 % 4 == 3 and -7 % 4 == -3', [], true],
    ['1 / 2 == 0.5', [], true],
    ['result.a?.b == nil and result["a"] == nil', { a: null }, true],
    ['(result.missing ?? 3) == 3', {}, true],
    ['"a" in result and "b" not in result', { a: 1 }, true],
    ['result.state matches "(?i)^ok"', { state: 'OK then' }, true],
    ['result contains "b" and result startsWith "a" and result endsWith "c"', 'abc', true],
    ['mean(result) == 2 and sum(result) == 6 and min(result) == 1 and max(result, 9) == 9', [1, 2, 3], true],
    ['count(result, # > 1) == 2 and one(result, # == 1) and none(result, {# > 3})', [1, 2, 3], true],
    ['map(filter(result, {# > 1}), {# * 2}) == [4, 6]', [1, 2, 3], true],
    ['asInt("7") == 7 and asFloat("1e-05") == 0.00001 and asInt(2.9) == 2', [], true],
    ['result > 5 ? false : true', 3, true],
    ['default(result, 0) < 10', null, true],
    ['isNil(result.a) and !isNil(result.b)', { b: 1 }, true],
    ['result | filter(not isNaN(#)) | mean() > 0.9', [Number.NaN, 0.95], true],
    ['let good = filter(result, # >= 0.99); len(good) / len(result) >= 0.5', [0.995, 0.1], true],
    ['if len(result) > 2 { result[2] == 3 } else { false }', [1, 2, 3], true],
    ['lower(trim(result.state)) in ["ok", "healthy"]', { state: ' OK\n' }, true],
    ['split(result, ",") | map(int(#)) | sum() == 6', '1,2,3', true],
    ['reduce(result, #acc * # + #index, 0) == 3', [1, 1, 1], true],
    ['sort(result, "desc")[0] == 3 and median(result) == 2 and reverse(result)[0] == 2', [1, 3, 2], true],
    ['duration(result.p99) < duration("500ms") and duration(result.p99).Seconds() == 0.48', { p99: '480ms' }, true],
    ['date(result) + duration("24h") == date("2024-03-01T00:00:00Z")', '2024-02-29', true],
    ['fromJSON(result).a[1] == 2 and toJSON({b: 1}) == "{\\n  \\"b\\": 1\\n}"', '{"a":[1,2]}', true],
  ];
  for (const [condition, result, answer] of answers) {
    it(`answers ${answer} to ${condition} for ${typeof result === 'object' ? JSON.stringify(result) : result}`, () => {
      const outcome = evaluateCondition(condition, result);
      assert.equal(outcome.ok && outcome.value, answer, JSON.stringify(outcome));
      assert.equal(outcome.ok, true);
    });
  }

  const refused: [condition: string, column: number, message: RegExp][] = [
    ['results[0] >= 0.9', 1, /"results" is not known.*"result"/],
    ['result[0] >=', 13, /ends too soon/],
    ['result[0] >= 0.9)', 17, /unexpected "\)"/],
    ['result[0] = 1', 11, /write "=="/],
    ['result[0] => 0.9', 11, /"=>" compares nothing; write ">="/],
    ['lenn(result) > 0', 1, /"lenn" is not known; did you mean "len"\?/],
    ['1 + 1', 1, /true or false/],
    ['true and 1', 6, /does not fit/],
    ['1 + "a" == 2', 3, /"\+" does not fit/],
    ['len() == 0', 1, /argument/],
    ['average(result) > 1', 1, /"average" is not known/],
    ['# > 1', 1, /inside all/],
    ['"abc', 1, /does not end/],
    ['let result = 1; result > 0', 5, /"result" has a meaning already/],
    ['bitand(1, 2) == 0', 1, /"bitand" is not understood/],
    ['b"a" == b"a"', 1, /bytes/],
    ['$env.result > 1', 1, /"\$env"/],
    ['result["a"] matches "(?=a)"', 21, /lookaround/],
    ['result["a"] matches "(a)\\\\1"', 21, /backreferences/],
    ['1 ?? 2 > 1', 8, /parentheses/],
    ['99999999999999999999 > 1', 1, /too large/],
    ['result[0] > 0.5 § 3', 17, /unexpected character/],
    ['', 1, /ends too soon/],
  ];
  for (const [condition, column, message] of refused) {
    it(`is refused with its column: ${condition}`, () => {
      const fault = checkCondition(condition);
      assert.ok(!fault.ok);
      assert.match(fault.message, message);
      assert.equal(fault.column, column);
    });
  }

  it('about numbers is checked as such, before there is a result', () => {
    assert.equal(checkCondition("result[0] == 'true'").ok, true);
    assert.equal(checkCondition("result[0] == 'true'", 'numbers').ok, false);
    assert.equal(checkCondition('result.major == 1', 'numbers').ok, false);
    assert.equal(checkCondition('result >= 0.95', 'numbers').ok, true, 'a query may answer a scalar');
    assert.equal(checkCondition('result[0] >= 0.95', 'numbers').ok, true);
  });

  it('which asks for a missing element has no answer', () => {
    assert.deepEqual(evaluateCondition('result[0] >= 0.99', []), {
      ok: false,
      message: 'there is no element 0: the array has 0',
      column: 7,
    });
  });

  it('tells when a comparison met a value that is not a number', () => {
    assert.deepEqual(evaluateCondition('result[0] < 1', [Number.NaN]), { ok: true, value: false, metNaN: true });
    assert.deepEqual(evaluateCondition('isNaN(result[0])', [Number.NaN]), { ok: true, value: true, metNaN: false });
  });

  it('sees as now() when the reading was taken', () => {
    const condition = 'now() - date(result.seen) > duration("10m") and now().Hour() == 12';
    const result = { seen: '2026-11-23T12:00:00Z' };
    for (const [at, answer] of [
      ['2026-11-23T12:10:01.5Z', true],
      ['2026-11-23T12:09:59Z', false],
      [Date.parse('2026-11-23T12:11:00Z'), true],
    ] as const)
      assert.deepEqual(evaluateCondition(condition, result, { at }), { ok: true, value: answer, metNaN: false });
    const fault = evaluateCondition(condition, result);
    assert.deepEqual(fault, { ok: false, message: 'now() is the time of a reading, and this is none', column: 1 });
    assert.ok(checkCondition(condition).ok);
  });

  it('asks isNil and default about what they are given, and with compatibility argo about the whole result', () => {
    for (const condition of ['isNil(result.a)', 'default(result.a, true) == true']) {
      assert.deepEqual(evaluateCondition(condition, { a: null }), { ok: true, value: true, metNaN: false });
      const inArgo = evaluateCondition(condition, { a: null }, { compatibility: 'argo' });
      assert.deepEqual(inArgo, { ok: true, value: false, metNaN: false });
    }
  });

  it('answers as expr-lang 1.17.8 does', () => {
    const lines = readFileSync(new URL('./analysis-expr-answers.jsonl', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    assert.ok(lines.length >= 4500);
    const met = new Set<string>();
    for (const line of lines) {
      const { condition, numbers, number, result, answer } = JSON.parse(line);
      const measured = numbers ? numbers.map(fromGo) : number === undefined ? result : fromGo(number);
      const outcome = evaluateCondition(condition, measured, {
        compatibility: 'argo',
        shape: numbers ? 'numbers' : 'any',
        at: '2030-01-01T00:00:00Z',
      });
      if ((outcome.ok ? outcome.value : 'error') === answer) continue;
      const known = KNOWN_DIFFERENCES.find(
        ({ where, here }) => where.test(condition) && (outcome.ok ? here === null : here?.test(outcome.message)),
      );
      assert.ok(known, `${line}: ${JSON.stringify(outcome)}`);
      met.add(known.what);
    }
    assert.deepEqual(
      KNOWN_DIFFERENCES.map(({ what }) => what).filter((what) => !met.has(what)),
      [],
      'a difference that is none any more',
    );
  });
});

describe('A condition is bounded', () => {
  for (const [what, condition, message] of [
    ['length', `true${' '.repeat(5000)}`, /at most 4096 characters/],
    ['depth of parentheses', `${'('.repeat(300)}true${')'.repeat(300)}`, /nested at most 100 deep/],
    ['depth of operators', `${'!'.repeat(300)}true`, /nested at most 100 deep/],
    ['number of parts', `result${'[0]'.repeat(1200)} == 1`, /at most 1000 parts/],
  ] as const) {
    it(`in its ${what}`, () => {
      const fault = parseCondition(condition);
      assert.ok(!fault.ok);
      assert.match(fault.message, message);
    });
  }

  it('in steps, however its loops are nested', () => {
    const result = Array.from({ length: 1000 }, (_, i) => i);
    const fault = evaluateCondition('all(result, {all(result, {all(result, {# >= 0})})})', result);
    assert.ok(!fault.ok);
    assert.match(fault.message, /too many steps/);
  });

  it('in steps, of which a million are too many and a tenth of them are not', () => {
    const each = (count: number) =>
      evaluateCondition(
        'all(result, {all(result, {# >= 0})})',
        Array.from({ length: count }, (_, i) => i),
      );
    assert.deepEqual(each(150), { ok: true, value: true, metNaN: false });
    const fault = each(1000);
    assert.match(fault.ok ? `it answers ${fault.value}` : fault.message, /too many steps/);
  });

  it('in the time of a pattern that would never end in a backtracking engine', () => {
    const started = processorMs();
    const outcome = evaluateCondition('result matches "^(a+)+$"', `${'a'.repeat(2000)}b`);
    assert.deepEqual(outcome, { ok: true, value: false, metNaN: false });
    assert.ok(processorMs() - started < 2000);
  });
});

function fromGo(text: string): number {
  return text.endsWith('Inf') ? (text.startsWith('-') ? -1 : 1) * Number.POSITIVE_INFINITY : Number(text);
}
