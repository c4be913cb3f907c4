/** What each release must come to, written by hand: the undisturbed ones are held against it, too. */
import { isDeepStrictEqual } from 'node:util';
import type { Kind, WHOLES } from './kinds.ts';
import type { Ran } from './once.ts';
import { CANARY, STABLE, values } from './plan.ts';
import type { Demanded, Ending } from './platform.ts';

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

/** The version goes into the file, and serves. */
export function released(effects: readonly string[], left: readonly string[] = []): Demanded {
  const contents = [values(STABLE), values(CANARY)];
  return { outcome: 'released', effects, contents, left, serves: CANARY, failedTasks: 0 };
}

/** The version goes out of the file again, and the one before serves. */
export function rolledBack(effects: readonly string[], left: readonly string[] = []): Demanded {
  const contents = [values(STABLE), values(CANARY), values(STABLE)];
  return { outcome: 'rolledBack', effects, contents, left, serves: STABLE, failedTasks: 0 };
}

/** Revisions of a flag are hashes of its definition: off, on for half of the users, on for all of them. */
const OFF = '"c28c3eb88f85d3ae"';
const HALF = '"19773bc9b746d720"';
const ALL = '"cad38b1006b52a90"';
const ON_FOR_ALL = '{"fractional":[{"cat":[{"var":"$flagd.flagKey"},{"var":"targetingKey"}]},["on",100000],["off",0]]}';
const SWITCHED = [...RAMP, moved({ [STABLE]: 50, [CANARY]: 50 }, { [CANARY]: 100 }), `setRoles "${CANARY}" null`];
const EXPANDED = ['001_owner.sql', '002_since.sql'];
const EXPANDS = 'expand 001_owner.sql, expand 002_since.sql';
const UNTIL_WINDOW = ['gates', 'image', 'configuration', 'expand', 'canary', 'cutover', 'flags', 'validation'];

/** Of a release with every phase; where nothing can build an image it has no such phase. */
function demandedOf(kind: (typeof WHOLES)[number], images: boolean): Demanded {
  const told = (...last: readonly string[]): string[] =>
    ['admission', ...UNTIL_WINDOW.filter((name) => images || name !== 'image'), ...last].map(
      (line, index) => `told ${index + 1}: ${line}`,
    );
  const forth = [values(STABLE), values(CANARY), ...(images ? [values(CANARY, '<digest>')] : [])];
  const goods = { ...released(FORTH), contents: forth };
  switch (kind) {
    case 'whole':
      return {
        ...goods,
        effects: [...SWITCHED, `setFlag ${OFF} ${HALF}`, `setFlag ${HALF} ${ALL}`, `removeRevision "${STABLE}"`],
        left: [
          ...EXPANDED,
          '003_name.sql',
          `recorded: ${EXPANDS}, contract 003_name.sql`,
          'columns: id, owner, since',
          `flag: ${ON_FOR_ALL}`,
          ...told(
            'window: released',
            'cleanup: released',
            'contract: released',
            'contract: released, waits: Run 003_name.sql? After that only 1.1.0 and later can run.',
            'ended: released',
          ),
        ],
      };
    case 'partly':
      return {
        ...goods,
        outcome: 'partlyReleased',
        effects: [...SWITCHED, `setFlag ${OFF} ${HALF}`, `setFlag ${HALF} ${OFF}`, `removeRevision "${STABLE}"`],
        left: [
          ...EXPANDED,
          `recorded: ${EXPANDS}`,
          'columns: id, name, owner, since',
          'flag: "off"',
          ...told('window: released', 'ended: released'),
        ],
      };
    case 'late':
      return {
        ...rolledBack([]),
        effects: [
          ...SWITCHED,
          `setFlag ${OFF} ${HALF}`,
          `setFlag ${HALF} ${ALL}`,
          moved({ [CANARY]: 100 }, { [STABLE]: 100 }),
          `setFlag ${ALL} ${OFF}`,
          `removeRevision "${CANARY}"`,
          `setRoles "${STABLE}" null`,
        ],
        contents: [...forth, ...forth.toReversed().slice(1)],
        left: [
          ...EXPANDED,
          `recorded: ${EXPANDS}`,
          'columns: id, name, owner, since',
          'flag: "off"',
          ...told('window: released', 'undoing', 'ended: rolledBack'),
        ],
      };
    default:
      return kind satisfies never;
  }
}

export function demandedLocally(kind: Kind, images: boolean): Demanded {
  switch (kind) {
    case 'good':
      return released(FORTH);
    case 'failing':
    case 'aborted':
      return rolledBack(BACK);
    default:
      return demandedOf(kind, images);
  }
}

/**
 * How a release ended otherwise than it must; empty: it did not. Each effect stands once in `effects`, so one that
 * happened twice, or not at all, is a difference.
 *
 * @param undisturbed the same release without a kill, whose words and undoing must be the same, too.
 */
export function differences(demanded: Demanded, actual: Ran, undisturbed: Ending): string[] {
  const { because, undone, decisions } = undisturbed;
  const expected = { ...demanded, because, undone, decisions };
  const odd = Object.entries(expected).filter(([name, value]) => !isDeepStrictEqual(actual[name as keyof Ran], value));
  return [
    ...odd.map(([name, value]) => `${name} ${JSON.stringify(actual[name as keyof Ran])}, not ${JSON.stringify(value)}`),
    ...(actual.lost > 0 ? [`${actual.lost} of ${actual.requests} requests were lost`] : []),
  ];
}
