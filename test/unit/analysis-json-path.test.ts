import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Value } from '../../src/analysis/index.ts';
import { checkJsonPath, findInJson } from '../../src/analysis/json-path/index.ts';
import { processorMs } from '../fixtures/processor-time.ts';
import { DOCUMENTS, pathFrom, piecesFrom, randomFrom } from '../oracles/jsonpath/cases.ts';

/** The same cases on every run; another seed finds others. */
const SEED = Number(process.env.SHIPLOCK_FUZZ_SEED ?? 20261126);
const ROUNDS = Number(process.env.SHIPLOCK_FUZZ_ROUNDS ?? 3000);

const SHOP = {
  status: 'ok',
  'dotted.key': 7,
  data: [
    { id: 'a', rate: 0.5, up: true },
    { id: 'b', rate: 2 },
  ],
  nothing: null,
};

describe('A JSON path', () => {
  const found: [path: string, values: readonly Value[]][] = [
    ['', [SHOP as Value]],
    ['{$}', [SHOP as Value]],
    ['{$.status}', ['ok']],
    ['{.status}', ['ok']],
    ["{['status']}", ['ok']],
    ["{['dotted\\.key']}", [7]],
    ['{.data[0].rate}', [0.5]],
    ['{.data[-1].id}', ['b']],
    ['{.data[*].id}', ['a', 'b']],
    ['{.data[0:1].id}', ['a']],
    ['{.data[::2].id}', ['a']],
    ['{.data[1,0].id}', ['b', 'a']],
    ["{.data[0]['id','rate']}", ['a', 0.5]],
    ['{..rate}', [0.5, 2]],
    ['{.data[?(@.id=="b")].rate}', [2]],
    ['{.data[?(@.rate>1.0)].id}', ['b']],
    ['{.data[?(@.up)].id}', ['a']],
    ['{.data[?(@.id!="b")].up}', [true]],
    ['{.nothing}', [null]],
    ['{.data[0:0]}', []],
    ['{.data[0].id}{"\\n"}{.status}\n', ['a', '\n', 'ok', '\n']],
  ];
  for (const [path, values] of found) {
    it(`finds what it names: ${JSON.stringify(path)}`, () => {
      assert.deepEqual(findInJson(path, SHOP as Value), { ok: true, values });
    });
  }

  const notThere: [path: string, column: number, message: RegExp][] = [
    ['{$.missing}', 4, /no field "missing" in an object/],
    ['{.data.id}', 8, /no field "id" in an array/],
    ['{.data[2].id}', 7, /no element 2: the array has 2/],
    ['{.status[0]}', 9, /text has no elements/],
    ['{.data[?(@.rate>1)].id}', 7, /write 1\.0$/],
    ['{.data[?(@.id>1.0)]}', 7, /text does not compare with a number/],
    ['{.data[?(@.up==true)]}', 12, /no field "up" in an object/],
    ['{.status[?(@.a)]}', 9, /text cannot be filtered/],
  ];
  for (const [path, column, message] of notThere) {
    it(`says where it finds nothing: ${path}`, () => {
      const fault = findInJson(path, SHOP as Value);
      assert.ok(!fault.ok);
      assert.match(fault.message, message);
      assert.equal(fault.column, column);
      assert.deepEqual(checkJsonPath(path), { ok: true }, 'another answer may have it');
    });
  }

  const refused: [path: string, column: number, message: RegExp][] = [
    ['$.status', 1, /in braces: \{\$\.status\}/],
    ['value: {.status}', 1, /what comes first must be a path/],
    ['{"ok"}', 1, /what comes first must be a path/],
    ['{range .data[*]}{.id}{end}', 2, /"range" is not understood/],
    ['{.data[*]', 10, /not closed by "}"/],
    ['{.data[0}', 7, /"\[" is not closed/],
    ['{.data["id"]}', 8, /neither an index nor a key in single quotes/],
    ['{.data[?(@.id=~"a")]}', 14, /"=" is no comparison/],
    ['{.data[?(@.id=>"a")]}', 14, /"=>" is no comparison/],
    ['{.data[?(@.id=="a"]}', 7, /filter is not closed/],
    ['{.data[?(@.id=="a" && @.up)]}', 20, /unexpected "&"/],
    ['{....a}', 4, /twice in a row/],
    ['{status}', 2, /a field is written \.status/],
    ['{.data[0,x]}', 10, /"x" is neither an index/],
    ["{.data['a','b", 7, /"\[" is not closed/],
    ['{.data[::0]}', 8, /goes forward/],
    ['{.data[?(@.id=="\\q")]}', 17, /no escape/],
    [`{.${'a'.repeat(5000)}}`, 1, /at most 4096 characters/],
  ];
  for (const [path, column, message] of refused) {
    it(`is refused with its column: ${path.slice(0, 40)}`, () => {
      const fault = checkJsonPath(path);
      assert.ok(!fault.ok, JSON.stringify(fault));
      assert.match(fault.message, message);
      assert.equal(fault.column, column);
    });
  }

  it('compares texts in the order of their code points, as Go does', () => {
    const document = { a: [{ t: '\u{10000}' }, { t: '\uffee' }, { t: 'z' }] };
    assert.deepEqual(findInJson('{.a[?(@.t>"\uff00")].t}', document), { ok: true, values: ['\u{10000}', '\uffee'] });
    assert.deepEqual(findInJson('{.a[?(@.t>"\uffee")].t}', document), { ok: true, values: ['\u{10000}'] });
  });

  it('takes an object in the order of its sorted keys', () => {
    assert.deepEqual(findInJson('{.*}', { b: 2, a: 1, 10: 3 }), { ok: true, values: [3, 1, 2] });
  });

  it('is bounded in steps, however much it asks for', () => {
    const deep = JSON.parse(`${'[1,'.repeat(90)}0${']'.repeat(90)}`) as Value;
    const started = processorMs();
    const fault = findInJson('{..[*]..[*]..[*]..[*]}', deep);
    assert.ok(!fault.ok);
    assert.match(fault.message, /too many steps/);
    assert.ok(processorMs() - started < 2000);
  });

  it('that is put together at random is followed or refused, at once and twice the same', () => {
    const random = randomFrom(SEED);
    for (let round = 0; round < ROUNDS; round += 1) {
      const document = DOCUMENTS[random(DOCUMENTS.length)] as Value;
      const path = random(2) === 0 ? piecesFrom(random) : pathFrom(random, document);
      const started = processorMs();
      const check = checkJsonPath(path);
      const outcome = findInJson(path, document);
      assert.deepEqual(findInJson(path, document), outcome, path);
      if (!check.ok) assert.deepEqual(outcome, check, path);
      for (const fault of [check, outcome])
        if (!fault.ok) assert.ok(fault.column >= 1 && fault.column <= path.length + 1 && fault.message !== '', path);
      assert.ok(processorMs() - started < 3000, `took too long: ${path}`);
    }
  });
});

/** What is refused here and not there: it could never be a metric's value, or only by chance. */
const REFUSED_HERE = [
  /is not known; a field/,
  /"(range|end)" is not/,
  /is no comparison/,
  /goes forward/,
  /comes first/,
];

describe('What client-go v0.34.5 answers', () => {
  const [head = '', ...lines] = readFileSync(new URL('./analysis-json-path-answers.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const { documents } = JSON.parse(head) as { documents: readonly Value[] };

  it('is answered here, path by path', () => {
    assert.ok(lines.length >= 1000);
    const answers = { values: 0, none: 0, failed: 0, refused: 0 };
    for (const line of lines) {
      const { path, of, answer, values = [], anyOrder } = JSON.parse(line) as Recorded;
      const outcome = findInJson(path, documents[of] ?? null);
      const shown = `${line}: ${JSON.stringify(outcome, inGo)}`;
      if (!outcome.ok) {
        const isRefusal = !checkJsonPath(path).ok;
        const known = isRefusal && REFUSED_HERE.some((pattern) => pattern.test(outcome.message));
        assert.ok(known || answer === (isRefusal ? 'refused' : 'failed'), shown);
        if (known) continue;
      } else {
        assert.equal(answer, outcome.values.length === 0 ? 'none' : 'values', shown);
        const [ours, theirs] = [outcome.values, values].map((list) => list.map((value) => JSON.stringify(value, inGo)));
        assert.deepEqual(anyOrder ? ours?.toSorted() : ours, anyOrder ? theirs?.toSorted() : theirs, shown);
      }
      answers[answer] += 1;
    }
    assert.ok(answers.values >= 500 && answers.none >= 50 && answers.failed >= 200, JSON.stringify(answers));
  });
});

interface Recorded {
  readonly path: string;
  /** Which document. */
  readonly of: number;
  readonly answer: 'values' | 'none' | 'failed' | 'refused';
  readonly values?: readonly Value[];
  /** Go gives an object's values in any order. */
  readonly anyOrder?: true;
}

/** Objects with sorted keys, whole numbers as the oracle writes them. */
function inGo(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { whole: Number(value) };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
