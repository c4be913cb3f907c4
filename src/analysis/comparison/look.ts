/** From two answers of Prometheus to what both sides had of each event since the last look. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import { bucketBounds, type Counters, increase, readCounters } from '../counters.ts';
import type { Look, SideCounts } from '../sequential/ratio.ts';

/** The label by which one query answers two sums. */
export const PART_LABEL = 'shiplock_part';
/** A histogram with more bounds is refused: each is an event of its own, and is kept in the release's state. */
const MOST_BOUNDS = 32;

export interface BothCounters {
  readonly canary: Counters;
  readonly stable: Counters;
}

export type CountersOfSides =
  | { readonly kind: 'counters'; readonly counters: BothCounters }
  /** Nothing is wrong, but a side has not been seen yet. */
  | { readonly kind: 'none'; readonly because: string }
  | { readonly kind: 'error'; readonly because: string };

/** By event: `events` for counts, a bucket's bound in seconds for a histogram. */
export type Looks = Readonly<Record<string, Look>>;

export type LooksOrNot =
  | { readonly kind: 'looks'; readonly looks: Looks }
  /** What happened since the last look cannot be known; the next one goes on from here. */
  | { readonly kind: 'lost'; readonly because: string }
  | { readonly kind: 'error'; readonly because: string };

/** Reads where both sides' counters stand. */
export function readSides(
  of: ComparisonPlan['of'],
  answer: { readonly raw: string; readonly beside: string; readonly error: string | null },
): CountersOfSides {
  if (answer.error !== null) return { kind: 'error', because: `no answer: ${answer.error}` };
  if (answer.beside === '') return { kind: 'error', because: 'no answer about the stable side' };
  const label = of === 'counts' ? PART_LABEL : 'le';
  const canary = readCounters(answer.raw, label);
  const stable = readCounters(answer.beside, label);
  for (const [side, read] of [
    ['canary', canary],
    ['stable side', stable],
  ] as const) {
    if (!read.ok && read.message === EMPTY) return { kind: 'none', because: `the ${side} has counted nothing yet` };
    if (!read.ok) return { kind: 'error', because: `${side}: ${read.message}` };
  }
  if (!canary.ok || !stable.ok) throw new Error('unreachable: both were read');
  const fault = of === 'histogram' ? faultOfBounds(canary.counters, stable.counters) : null;
  if (fault !== null) return { kind: 'error', because: fault };
  return { kind: 'counters', counters: { canary: canary.counters, stable: stable.counters } };
}

const EMPTY = 'the answer is empty';

function faultOfBounds(canary: Counters, stable: Counters): string | null {
  const [ours, theirs] = [bucketBounds(canary), bucketBounds(stable)];
  if (ours === null || theirs === null) return 'a bucket has no number as its bound (le)';
  if (ours.join() !== theirs.join())
    return `the sides have different buckets: ${ours.join(', ')} and ${theirs.join(', ')} seconds`;
  if (ours.at(-1) !== Number.POSITIVE_INFINITY) return 'the histogram has no bucket le="+Inf"';
  if (ours.length > MOST_BOUNDS + 1) return `the histogram has ${ours.length} buckets; at most ${MOST_BOUNDS + 1}`;
  return null;
}

/** What both sides had between two looks. */
export function looksBetween(of: ComparisonPlan['of'], before: BothCounters, now: BothCounters): LooksOrNot {
  const canary = increase(before.canary, now.canary);
  const stable = increase(before.stable, now.stable);
  if (!canary.ok) return { kind: 'lost', because: `canary: ${canary.message}` };
  if (!stable.ok) return { kind: 'lost', because: `stable side: ${stable.message}` };
  return of === 'counts' ? countsLook(canary.counters, stable.counters) : bucketLooks(canary.counters, stable.counters);
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
  const bounds = Object.keys(canary).sort((a, b) => seconds(a) - seconds(b));
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

const seconds = (bound: string): number => (bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound));
