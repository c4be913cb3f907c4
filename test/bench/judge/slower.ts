/** How many requests a judge needs to see that the canary is slower. */
import { median, type Random, seeded } from './chance.ts';
import { ALPHA, type Judge, type LatencyLook, meanJudge, quantileJudge } from './judges.ts';
import { COARSE, FINE, inBuckets, type Latencies, lognormal, observe, sharesOf } from './latencies.ts';
import { conditionalSprtOfKinds } from './peers/sprt.ts';
import { quantilesApart } from './quantiles-apart.ts';
import { SHARES } from './requests.ts';

/** What is nowhere near the others gets fewer runs: it takes longest. */
const RUNS_APART = 200;
/** Nobody waits for more requests of the canary. */
const MOST_OF_CANARY = 10_000;
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

interface Canary {
  readonly what: string;
  readonly law: Latencies;
  /** Its requests in a look, whatever its share: about a twentieth of what is needed. */
  readonly perLook: number;
}

const all = (by: number) => lognormal(SIZE, (x) => by * x);
const slowest = (by: number) => lognormal(SIZE, (x, share) => (share > 0.95 ? by * x : x));
const CANARIES: readonly Canary[] = [
  { what: 'all +20 %', law: all(1.2), perLook: 20 },
  { what: 'all +50 %', law: all(1.5), perLook: 5 },
  { what: 'all +100 %', law: all(2), perLook: 2 },
];
/** Only the slowest twentieth is slower: the 99th percentile as much as before, the mean hardly. */
const IN_THE_TAIL: readonly Canary[] = [
  { what: 'slowest 5 % +50 %', law: slowest(1.5), perLook: 20 },
  { what: 'slowest 5 % +100 %', law: slowest(2), perLook: 10 },
];

/** One measurement a cell, so that they can be made side by side. */
export const SLOWER: readonly ((runs: number) => Slower)[] = [
  ...CANARIES.flatMap((canary) => SHARES.map((share) => ({ canary, share }))),
  ...IN_THE_TAIL.map((canary) => ({ canary, share: 0.1 })),
].map(({ canary, share }) => (runs: number) => {
  const random = seeded(20_260_103);
  const each = Array.from({ length: runs }, (_, run) => oneRun(random, canary, share, run < RUNS_APART));
  const names = Object.keys(each[0] ?? {});
  const needed = Object.fromEntries(
    names.map((name) => [name, median(each.flatMap(({ [name]: requests }) => requests ?? []))]),
  );
  return { what: canary.what, share, runs, needed };
});

/** Requests until each judge says that the canary is worse, from the same requests; Infinity: it never does. */
function oneRun(random: Random, { law, perLook }: Canary, share: number, withApart: boolean): Record<string, number> {
  const ofStable = Math.round((perLook * (1 - share)) / share);
  const before = observe(random, STABLE, BEFORE);
  const judges: Record<string, Judge<LatencyLook>> = {
    'quantile, 7 bounds': quantileJudge(COARSE),
    'quantile, 14 bounds': quantileJudge(FINE),
    'mean, 7 bounds': meanJudge(COARSE),
    ...(withApart ? { 'intervals apart, 14 bounds': quantilesApart(FINE) } : {}),
    'SPRT, 7 bounds': sprt(COARSE, law, share),
    'SPRT, 14 bounds': sprt(FINE, law, share),
  };
  const needed = Object.fromEntries(Object.keys(judges).map((name) => [name, Number.POSITIVE_INFINITY]));
  let asked = Object.entries(judges).map(([name, judge]) => ({ name, look: judge(before) }));
  for (let at = 1; at * perLook <= MOST_OF_CANARY && asked.length > 0; at += 1) {
    const seen = { canary: observe(random, law, perLook), stable: observe(random, STABLE, ofStable) };
    asked = asked.filter(({ name, look }) => {
      if (!look(seen)) return true;
      needed[name] = at * (perLook + ofStable);
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
