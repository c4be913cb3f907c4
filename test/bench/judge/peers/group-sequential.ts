/**
 * Group sequential tests: what a judge can do that knows its looks beforehand, and what it costs to look again and
 * again without. Source of the recursion: Armitage, McPherson, Rowe, "Repeated significance tests on accumulating
 * data", JRSS A 1969; of the spending function: Lan and DeMets, Biometrika 1983.
 */
import { normalDistribution } from '../../../../src/analysis/sequential/special-functions.ts';

const STEPS = 800;
/** Beyond eight standard deviations nothing is left to count. */
const FARTHEST = 8;

/**
 * Two-sided levels for looks at these totals (a running sum of both sides), spending α·t² of Lan and DeMets, t the
 * share of the larger of the last and the expected total. Compare the p-value at look i with the i-th level.
 */
export function adjustedAlphas(
  totals: readonly number[],
  rules: { readonly alpha: number; readonly expectedTotal: number },
): readonly number[] {
  const full = Math.max(totals.at(-1) ?? 0, rules.expectedTotal);
  const walk = startOf();
  let spent = 0;
  return totals.map((total) => {
    const time = total / full;
    const target = rules.alpha * time * time - spent;
    let [low, high] = [0, FARTHEST];
    const next = walk.at(time);
    for (let i = 0; i < 60; i += 1) {
      const middle = (low + high) / 2;
      if (next.probabilityBeyond(middle) > target) low = middle;
      else high = middle;
    }
    spent += target;
    next.stopBeyond(high);
    return 2 * normalDistribution(-high);
  });
}

/** The chance that |z| passed `z` at one of the first 1, 2, … `looks` equally spaced looks, both sides equal. */
export function overallTypeI(z: number, looks: number): readonly number[] {
  const walk = startOf();
  let stopped = 0;
  return Array.from({ length: looks }, (_, i) => {
    const next = walk.at((i + 1) / looks);
    stopped += next.probabilityBeyond(z);
    next.stopBeyond(z);
    return stopped;
  });
}

/** A Brownian motion of which those paths are left that no look has stopped. */
function startOf() {
  let time = 0;
  /** Simpson's points of the density of the paths that are left; none yet: all are at 0. */
  let points: { readonly x: number; readonly mass: number }[] = [{ x: 0, mass: 1 }];
  return {
    at(next: number) {
      const root = Math.sqrt(next - time);
      return {
        probabilityBeyond(z: number): number {
          const edge = z * Math.sqrt(next);
          let sum = 0;
          for (const { x, mass } of points)
            sum += mass * (normalDistribution((x - edge) / root) + normalDistribution((-x - edge) / root));
          return sum;
        },
        stopBeyond(z: number): void {
          const edge = z * Math.sqrt(next);
          const step = (2 * edge) / STEPS;
          const norm = 1 / (root * Math.sqrt(2 * Math.PI));
          points = Array.from({ length: STEPS + 1 }, (_, i) => {
            const y = -edge + i * step;
            let density = 0;
            for (const { x, mass } of points) density += mass * norm * Math.exp(-(((y - x) / root) ** 2) / 2);
            const weight = i === 0 || i === STEPS ? 1 : i % 2 === 1 ? 4 : 2;
            return { x: y, mass: (density * weight * step) / 3 };
          });
          time = next;
        },
      };
    },
  };
}
