import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeText } from '../../src/cli/judge.ts';
import { type Random, randomFrom } from '../oracles/argo/random.ts';

const METRIC = { name: 'm', interval: '5m', successCondition: 'result[0] >= 0.99' };
const values = (...list: unknown[]) => list.map((value) => ({ value }));

test('garbage is refused or judged, twice the same, and never ends the process', () => {
  const { below } = randomFrom(20_261_124);
  const pieces = [
    '[',
    ']',
    '{',
    '}',
    '"metric"',
    '"measurements"',
    ':',
    ',',
    '1e308',
    '-0',
    'null',
    '"value"',
    '[0.99]',
    '"name":"m"',
    '"count":2',
    '"successCondition":"result[0]>1"',
    '\\u0000',
  ];
  const good = JSON.stringify({ metric: METRIC, measurements: values([0.995], -0, 1e308, 5e-324, null, {}) });
  const answer = (text: string) => {
    try {
      return JSON.stringify(judgeText(text));
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  let refused = 0;
  for (let round = 0; round < 3_000; round += 1) {
    const at = below(good.length);
    const text = good.slice(0, at) + pieces[below(pieces.length)] + good.slice(at + below(4));
    const first = answer(text);
    assert.ok(first, text);
    assert.equal(answer(text), first, text);
    if (first === 'SHIPLOCK_USAGE') refused += 1;
  }
  assert.ok(refused > 1_000 && refused < 3_000, `${refused}`);
});

/** Values that are odd in every way JSON allows, and in the ways it does not. */
function oddValue(random: Random, depth = 0): string {
  const kind = random.below(depth > 3 ? 8 : 11);
  if (kind < 8)
    return random.pick([
      ...[
        '0',
        '-0',
        '1',
        '0.99',
        '1e308',
        '-1e308',
        '5e-324',
        '1e-400',
        '1e999',
        '9007199254740993',
        '-1',
        '2147483648',
      ],
      ...['null', 'true', 'false', 'NaN', 'Infinity', '-Infinity', '"NaN"', '"+Inf"', '""', '"5m"', '"{{args.x}}"'],
      ...[
        '"\\u0000"',
        '"\\ud800"',
        '"result[0] > 1"',
        '"result.__proto__.a"',
        `"${'('.repeat(200)}"`,
        `"${'1'.repeat(500)}"`,
      ],
    ]);
  const inside = Array.from({ length: random.below(4) }, () => oddValue(random, depth + 1));
  if (kind === 8) return `[${inside}]`;
  if (kind === 9)
    return '['.repeat(random.below(2_000)).replace(/^\[*$/, (open) => `${open}1${']'.repeat(open.length)}`);
  return `{${inside.map((value) => `${random.pick(KEYS)}:${value}`)}}`;
}

const KEYS = ['"a"', '"__proto__"', '"constructor"', '"length"', '""', '"value"', '"error"', '"metric"', '"a"'];
const FIELDS = [
  ...['"name"', '"interval"', '"initialDelay"', '"count"', '"successCondition"', '"failureCondition"', '"provider"'],
  ...['"failureLimit"', '"inconclusiveLimit"', '"consecutiveErrorLimit"', '"consecutiveSuccessLimit"', '"toString"'],
];

test('an array is answered whole, whatever one of its cases holds', () => {
  const random = randomFrom(20_261_126);
  const good = JSON.stringify({ metric: METRIC, measurements: values([0.5]) });
  const phases = new Map<string, number>();
  for (let round = 0; round < 4_000; round += 1) {
    const metric = Array.from({ length: random.below(5) }, () => `${random.pick(FIELDS)}:${oddValue(random)}`);
    const measured = Array.from({ length: random.below(4) }, () =>
      random.chance(1, 9) ? oddValue(random) : `{"value":${oddValue(random)}}`,
    );
    const rest = random.pick([
      '',
      ',"compatibility":"argo"',
      ',"terminated":true',
      `,"terminated":${oddValue(random)}`,
    ]);
    const odd = random.chance(1, 9) ? oddValue(random) : `{"metric":{${metric}},"measurements":[${measured}]${rest}}`;
    const answers = judgeText(`[${good},${odd},${good}]`) as { phase: string; because: string }[];
    assert.deepEqual(
      answers.map(({ phase }) => phase),
      ['Failed', answers[1]?.phase, 'Failed'],
      odd,
    );
    assert.ok(answers[1]?.because, odd);
    const { phase = '' } = answers[1] ?? {};
    assert.match(phase, /^(Successful|Failed|Inconclusive|Error|Running)$/);
    phases.set(phase, (phases.get(phase) ?? 0) + 1);
  }
  for (const phase of ['Successful', 'Error', 'Running', 'Inconclusive'])
    assert.ok((phases.get(phase) ?? 0) > 20, JSON.stringify([...phases]));
});
