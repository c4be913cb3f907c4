/** The weights that Flagger goes through (flagger `scheduler.go`: `maxWeight`, `nextStepWeight`, `runCanary`). */

export interface WeightSettings {
  readonly stepWeight?: number | null | undefined;
  readonly stepWeights?: readonly number[] | null | undefined;
  readonly maxWeight?: number | null | undefined;
}

const TOTAL = 100;
/** As many weights as there are whole percents. */
const MOST = 100;

/**
 * Weights in their order, or why Flagger would never get past one.
 *
 * @example weightsOf({ maxWeight: 50, stepWeight: 20 }) // [20, 40, 60], as Flagger's documentation has it
 */
export function weightsOf(settings: WeightSettings): number[] | { readonly stuckAt: number } {
  const weights: number[] = [];
  const most = maximum(settings);
  let weight = 0;
  while (weight < most) {
    const step = nextStep(settings, weight);
    if (step <= 0 || weights.length === MOST) return { stuckAt: weight };
    weight = Math.min(TOTAL, weight + step);
    weights.push(weight);
  }
  return weights;
}

/** With a list its last weight is the maximum, whatever `maxWeight` says. */
function maximum({ stepWeights, maxWeight }: WeightSettings): number {
  const last = stepWeights?.at(-1);
  if (last !== undefined) return Math.min(TOTAL, last);
  return maxWeight || TOTAL;
}

function nextStep({ stepWeight, stepWeights }: WeightSettings, weight: number): number {
  const list = stepWeights ?? [];
  if (stepWeight || list.length === 0) return stepWeight ?? 0;
  const left = TOTAL - weight;
  if (left === 0) return 1;
  if (weight === 0) return Math.min(left, list[0] ?? 0);
  const at = list.slice(0, -1).indexOf(weight);
  return at === -1 ? left : Math.min(left, (list[at + 1] ?? 0) - weight);
}
