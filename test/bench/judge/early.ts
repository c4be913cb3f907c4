/** How much sooner a healthy release is through its ramp, because pauses end once it is shown to be within the margin. */
import { NOT_COMPARED, withLooks } from '../../../src/analysis/comparison/evidence.ts';
import { isSafe } from '../../../src/analysis/comparison/safety.ts';
import type { ComparisonPlan } from '../../../src/plan/plan.ts';
import { binomial, median, type Random, seeded, upperBound } from './chance.ts';
import { ALPHA } from './judges.ts';

export const MARGIN = 0.5;
const PLAN: ComparisonPlan = { of: 'counts', alpha: ALPHA, margin: MARGIN, minimumRequests: 100 };
/** CredLink's ramp. */
const STEPS = [
  { weight: 10, minutes: 5 },
  { weight: 25, minutes: 10 },
  { weight: 50, minutes: 15 },
  { weight: 75, minutes: 10 },
] as const;
export const WHOLE_MINUTES = STEPS.reduce((sum, { minutes }) => sum + minutes, 0);
/** The default interval of a comparison. */
const LOOK_SECONDS = 30;
const FAILING = 0.01;
export const RATES: readonly number[] = [3, 10, 30, 100, 300, 1_000];

export interface Early {
  /** Requests a second. */
  readonly rate: number;
  readonly runs: number;
  /** Of a canary that fails as often as the stable side: the median of the minutes saved, of 40. */
  readonly minutesSaved: number;
  /** Shares of steps that ended early. */
  readonly healthy: number;
  /** Of a canary that fails exactly 1 + margin times as often: no more than alpha may. */
  readonly atMargin: number;
  /** The upper end of the one-sided 99 % interval of that share. */
  readonly atMarginUpper: number;
}

export function measureEarly(runs: number): Early[] {
  return RATES.map((rate) => {
    const healthy = ramps(rate, FAILING, runs);
    const atMargin = ramps(rate, FAILING * (1 + MARGIN), runs);
    const ended = atMargin.reduce((sum, { early }) => sum + early, 0);
    const steps = runs * STEPS.length;
    return {
      rate,
      runs,
      minutesSaved: median(healthy.map(({ saved }) => saved)) ?? 0,
      healthy: healthy.reduce((sum, { early }) => sum + early, 0) / steps,
      atMargin: ended / steps,
      atMarginUpper: upperBound(ended, steps),
    };
  });
}

function ramps(rate: number, failing: number, runs: number): { readonly saved: number; readonly early: number }[] {
  const random = seeded(20_260_104);
  return Array.from({ length: runs }, () => oneRamp(random, rate, failing));
}

/** A release that nothing else ends: also at the margin it goes on, so that every step gets its chance to be wrong. */
function oneRamp(random: Random, rate: number, failing: number): { saved: number; early: number } {
  let [saved, early] = [0, 0];
  let progress = NOT_COMPARED;
  const perLook = rate * LOOK_SECONDS;
  for (const { weight, minutes } of STEPS) {
    const looks = (minutes * 60) / LOOK_SECONDS;
    const total = Math.round((perLook * weight) / 100);
    for (let look = 1; look < looks; look += 1) {
      const events = {
        canary: { total, events: binomial(random, total, failing) },
        stable: { total: perLook - total, events: binomial(random, perLook - total, FAILING) },
      };
      progress = withLooks(PLAN, progress, { events }, weight);
      const seen = progress.events.events?.whole;
      const least = Math.min(seen?.canary.total ?? 0, seen?.stable.total ?? 0);
      if (least < PLAN.minimumRequests || !isSafe(PLAN, progress)) continue;
      saved += minutes - (look * LOOK_SECONDS) / 60;
      early += 1;
      break;
    }
  }
  return { saved, early };
}
