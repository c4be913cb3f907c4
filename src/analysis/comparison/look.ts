/** From two answers of Prometheus to what both sides had of each event since the last look. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import { type BothCounters, type Counters, increase, readCounters } from '../counters.ts';
import type { Look, SideCounts } from '../sequential/ratio.ts';
import { faultOfBounds, inSeconds } from './bounds.ts';
import { bucketsOf, readSumAndBuckets } from './mean-look.ts';

/** The label by which one query answers two sums. */
export const PART_LABEL = 'shiplock_part';

export type CountersOfSides =
  | { readonly kind: 'counters'; readonly counters: BothCounters }
  /** Nothing is wrong, but a side has not been seen yet. */
  | { readonly kind: 'none'; readonly because: string }
  | { readonly kind: 'error'; readonly because: string };

/** By event: `events` for counts, a bucket's bound in seconds for a histogram. */
export type Looks = Readonly<Record<string, Look>>;

export type LooksOrNot =
  | { readonly kind: 'looks'; readonly looks: Looks }
  | { readonly kind: 'error'; readonly because: string };

export type Growth =
  | { readonly kind: 'grown'; readonly by: BothCounters }
  /** What happened since the last look cannot be known; the next one goes on from here. */
  | { readonly kind: 'lost'; readonly because: string };

/** Reads where both sides' counters stand. */
export function readSides(
  of: ComparisonPlan['of'],
  answer: { readonly raw: string; readonly beside: string; readonly error: string | null },
): CountersOfSides {
  if (answer.error !== null) return { kind: 'error', because: `no answer: ${answer.error}` };
  if (answer.beside === '') return { kind: 'error', because: 'no answer about the stable side' };
  const read = (raw: string) =>
    of === 'mean' ? readSumAndBuckets(raw) : readCounters(raw, of === 'counts' ? PART_LABEL : 'le');
  const [canary, stable] = [read(answer.raw), read(answer.beside)];
  for (const [side, one] of [
    ['canary', canary],
    ['stable side', stable],
  ] as const) {
    if (!one.ok && one.message === EMPTY) return { kind: 'none', because: `the ${side} has counted nothing yet` };
    if (!one.ok) return { kind: 'error', because: `${side}: ${one.message}` };
  }
  if (!canary.ok || !stable.ok) throw new Error('unreachable: both were read');
  const fault = of === 'counts' ? null : faultOfBounds(bucketsOf(canary.counters), bucketsOf(stable.counters));
  if (fault !== null) return { kind: 'error', because: fault };
  return { kind: 'counters', counters: { canary: canary.counters, stable: stable.counters } };
}

const EMPTY = 'the answer is empty';

/** What both sides' counters grew by between two looks. */
export function growthBetween(of: ComparisonPlan['of'], before: BothCounters, now: BothCounters): Growth {
  const canary = increase(before.canary, now.canary);
  const stable = increase(before.stable, now.stable);
  if (!canary.ok) return { kind: 'lost', because: `canary: ${canary.message}` };
  if (!stable.ok) return { kind: 'lost', because: `stable side: ${stable.message}` };
  // A counter of events appears with the first one; a bucket is there from the start.
  const appeared = of === 'counts' ? undefined : Object.keys(now.canary).find((name) => !(name in before.canary));
  if (appeared !== undefined) return { kind: 'lost', because: `the bucket le="${appeared}" was not there before` };
  return { kind: 'grown', by: { canary: canary.counters, stable: stable.counters } };
}

/** What both sides had of each event. */
export function looksOf(of: 'counts' | 'histogram', { canary, stable }: BothCounters): LooksOrNot {
  return of === 'counts' ? countsLook(canary, stable) : bucketLooks(canary, stable);
}

function countsLook(canary: Counters, stable: Counters): LooksOrNot {
  const side = ({ events = 0, total = 0 }: Counters): SideCounts => ({ events, total });
  const look = { canary: side(canary), stable: side(stable) };
  for (const [name, { events, total }] of [
    ['canary', look.canary],
    ['stable side', look.stable],
  ] as const) {
    if (events > total) return { kind: 'error', because: `${name}: ${events} events of only ${total} requests` };
  }
  return { kind: 'looks', looks: { events: look } };
}

function bucketLooks(canary: Counters, stable: Counters): LooksOrNot {
  const bounds = inSeconds(Object.keys(canary)).map(({ name }) => name);
  const last = bounds.at(-1) ?? '';
  const looks: Record<string, Look> = {};
  for (const [i, bound] of bounds.entries()) {
    for (const [side, counters] of [
      ['canary', canary],
      ['stable side', stable],
    ] as const) {
      const here = counters[bound] ?? 0;
      const next = counters[bounds[i + 1] ?? last] ?? 0;
      if (here > next) return { kind: 'error', because: `${side}: bucket le="${bound}" counts more than the next one` };
    }
    if (bound === last) break;
    const slower = (counters: Counters): SideCounts => {
      const total = counters[last] ?? 0;
      return { events: total - (counters[bound] ?? 0), total };
    };
    looks[bound] = { canary: slower(canary), stable: slower(stable) };
  }
  return { kind: 'looks', looks };
}
