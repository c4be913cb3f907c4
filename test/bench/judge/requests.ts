/** How many requests a judge needs to see that the canary fails more often. */
import { logEvidenceOfHarm, NO_EVIDENCE, withLook } from '../../../src/analysis/sequential/ratio.ts';
import { median, type Random, seeded } from './chance.ts';
import { ALPHA } from './judges.ts';
import { conditionalSprt } from './peers/sprt.ts';

const STABLE = 0.01;
/** Nobody waits for more failed requests than these. */
const MOST_EVENTS = 3_000;

/** Of the traffic that the canary gets. */
export const SHARES: readonly number[] = [0.01, 0.05, 0.1, 0.5];

export interface Needed {
  /** The canary's share of failing requests; the stable side's is 1 %. */
  readonly failing: number;
  /** The canary's share of the traffic. */
  readonly share: number;
  readonly runs: number;
  /** Median requests of both sides together; `null`: half of the runs were not decided. */
  readonly sequential: number | null;
  readonly sprt: number | null;
  /** ours over theirs */
  readonly ratio: number | null;
}

export function measureNeeded(runs: number): Needed[] {
  return [0.02, 0.03, 0.05, 0.1].flatMap((failing) =>
    SHARES.map((share) => {
      const random = seeded(20_260_102);
      const both = Array.from({ length: runs }, () => oneRun(random, failing, share));
      const [sequential, sprt] = [median(both.map(([ours]) => ours)), median(both.map(([, theirs]) => theirs))];
      const ratio = sequential !== null && sprt !== null ? sequential / sprt : null;
      return { failing, share, runs, sequential, sprt, ratio };
    }),
  );
}

/** Requests until either judge says that the canary is worse, from the same failed requests; Infinity: it never does. */
function oneRun(random: Random, failing: number, share: number): readonly [sequential: number, sprt: number] {
  const failingOfAll = share * failing + (1 - share) * STABLE;
  const ofCanary = (share * failing) / failingOfAll;
  const told = conditionalSprt({ ratio: failing / STABLE, share, alpha: ALPHA, beta: 0.2 });
  let evidence = NO_EVIDENCE;
  let requests = 0;
  let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let ended = false;
  for (let event = 0; event < MOST_EVENTS && !(ended && ours < Number.POSITIVE_INFINITY); event += 1) {
    requests += 1 + Math.floor(Math.log(1 - random()) / Math.log1p(-failingOfAll));
    const canary = random() < ofCanary;
    if (!ended) {
      const answer = told.add(canary);
      ended = answer !== 'undecided';
      if (answer === 'worse') theirs = requests;
    }
    if (ours < Number.POSITIVE_INFINITY) continue;
    // The split of a look is the one that was set; one failed request at a time is the most often one can look.
    evidence = withLook(evidence, {
      canary: { events: canary ? 1 : 0, total: share * 1_000 },
      stable: { events: canary ? 0 : 1, total: (1 - share) * 1_000 },
    });
    if (canary && logEvidenceOfHarm(evidence) >= Math.log(1 / ALPHA)) ours = requests;
  }
  return [ours, theirs];
}
