/** What weights by version mean for two sides, of which each is one Service or subset. Pure. */

/** Which version each side chooses; `null`: none that is known. */
export interface Standing {
  readonly stable: string | null;
  readonly canary: string | null;
}

export type PlannedMove =
  | {
      readonly kind: 'split';
      /** What the canary's side must choose to have this share; `null`: it has none, and may stay as it is. */
      readonly canary: string | null;
      /** Of the canary's side, 0..100. */
      readonly percent: number;
    }
  /** No weights at all: nothing is served any more. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'refused'; readonly because: string };

/**
 * The version that the stable side chooses keeps it; the other one is the canary side's.
 *
 * @param weights whole percents by version that sum to 100, or none at all
 * @example plannedMove({ stable: '1', canary: '1' }, { '1': 90, '2': 10 }) // { kind: 'split', canary: '2', percent: 10 }
 */
export function plannedMove({ stable }: Standing, weights: Readonly<Record<string, number>>): PlannedMove {
  const entries = Object.entries(weights);
  if (entries.length === 0) return { kind: 'silence' };
  const odd = entries.find(([, weight]) => !Number.isInteger(weight) || weight < 0 || weight > 100);
  if (odd) return refused(`weight ${odd[1]} of ${odd[0]} is not a whole percent from 0 to 100`);
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  if (sum !== 100) return refused(`weights sum to ${sum}, not to 100`);
  const others = entries.filter(([version, weight]) => version !== stable && weight > 0);
  const [other, third] = others;
  if (third)
    return refused(
      `${others.map(([version]) => version).join(' and ')} cannot both be beside ${stable ?? 'no stable version'}: there are two Services`,
    );
  if (!other) return { kind: 'split', canary: null, percent: 0 };
  return { kind: 'split', canary: other[0], percent: other[1] };
}

function refused(because: string): PlannedMove {
  return { kind: 'refused', because };
}

type Weights = Readonly<Record<string, number>>;

/**
 * Percent by version, whole: what carries anything at all is never shown as nothing. Where routes differ, the canary
 * has its largest share, and stable is not without one.
 *
 * @param stable whose pods the stable side chooses, in percent of it; none: nobody's
 * @param shares of the canary's side in each route, as `sharesOf` reads them
 */
export function standingWeights(stable: Weights, canary: Weights, shares: readonly (number | null)[]): Weights {
  const served = shares.filter((share) => share !== null);
  if (served.length === 0) return {};
  const [least, most] = [Math.min(...served), Math.max(...served)];
  const ofCanary = least < 100 ? Math.min(99, most) : 100;
  const exact: Record<string, number> = {};
  const add = (side: Weights, percent: number) => {
    for (const [version, part] of Object.entries(side)) exact[version] = (exact[version] ?? 0) + (percent * part) / 100;
  };
  add(stable, 100 - ofCanary);
  add(canary, ofCanary);
  return wholePercents(exact);
}

/** What the counts of ready pods come to where one Service chooses all of them; none where nothing is ready. */
export function countedWeights(revisions: readonly { readonly version: string; readonly ready: number }[]): Weights {
  const total = revisions.reduce((sum, { ready }) => sum + ready, 0);
  if (total === 0) return {};
  return wholePercents(Object.fromEntries(revisions.map(({ version, ready }) => [version, (100 * ready) / total])));
}

/** Whole percents by largest remainder, of the same sum where that is whole; at least 1 where there was anything. */
function wholePercents(exact: Weights): Weights {
  const parts = Object.entries(exact)
    .filter(([, percent]) => percent > 0)
    .map(([version, percent]) => ({ version, percent: Math.max(1, Math.floor(percent)), rest: percent % 1 }));
  const sum = Object.values(exact).reduce((total, percent) => total + percent, 0);
  let left = Math.round(sum) - parts.reduce((total, { percent }) => total + percent, 0);
  for (const part of parts.toSorted((one, other) => other.rest - one.rest)) {
    if (left <= 0) break;
    part.percent += 1;
    left -= 1;
  }
  for (const part of parts.toSorted((one, other) => other.percent - one.percent)) {
    const given = Math.min(-left, part.percent - 1);
    if (given <= 0) continue;
    part.percent -= given;
    left += given;
  }
  return Object.fromEntries(parts.map(({ version, percent }) => [version, percent]));
}
