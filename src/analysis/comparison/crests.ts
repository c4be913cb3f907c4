/**
 * A sum of counters falls where a process is restarted, but also where one is not scraped for a while. That one comes
 * back with all that it had counted before, of other days and other rates, which is no growth since the last look.
 */
import type { ComparisonPlan } from '../../plan/plan.ts';
import type { BothCounters } from '../counters.ts';
import type { Growth } from './look.ts';

/** Where a side's requests stood before they fell, until they are there again. */
export type Crests = Readonly<Partial<Record<(typeof SIDES)[number], number>>>;

const SIDES = ['canary', 'stable'] as const;
const IN_WORDS = { canary: 'canary', stable: 'stable side' } as const;

/** The counter of all requests. */
const totalOf = (of: ComparisonPlan['of']): string => (of === 'counts' ? 'total' : '+Inf');

/** As they are after this look. */
export function crestsAfter(
  of: ComparisonPlan['of'],
  crests: Crests,
  before: BothCounters,
  now: BothCounters,
): { readonly crests?: Crests } {
  const total = totalOf(of);
  const known: Partial<Record<(typeof SIDES)[number], number>> = {};
  for (const side of SIDES) {
    const [crest, stood, stands] = [crests[side], before[side][total] ?? 0, now[side][total] ?? 0];
    if (stands < stood) known[side] = Math.max(crest ?? 0, stood);
    else if (crest !== undefined && stands < crest) known[side] = crest;
  }
  return Object.keys(known).length === 0 ? {} : { crests: known };
}

/**
 * Why a look in which both sides grew counts for nothing all the same; `null`: it counts. Requests alone decide this,
 * never events: so the look's evidence has no part in it.
 */
export function returned(of: ComparisonPlan['of'], crests: Crests, now: BothCounters): Growth | null {
  const total = totalOf(of);
  const side = SIDES.find((one) => (now[one][total] ?? 0) >= (crests[one] ?? Number.POSITIVE_INFINITY));
  if (side === undefined) return null;
  const name = of === 'counts' ? total : `le="${total}"`;
  const because = `${IN_WORDS[side]}: ${name} is above where it stood before it fell; a process may be back with all that it had counted`;
  return { kind: 'lost', because };
}
