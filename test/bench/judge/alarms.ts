/** How often a judge calls a version worse that is the same, by the number of looks. */
import type { Look } from '../../../src/analysis/sequential/ratio.ts';
import { seeded, upperBound } from './chance.ts';
import { countsJudge, type Judge, type LatencyLook, meanJudge, quantileJudge } from './judges.ts';
import { COARSE, FINE } from './latencies.ts';
import { kayentaOfMeans, kayentaOfShares, mannWhitneyOfMeans, mannWhitneyOfShares, threshold } from './peers/index.ts';
import { constantly, failures, LOOKS, latencies, ramp, type Source } from './traffic.ts';

export interface Alarms {
  readonly judge: string;
  readonly ours: boolean;
  readonly of: 'counts' | 'latency';
  readonly traffic: string;
  readonly runs: number;
  /** Share of the runs with an alarm by 1, 2, … 100 looks. */
  readonly byLooks: readonly number[];
  /** The upper end of the one-sided 99 % interval of the last, and so of each. */
  readonly upper: number;
}

interface Cell<Seen> {
  readonly of: Alarms['of'];
  readonly traffic: string;
  readonly source: Source<Seen>;
  readonly ours: Readonly<Record<string, Judge<Seen>>>;
  /** Judges whose question grows with every look, and whose rate is nowhere near the bound, get fewer runs. */
  readonly peers: Readonly<Record<string, { readonly judge: Judge<Seen>; readonly runs?: number }>>;
}

const COUNTS = { 'Shiplock, counts': countsJudge };
const BESIDE_COUNTS = {
  'Argo, CredLink rule': { judge: threshold },
  'Mann-Whitney, 5 %': { judge: mannWhitneyOfShares, runs: 1_000 },
  'Kayenta 95/75': { judge: kayentaOfShares, runs: 500 },
};
const LATENCY = { 'Shiplock, quantile': quantileJudge(COARSE), 'Shiplock, mean': meanJudge(COARSE) };
const BOTH_SETS = { ...LATENCY, 'Shiplock, quantile, 14 bounds': quantileJudge(FINE) };
const BESIDE_LATENCY = {
  'Mann-Whitney, 5 %': { judge: mannWhitneyOfMeans, runs: 1_000 },
  'Kayenta 95/75': { judge: kayentaOfMeans, runs: 500 },
};

const counts = (traffic: string, source: Source<Look>, peers: Cell<Look>['peers'] = {}): Cell<Look> => ({
  of: 'counts',
  traffic,
  source,
  ours: COUNTS,
  peers,
});
const latency = (
  traffic: string,
  source: Source<LatencyLook>,
  ours: Cell<LatencyLook>['ours'],
  peers: Cell<LatencyLook>['peers'] = {},
): Cell<LatencyLook> => ({ of: 'latency', traffic, source, ours, peers });

const COUNTS_CELLS: readonly Cell<Look>[] = [
  counts('0.5 % fail, canary 10 %', failures(0.005, constantly(0.1), 'steady'), BESIDE_COUNTS),
  counts('0.5 % fail, canary 50 %', failures(0.005, constantly(0.5), 'steady')),
  counts('2 % fail, canary 1 %', failures(0.02, constantly(0.01), 'steady')),
  counts('10 % fail, canary 10 %', failures(0.1, constantly(0.1), 'steady')),
  counts('1 % fail, ramp 10 to 75 %', failures(0.01, ramp, 'steady')),
  counts('about 0.5 % fail, wandering, canary 10 %', failures(0.005, constantly(0.1), 'wandering'), BESIDE_COUNTS),
  counts('about 1 % fail, wandering, ramp 10 to 75 %', failures(0.01, ramp, 'wandering')),
];

const LATENCY_CELLS: readonly Cell<LatencyLook>[] = [
  latency('steady, canary 10 %', latencies(constantly(0.1), 'steady'), BOTH_SETS, BESIDE_LATENCY),
  latency('steady, canary 1 %', latencies(constantly(0.01), 'steady'), LATENCY),
  latency('steady, canary 50 %', latencies(constantly(0.5), 'steady'), LATENCY),
  latency('wandering, canary 10 %', latencies(constantly(0.1), 'wandering'), LATENCY, BESIDE_LATENCY),
  latency('wandering, ramp 10 to 75 %', latencies(ramp, 'wandering'), LATENCY),
];

/** One measurement a cell, so that they can be made side by side. */
export const ALARMS: readonly ((runs: number) => Alarms[])[] = [
  ...COUNTS_CELLS.map((cell) => (runs: number) => alarmsOf(cell, runs)),
  ...LATENCY_CELLS.map((cell) => (runs: number) => alarmsOf(cell, runs)),
];

function alarmsOf<Seen>(cell: Cell<Seen>, runs: number): Alarms[] {
  const judges = [
    ...Object.entries(cell.ours).map(([name, judge]) => ({ name, judge, ours: true, runs })),
    ...Object.entries(cell.peers).map(([name, peer]) => ({
      name,
      judge: peer.judge,
      ours: false,
      runs: Math.min(runs, peer.runs ?? runs),
    })),
  ];
  const random = seeded(20_260_101);
  const first = judges.map(() => new Array<number>(LOOKS).fill(0));
  for (let run = 0; run < runs; run += 1) {
    const traffic = cell.source(random);
    // All judges see the same traffic; one that has alarmed is asked no more.
    let asked = judges.flatMap(({ judge, runs: own }, i) => (run < own ? [{ i, look: judge(traffic.before) }] : []));
    for (let at = 0; at < LOOKS && asked.length > 0; at += 1) {
      const seen = traffic.next(at);
      asked = asked.filter(({ i, look }) => {
        if (!look(seen)) return true;
        (first[i] as number[])[at] = ((first[i] as number[])[at] ?? 0) + 1;
        return false;
      });
    }
  }
  return judges.map(({ name, ours, runs: own }, i) => {
    let hits = 0;
    const byLooks = (first[i] as number[]).map((new_) => {
      hits += new_;
      return hits / own;
    });
    return { judge: name, ours, of: cell.of, traffic: cell.traffic, runs: own, byLooks, upper: upperBound(hits, own) };
  });
}
