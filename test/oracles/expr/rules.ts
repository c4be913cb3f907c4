import type { Shape } from './results.ts';

export type Type =
  | ('truth' | 'number' | 'whole' | 'text' | 'numbers' | 'texts')
  | ('array' | 'object' | 'duration' | 'time' | 'any');
/** How a value of a type is made: `%type` stands for a value of that type. */
export type Rules = Readonly<Record<Type, readonly string[]>>;

// biome-ignore format: lists
export const LITERALS: Rules = {
  truth: ['true', 'false', '0 < 1', 'nil == nil'],
  number: [
    '0', '1', '0.5', '.25', '1e3', '1_000', '0x1F', '1e308', '5e-324', '-0.0', '2.5', '0b11', '9007199254740993',
  ],
  whole: ['0', '1', '2', '3', '-1', '7', '9223372036854775807', '0o17'],
  text: ['"a"', "'abc'", '`b`', '""', '"é🚀"', '"1.5"', '"12"', '"\\u0061\\x62"', '", "', "'A b'", '","'],
  numbers: ['[1, 2, 3]', '[3, 0.1, 7]', '[]', '1..3', '3..1', '[0.5]', '[-1, 2]', '[1, nil]'],
  texts: ['["a", "b"]', '["b", "a", "b"]', 'split("a,b,c", ",")', '[]', '["x"]'],
  array: ['[1, "a"]', '[[1, 2], [3]]', '[nil]', '[{a: 1}, {a: 2}]', '[true, 1.5]'],
  object: ['{a: 1, b: "x"}', '{"k": [1, 2]}', '{}', '{a: 1, a: 2}', '{("a" + "b"): nil}'],
  duration: ['duration("1h2m")', 'duration("90s")', 'duration("-1.5h")', 'duration("250ms")', 'duration("x")'],
  time: [
    'date("2023-08-14T00:00:00Z")', 'date("2024-02-29")', 'date("2023-08-14 10:11:12")',
    'date("2023-08-14T02:00:00.5+02:00")',
  ],
  any: ['nil', '1', '"a"', 'true', '[1]', '{a: 1}', '0.5'],
};

// biome-ignore format: lists
export const RULES: Rules = {
  truth: [
    '%number < %number', '%number >= %number', '%number == %number', '%whole == %whole', '%whole != %number',
    '%truth and %truth', '%truth or %truth', '%truth && %truth', '%truth || %truth', 'not %truth', '!%truth',
    '(%truth)', '%truth ? %truth : %truth', '%number < %number < %number', '0 < %number <= 1', '%text == %text',
    '%text < %text', '%text contains %text', '%text startsWith %text', '%text endsWith %text',
    '%text matches "[a-c]+"', '%text not matches "^a.*$"', '%text matches %text', '%text not contains %text',
    '%number in %numbers', '%text in %texts', '%text not in %texts', '"a" in %object', '%whole in [1, 2, 3]',
    '%text in ["a", "b"]', '%any in %array', '%whole in 1..5', '%any == %any', '%any != nil', '%any in %any',
    'all(%numbers, # > 1)', 'any(%numbers, {# == %number})', 'none(%numbers, {# < 0})', 'one(%numbers, # == 1)',
    'all(%texts, # contains %text)', 'any(%array, {.x == 1})', 'all(%array, {#?.x != 3})', 'all(%array, %truth)',
    'all(%numbers, # > 0) and all(%numbers, # < 5)', 'count(%numbers, # > 1) > 0', 'count(%numbers, # > 1) >= 2',
    'isNaN(%number)', 'isInf(%number)', 'isNaN(result)', 'isNaN(asFloat(%any))', 'isNil(%any)',
    'default(%any, %truth)', 'hasPrefix(%text, %text)', 'hasSuffix(%text, %text)', '%numbers == %numbers',
    '%texts == %texts', '%array == %array', '%object == %object', '%object != %object', 'len(%numbers) == 0',
    'len(%text) > %whole', '%duration > %duration', '%duration == %duration', '%time < %time', '%time == %time',
    '%time - %time > %duration', '%time.Before(%time)', 'now() - now() < duration("1m")', 'now() > %time',
    '%time in [%time]', 'type(%any) == "array"', 'let x = %number; x > 1 and x < %number', 'let x = %any; x == x',
    'if %truth { %truth } else { %truth }', '%numbers | all(# > 0)', '%numbers | filter(# > 1) | len() == 1',
    '%any ?? %truth', '(%any ?? %number) > 1', 'find(%numbers, # > 1) == 2', 'findIndex(%numbers, # > 1) == 1',
    'string(%any) == %text', '%any; %truth', '%texts | any(# == "a")', 'filter(%numbers, # > 1)[0] == 2',
    'first(filter(%array, # == 1)) == 1', '::len(%text) == 1',
  ],
  number: [
    '%number + %number', '%number - %number', '%number * %number', '%number / %number', '%number ** 2', '(%number)',
    '-%number', '+%number', '%whole', 'asFloat(%text)', 'asFloat(%number)', 'float(%text)', 'float(%any)',
    'sum(%numbers)', 'sum(%numbers, # * 2)', 'mean(%numbers)', 'median(%numbers)', 'min(%numbers)', 'max(%numbers)',
    'max(%number, %number)', 'min(%numbers, %number)', 'mean(%number, %number)', 'median(%numbers, %number)',
    'abs(%number)', 'ceil(%number)', 'floor(%number)', 'round(%number)', '%numbers[0]', '%numbers[-1]',
    '%numbers[%whole]', 'first(%numbers)', 'last(%numbers)', 'find(%numbers, # > 1)', 'findLast(%numbers, {# < 2})',
    'default(%any, %number)', 'reduce(%numbers, # + #acc)', 'reduce(%numbers, #acc * #, 1)',
    'reduce(%numbers, #acc + #index, 0)', '%truth ? %number : %number', '%any ?? %number', 'get(%numbers, %whole)',
    'sum([%number, %number, %number])', '%duration.Seconds()', '%duration.Hours()', '%duration.Minutes()',
    'max(values(%object))', 'map(%numbers, # * 2)[1]', 'sort(%numbers)[0]', 'sort(%numbers, "desc")[0]',
    'fromJSON("[1, 2.5]")[1]', 'sum(map(%numbers, # + 1))', '%number % %whole', 'let y = %number; y * y',
    'sum(1..%whole)',
  ],
  whole: [
    'len(%text)', 'len(%numbers)', 'len(%object)', 'len(%any)', 'count(%numbers, # > 1)', 'count(%array, # == nil)',
    'asInt(%text)', 'asInt(%number)', 'int(%text)', 'int(%number)', 'int("%whole")', '%whole % %whole',
    '%whole + %whole', 'indexOf(%text, %text)', 'lastIndexOf(%text, %text)', 'findIndex(%numbers, # == 1)',
    'findLastIndex(%texts, # == "b")', '%time.Unix()', '%time.Year()', '%time.Hour()', '%duration.Milliseconds()',
    '%time.YearDay()', '%whole * %whole', '-%whole', 'abs(%whole)', 'len(filter(%numbers, # > 1))',
    'len(keys(%object))', 'count([true, %truth])', 'len(1..%whole)',
  ],
  text: [
    '%text + %text', 'lower(%text)', 'upper(%text)', 'trim(%text)', 'trim(%text, "ab")', 'trimPrefix(%text, %text)',
    'trimSuffix(%text, %text)', 'replace(%text, %text, %text)', 'replace(%text, "", "-", 2)', 'repeat(%text, 2)',
    'join(%texts, %text)', 'join(%texts)', 'split(%text, ",")[0]', 'string(%any)', 'string(%number)', 'type(%any)',
    '"abcdef"[%whole:4]', 'lower("ABC")[1:]', 'type(%any)[:-1]', '"é"[:2]', 'first(%texts)', '%texts[0]',
    'toJSON(%any)', 'string(%duration)', '%truth ? %text : %text', '%any ?? %text', 'sort(%texts)[0]',
    'reduce(%texts, #acc + #)', 'string(%array)', 'string(%object)', 'toJSON(%number)',
  ],
  numbers: [
    '%numbers[1:]', '%numbers[:%whole]', '%numbers[-2:]', 'filter(%numbers, # > 1)', 'map(%numbers, # * 2)',
    'map(%texts, len(#))', '[%number, %number]', 'sort(%numbers)', 'sort(%numbers, "desc")', 'reverse(%numbers)',
    'uniq(%numbers)', 'concat(%numbers, %numbers)', 'flatten(%array)', 'take(%numbers, %whole)', 'map(%array, .x)',
    '%whole..%whole', 'map(%numbers, #index)', 'sort(values(%object))', 'map(filter(%numbers, # > 1), # + 1)',
    'filter(filter(%numbers, # > 0), # < 3)', 'sortBy(%numbers, -#)', 'map(%any, #)',
  ],
  texts: [
    'split(%text, %text)', 'split(%text, "", 2)', 'splitAfter(%text, ",")', 'map(%texts, upper(#))',
    'filter(%texts, # != "a")', 'sort(keys(%object))', 'map(%numbers, string(#))', '[%text, %text]', 'uniq(%texts)',
    'reverse(%texts)', 'concat(%texts, ["q"])',
  ],
  array: [
    '[%any, %any]', '[%number, %text, %any]', 'map(%numbers, [#])', 'filter(%array, # != nil)',
    'map(%numbers, {{a: #}})', 'concat(%numbers, %texts)', 'sortBy(%array, .x)', 'sortBy(%texts, len(#), "desc")',
    '%array[:1]', 'fromJSON(%text)', '[%time, %duration]',
  ],
  object: ['{a: %any}', '{a: %number, b: %text}', 'fromJSON("{\\"a\\": 1}")', '%truth ? %object : {a: 1}', '%array[0]'],
  duration: [
    '%duration + %duration', '%duration - %duration', '%whole * %duration', '%duration * %duration', '%time - %time',
    '%time.Sub(%time)', 'max(%duration, %duration)', 'duration(%text)', '%number * %duration', '%duration.Abs()',
  ],
  time: [
    '%time + %duration', '%duration + %time', '%time - %duration', '%time.Add(%duration)', 'date(%text)',
    '%truth ? %time : %time',
  ],
  any: [
    '%number', '%text', '%truth', '%numbers', '%array', '%object', '%whole', '%duration', '%object?.a', '%object.a?.b',
    '%array[0]', '%array?.[1]', 'nil',
  ],
};

/** What a result of a shape is good for. */
// biome-ignore format: lists
export const FROM_RESULT: Readonly<Record<Shape, Partial<Rules>>> = {
  numbers: {
    number: ['result[0]', 'result[1]', 'result[-1]'],
    numbers: ['result', 'result[:2]'],
    any: ['result', 'result[0]'],
  },
  number: {
    number: ['result'],
    any: ['result'],
  },
  text: {
    text: ['result', 'result', 'result[0:2]', 'result[1:]'],
    texts: ['split(result, ",")'],
    number: ['asFloat(result)'],
    any: ['result'],
    duration: ['duration(result)'],
    time: ['date(result)'],
    array: ['fromJSON(result)'],
  },
  truth: {
    truth: ['result', '!result'],
    any: ['result'],
  },
  nil: {
    any: ['result', 'result?.a'],
    number: ['default(result, 1)'],
  },
  array: {
    array: ['result', 'result[1:]'],
    numbers: ['result', 'result[0]'],
    number: ['result[0]', 'result[1]'],
    texts: ['result'],
    any: ['result[0]', 'result[2]', 'result[0].x'],
    text: ['result[0]', 'result[1]'],
    object: ['result[0]'],
  },
  object: {
    object: ['result', 'result.o', 'result.z'],
    number: ['result.a', 'result["a"]', 'result?.a', 'result.l[0]', 'result.missing ?? 1'],
    text: ['result.t', 'result.t', 'result.a', 'result.l[0]'],
    truth: ['result.z', 'result.o?.b', 'result.o.b'],
    numbers: ['result.l', 'result.l[1:]', 'result.o.b'],
    texts: ['result.l', 'split(result.t, ",")'],
    array: ['result.o', 'result.l', 'result.z'],
    any: ['result.a', 'result.t', 'result.z', 'result.o', 'result.o?.b', 'result.missing', 'result["l"]'],
    duration: ['duration(result.t)'],
    time: ['date(result.t)'],
  },
};
