/** What each release must come to, written by hand: the undisturbed ones are held against it, too. */
import { isDeepStrictEqual } from 'node:util';
import type { Ending, Kind, Ran } from './once.ts';
import { CANARY, STABLE, values } from './plan.ts';

type Demanded = Pick<Ending, 'outcome' | 'effects' | 'contents' | 'serves' | 'failedTasks'>;

const split = (weights: Readonly<Record<string, number>>): string => JSON.stringify(weights);
const moved = (from: Readonly<Record<string, number>>, to: Readonly<Record<string, number>>): string =>
  `setWeights ${split(from)} ${split(to)}`;

const RAMP = [
  'fence',
  `setRoles "${STABLE}" "${CANARY}"`,
  `startRevision "${CANARY}"`,
  moved({ [STABLE]: 100 }, { [STABLE]: 80, [CANARY]: 20 }),
  moved({ [STABLE]: 80, [CANARY]: 20 }, { [STABLE]: 50, [CANARY]: 50 }),
];
const FORTH = [
  ...RAMP,
  moved({ [STABLE]: 50, [CANARY]: 50 }, { [CANARY]: 100 }),
  `setRoles "${CANARY}" null`,
  `removeRevision "${STABLE}"`,
];
const BACK = [
  ...RAMP,
  moved({ [STABLE]: 50, [CANARY]: 50 }, { [STABLE]: 100 }),
  `removeRevision "${CANARY}"`,
  `setRoles "${STABLE}" null`,
];

const released: Demanded = {
  outcome: 'released',
  effects: FORTH,
  contents: [values(STABLE), values(CANARY)],
  serves: CANARY,
  failedTasks: 0,
};
const rolledBack: Demanded = {
  outcome: 'rolledBack',
  effects: BACK,
  contents: [values(STABLE), values(CANARY), values(STABLE)],
  serves: STABLE,
  failedTasks: 0,
};

const DEMANDED: Readonly<Record<Kind, Demanded>> = { good: released, failing: rolledBack, aborted: rolledBack };

/**
 * How a release ended otherwise than it must; empty: it did not. Each effect stands once in `effects`, so one that
 * happened twice, or not at all, is a difference.
 *
 * @param undisturbed the same release without a kill, whose words and undoing must be the same, too.
 */
export function differences(kind: Kind, actual: Ran, undisturbed: Ending): string[] {
  const { because, undone, decisions } = undisturbed;
  const expected = { ...DEMANDED[kind], because, undone, decisions };
  const odd = Object.entries(expected).filter(([name, value]) => !isDeepStrictEqual(actual[name as keyof Ran], value));
  return [
    ...odd.map(([name, value]) => `${name} ${JSON.stringify(actual[name as keyof Ran])}, not ${JSON.stringify(value)}`),
    ...(actual.lost > 0 ? [`${actual.lost} of ${actual.requests} requests were lost`] : []),
  ];
}
