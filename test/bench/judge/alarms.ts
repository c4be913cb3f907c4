/** How often a judge calls a version worse that is the same, by the number of looks. */
import { logEvidenceOfHarm, NO_EVIDENCE, withLook } from '../../../src/analysis/sequential/ratio.ts';
import { binomial, type Random, seeded, upperBound } from './chance.ts';
import { mannWhitneyPValue } from './peers/mann-whitney-u.ts';

export const LOOKS: readonly number[] = [1, 2, 5, 10, 20, 50, 100];
const ALPHA = 0.05;
const SHARE = 0.1;
const PER_LOOK = 1_000;

export interface Alarms {
  readonly judge: string;
  readonly traffic: string;
  readonly runs: number;
  /** Share of the runs with an alarm by this many looks, and the upper end of its one-sided 99 % interval. */
  readonly byLooks: readonly { readonly looks: number; readonly share: number; readonly upper: number }[];
}

interface Side {
  readonly events: number;
  readonly total: number;
}

/** Says at which looks a judge would have stopped: it is told every look of one run. */
type Judge = () => (canary: Side, stable: Side) => boolean;

const sequential: Judge = () => {
  let evidence = NO_EVIDENCE;
  return (canary, stable) => {
    evidence = withLook(evidence, { canary, stable });
    return logEvidenceOfHarm(evidence) >= Math.log(1 / ALPHA);
  };
};

/** Argo, with the condition of CredLink's templates: more than three readings of a success share below 0.99. */
const threshold: Judge = () => {
  let failed = 0;
  return (canary) => {
    if (1 - canary.events / canary.total < 0.99) failed += 1;
    return failed > 3;
  };
};

const repeatedMannWhitney: Judge = () => {
  const [ours, theirs]: [number[], number[]] = [[], []];
  return (canary, stable) => {
    ours.push(canary.events / canary.total);
    theirs.push(stable.events / stable.total);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return mean(ours) > mean(theirs) && mannWhitneyPValue(ours, theirs) < ALPHA;
  };
};

/** The share of failing requests, look by look, for both sides alike. */
const TRAFFIC: Readonly<Record<string, (random: Random) => () => number>> = {
  'steady 0.5 %': () => () => 0.005,
  'wandering 0.2–2 %': (random) => {
    let rate = 0.005;
    return () => {
      rate = Math.min(0.02, Math.max(0.002, rate * (0.8 + 0.4 * random())));
      return rate;
    };
  },
};

export function measureAlarms(runs: number): Alarms[] {
  const judges: Readonly<Record<string, { judge: Judge; runs: number }>> = {
    sequential: { judge: sequential, runs },
    'threshold (CredLink)': { judge: threshold, runs },
    // Sorting the whole series at every look is slow; its rate is nowhere near the bound.
    'repeated Mann-Whitney': { judge: repeatedMannWhitney, runs: Math.min(runs, 2_000) },
  };
  return Object.entries(TRAFFIC).flatMap(([traffic, rateOf]) =>
    Object.entries(judges).map(([name, { judge, runs: own }]) => ({
      judge: name,
      traffic,
      runs: own,
      byLooks: alarmsOf(judge, rateOf, own),
    })),
  );
}

function alarmsOf(judge: Judge, rateOf: (random: Random) => () => number, runs: number): Alarms['byLooks'] {
  const random = seeded(20_260_101);
  const most = LOOKS.at(-1) ?? 0;
  const firsts: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const [look, rate] = [judge(), rateOf(random)];
    for (let at = 1; at <= most; at += 1) {
      const p = rate();
      const side = (total: number): Side => ({ total, events: binomial(random, total, p) });
      if (!look(side(PER_LOOK * SHARE), side(PER_LOOK * (1 - SHARE)))) continue;
      firsts.push(at);
      break;
    }
  }
  return LOOKS.map((looks) => {
    const hits = firsts.filter((first) => first <= looks).length;
    return { looks, share: hits / runs, upper: upperBound(hits, runs) };
  });
}
