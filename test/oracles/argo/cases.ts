/** Random cases of `shiplock judge`, one a line, the same for the same seed: `node cases.ts 3000 1`. */
import { conditionFor, valueFrom } from './conditions.ts';
import { type Random, randomFrom } from './random.ts';

interface Case {
  readonly metric: Readonly<Record<string, unknown>>;
  readonly measurements: readonly object[];
  readonly terminated?: true;
}

const INTERVALS = ['5m', '10s', '1h30m', '1.5h', '500ms', '0s', '-5m', '1us', '300h', '+7s', '.5s'];
const NO_DURATIONS = ['5', '1d', 'm', '5 m', '1h 30m', '5M', '-', '99999999h', '5m3', '{{args.interval}}', 300, true];
const COUNTS = [0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 6, 7, 8, '3', '5', '+4', '0', '007', 'five', -1, '-2'];
const LIMITS = [0, 0, 1, 1, 1, 2, 2, 2, 3, '0', '1', '2', '', 'x', '1.5', null];
const NO_LIMITS = [
  -1,
  -2,
  '-1',
  '-2',
  1.5,
  true,
  [],
  {},
  2_147_483_648,
  '99999999999999999999',
  '4294967298',
  '{{args.limit}}',
];
const PROVIDERS: readonly unknown[] = [
  {},
  null,
  { prometheus: { address: 'http://x', query: 'up' } },
  { web: { url: 'http://x' } },
];
const NO_PROVIDERS: readonly unknown[] = [7, [], 'prometheus', { web: {}, job: {} }, { prometheus: {}, datadog: {} }];
const NO_TEXTS = [1, true, [], {}, '{{args.name}}', 'a {{ b'];
const LETTERS = { g: 0.99, i: 0.7, f: 0.1 } as const;

const [, , number = '3000', seed = '20261126'] = process.argv;
const random = randomFrom(Number(seed));
for (let made = 0; made < Number(number); made += 1) console.log(JSON.stringify(oneOfAll(random)));

function oneOfAll(random: Random): Case {
  const kind = random.below(20);
  if (kind < 10) return limits(random);
  return kind < 18 ? conditions(random) : wrong(random);
}

/** Every limit with every sequence of good (g), inconclusive (i) and failed (f) readings and errors (e). */
function limits(random: Random): Case {
  const letters = random.pick(['gggggfie', 'ggggggge', 'gfie', 'gffe', 'giie', 'gee', 'gf', 'e', 'i', 'gggf']);
  const length = random.below(8);
  const measurements = Array.from({ length }, () => {
    const letter = letters[random.below(letters.length)] as keyof typeof LETTERS | 'e';
    return letter === 'e' ? { error: 'timeout' } : { value: [LETTERS[letter]] };
  });
  const both = random.below(4);
  const metric: Record<string, unknown> = {
    ...(both === 1 ? {} : { successCondition: 'result[0] >= 0.9' }),
    ...(both === 2 ? {} : { failureCondition: 'result[0] < 0.5' }),
    ...(random.chance(14, 15) ? { interval: random.pick(INTERVALS) } : {}),
    ...(random.chance(2, 3) ? { count: random.pick(COUNTS) } : {}),
    ...(random.chance(1, 12) ? { initialDelay: random.pick(INTERVALS) } : {}),
  };
  for (const limit of ['failureLimit', 'inconclusiveLimit', 'consecutiveErrorLimit', 'consecutiveSuccessLimit'])
    if (random.chance(1, 2)) metric[limit] = random.pick(random.chance(1, 30) ? NO_LIMITS : LIMITS);
  if (metric.consecutiveSuccessLimit && random.chance(1, 3)) metric.failureLimit = -1;
  return { metric, measurements, ...terminated(random) };
}

/** Conditions of all forms for values of all forms; a single error decides. */
function conditions(random: Random): Case {
  const values = Array.from({ length: 1 + random.below(2) }, () => valueFrom(random));
  const metric: Record<string, unknown> = { consecutiveErrorLimit: 0 };
  const which = random.below(4);
  if (which !== 1) metric.successCondition = conditionFor(random, values[0]);
  if (which === 1 || which === 2) metric.failureCondition = conditionFor(random, values[0]);
  if (values.length > 1 || random.chance(1, 8)) metric.interval = '5m';
  if (metric.interval && random.chance(3, 4)) metric.count = values.length;
  return { metric, measurements: values.map((value) => ({ value })), ...terminated(random) };
}

/** Metrics that Argo refuses, or reads otherwise than they look. */
function wrong(random: Random): Case {
  const made = random.chance(1, 2) ? limits(random) : conditions(random);
  const metric: Record<string, unknown> = { ...made.metric };
  const texts = ['name', 'successCondition', 'failureCondition'];
  const change: Record<number, () => void> = {
    0: () => Object.assign(metric, { interval: random.pick(NO_DURATIONS) }),
    1: () => Object.assign(metric, { initialDelay: random.pick(NO_DURATIONS) }),
    2: () => Object.assign(metric, { [random.pick(texts)]: random.pick(NO_TEXTS) }),
    3: () => Object.assign(metric, { provider: random.pick(random.chance(1, 2) ? PROVIDERS : NO_PROVIDERS) }),
    4: () => Object.assign(metric, { count: random.pick([...NO_LIMITS, null, '']) }),
    5: () => Object.assign(metric, { colour: 'red', Count: 7 }),
    6: () => Object.assign(metric, { [random.pick([...texts, 'interval', 'count', 'failureLimit'])]: null }),
    7: () => Object.assign(metric, { [random.pick([...texts, 'interval', 'initialDelay'])]: '' }),
  };
  change[random.below(8)]?.();
  return { ...made, metric };
}

function terminated(random: Random): { terminated?: true } {
  return random.chance(1, 4) ? { terminated: true } : {};
}
