/** The traffic of identical versions, look by look: how much of it, how it is split, and what both sides have in common. */
import type { Look } from '../../../src/analysis/sequential/ratio.ts';
import { binomial, type Random, walk } from './chance.ts';
import type { LatencyLook } from './judges.ts';
import { atLevel, lognormal, type Observed, observe } from './latencies.ts';

export const LOOKS = 100;
const PER_LOOK = 1_000;

/** The canary's share of the traffic at a look, from 0 on. */
type Split = (look: number) => number;
export const constantly =
  (share: number): Split =>
  () =>
    share;
/** A ramp as CredLink's: 25 looks a step. */
export const ramp: Split = (look) => [0.1, 0.25, 0.5, 0.75][Math.floor(look / 25)] ?? 0.75;

/**
 * What both sides have in common wanders: an autoregressive walk of order 1 on the logarithm, look by look. With this
 * memory half of a deviation is left after six and a half looks.
 */
const MEMORY = 0.9;
const WANDERING = { memory: MEMORY, deviation: 0.6 } as const;

export interface Traffic<Seen> {
  /** What the stable side's client had counted before anything was compared. */
  readonly before: Observed | null;
  readonly next: (look: number) => Seen;
}

export type Source<Seen> = (random: Random) => Traffic<Seen>;

const sides = (share: number): readonly [canary: number, stable: number] => {
  const canary = Math.round(PER_LOOK * share);
  return [canary, PER_LOOK - canary];
};

/** Failing requests. */
export function failures(rate: number, split: Split, kind: 'steady' | 'wandering'): Source<Look> {
  return (random) => {
    const wandering = kind === 'steady' ? () => 0 : walk(random, WANDERING);
    const next = (look: number): Look => {
      const p = Math.min(1, rate * Math.exp(wandering()));
      const [canary, stable] = sides(split(look)).map((total) => ({ total, events: binomial(random, total, p) }));
      return { canary, stable } as Look;
    };
    return { before: null, next };
  };
}

const STEADY = lognormal(65_536);
/** Sorted into buckets anew at every level, so fewer. */
const AT_LEVELS = lognormal(4_096);
const BEFORE = 5_000;

/** Latencies. */
export function latencies(split: Split, kind: 'steady' | 'wandering'): Source<LatencyLook> {
  return (random) => {
    const wandering = kind === 'steady' ? () => 0 : walk(random, { ...WANDERING, deviation: 0.4 });
    const from = (n: readonly number[]): readonly Observed[] => {
      if (kind === 'steady') return n.map((requests) => observe(random, STEADY, requests));
      const level = Math.exp(wandering());
      const law = atLevel(AT_LEVELS, level);
      return n.map((requests) => observe(random, law, requests, level));
    };
    const [before = null] = from([BEFORE]);
    const next = (look: number): LatencyLook => {
      const [canary, stable] = from(sides(split(look)));
      return { canary, stable } as LatencyLook;
    };
    return { before, next };
  };
}
