import { shareInterval } from '../analysis/sequential/dirichlet-multinomial.ts';

/** Requests that a router sent to each side since a weight is said to be live. Whole, ≥ 0. */
export interface SplitCounts {
  readonly stable: number;
  readonly canary: number;
}

export interface ObservedSplit {
  /** `open`: the requests are too few to say more than that they do not contradict. */
  readonly verdict: 'agrees' | 'contradicts' | 'open';
  readonly because: string;
}

/**
 * One in a thousand right splits is contradicted at some time, however often it is looked at. The prior's strength is
 * that of `Shares`: it notices shifts of some ten percent.
 */
const ALPHA = 0.001;
const CONCENTRATION = 100;
/** The prior needs shares above 0. */
const LEAST_EXPECTED = 0.01;
/** Percentage points: an interval that is wider does not yet say that a weight is in force. */
const INFORMATIVE_WIDTH = 25;

/**
 * Whether observed requests agree with the weight of the canary: that stands within the interval of its share.
 *
 * Source: the confidence sequence of Lindon and Malek 2022 (`shareInterval`), valid at every look.
 *
 * @param percent 0..100
 * @example judgeSplit({ stable: 500, canary: 500 }, 10).verdict // 'contradicts'
 */
export function judgeSplit({ stable, canary }: SplitCounts, percent: number): ObservedSplit {
  const total = stable + canary;
  if (total === 0) return { verdict: 'open', because: 'no requests were seen' };
  const expected = Math.min(1 - LEAST_EXPECTED, Math.max(LEAST_EXPECTED, percent / 100));
  const prior = { expected: [1 - expected, expected], concentration: CONCENTRATION };
  const [low, high] = shareInterval([stable, canary], 1, prior, ALPHA).map((share) => 100 * share) as [number, number];
  const shown = `${canary} of ${total} requests went to the canary: ${low.toFixed(1)} to ${high.toFixed(1)} %`;
  if (percent < low || percent > high) return { verdict: 'contradicts', because: `${shown}, not ${percent} %` };
  return { verdict: high - low <= INFORMATIVE_WIDTH ? 'agrees' : 'open', because: shown };
}
