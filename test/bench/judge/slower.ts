/** How many requests a judge needs to see that the canary is slower. */
import { median, type Random, seeded } from './chance.ts';
import { ALPHA, type Judge, type LatencyLook, meanJudge, quantileJudge } from './judges.ts';
import { COARSE, FINE, inBuckets, type Latencies, lognormal, observe, sharesOf } from './latencies.ts';
import { conditionalSprtOfKinds } from './peers/sprt.ts';
import { quantilesApart } from './quantiles-apart.ts';
import { SHARES } from './requests.ts';

/** The canary's requests in a look, whatever its share: so the number of looks does not depend on the split. */
const CANARY_PER_LOOK = 5;
/** Nobody waits for more requests of the canary than 2,000 times so many. */
const MOST_LOOKS = 2_000;
const BEFORE = 5_000;
const SIZE = 65_536;
const STABLE = lognormal(SIZE);

export interface Slower {
  readonly what: string;
  /** The canary's share of the traffic. */
  readonly share: number;
  readonly runs: number;
  /** Median requests of both sides together, by judge; `null`: half of the runs were not decided. */
  readonly needed: Readonly<Record<string, number | null>>;
}

const CANARIES: Readonly<Record<string, Latencies>> = {
  'all +20 %': lognormal(SIZE, (x) => 1.2 * x),
  'all +50 %': lognormal(SIZE, (x) => 1.5 * x),
  'all +100 %': lognormal(SIZE, (x) => 2 * x),
};
/** Only the slowest twentieth is slower: the 99th percentile as much as before, the mean hardly. */
const IN_THE_TAIL: Readonly<Record<string, Latencies>> = {
  'slowest 5 % +50 %': lognormal(SIZE, (x, share) => (share > 0.95 ? 1.5 * x : x)),
  'slowest 5 % +100 %': lognormal(SIZE, (x, share) => (share > 0.95 ? 2 * x : x)),
};

export function measureSlower(runs: number, told: (done: string) => void): Slower[] {
  const cells = [
    ...Object.entries(CANARIES).flatMap((canary) => SHARES.map((share) => ({ canary, share }))),
    ...Object.entries(IN_THE_TAIL).map((canary) => ({ canary, share: 0.1 })),
  ];
  return cells.map(({ canary: [what, law], share }) => {
    const random = seeded(20_260_103);
    const all = Array.from({ length: runs }, () => oneRun(random, law, share));
    const names = Object.keys(all[0] ?? {});
    const needed = Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name] ?? Number.NaN))]));
    told(`requests needed: ${what} at ${100 * share} %`);
    return { what, share, runs, needed };
  });
}

/** Requests until each judge says that the canary is worse, from the same requests; Infinity: it never does. */
function oneRun(random: Random, canary: Latencies, share: number): Record<string, number> {
  const ofStable = Math.round((CANARY_PER_LOOK * (1 - share)) / share);
  const before = observe(random, STABLE, BEFORE);
  const judges: Record<string, Judge<LatencyLook>> = {
    'quantile, 7 bounds': quantileJudge(COARSE),
    'quantile, 14 bounds': quantileJudge(FINE),
    'mean, 7 bounds': meanJudge(COARSE),
    'mean, 14 bounds': meanJudge(FINE),
    'intervals apart, 14 bounds': quantilesApart(FINE),
    'SPRT, 7 bounds': sprt(COARSE, canary, share),
    'SPRT, 14 bounds': sprt(FINE, canary, share),
  };
  const needed = Object.fromEntries(Object.keys(judges).map((name) => [name, Number.POSITIVE_INFINITY]));
  let asked = Object.entries(judges).map(([name, judge]) => ({ name, look: judge(before) }));
  for (let at = 1; at <= MOST_LOOKS && asked.length > 0; at += 1) {
    const seen = { canary: observe(random, canary, CANARY_PER_LOOK), stable: observe(random, STABLE, ofStable) };
    asked = asked.filter(({ name, look }) => {
      if (!look(seen)) return true;
      needed[name] = at * (CANARY_PER_LOOK + ofStable);
      return false;
    });
  }
  return needed;
}

/** Told the very shares of both sides in every bucket; asked after every look, as we are. */
function sprt(bounds: readonly number[], canary: Latencies, share: number): Judge<LatencyLook> {
  const [ours, theirs] = [sharesOf(bounds, canary), sharesOf(bounds, STABLE)];
  return () => {
    const test = conditionalSprtOfKinds({ canary: ours, stable: theirs, share, alpha: ALPHA, beta: 0.2 });
    let answer = 'undecided';
    return (seen) => {
      if (answer === 'undecided')
        answer = test.add(inBuckets(bounds, seen.canary.byBucket), inBuckets(bounds, seen.stable.byBucket));
      return answer === 'worse';
    };
  };
}
