/** Who shares the traffic during a ramp. */
export interface Split {
  /** `null`: there is none, before a first release. */
  readonly stable: string | null;
  readonly canary: string;
  /** Percent of the traffic for the canary. */
  readonly weight: number;
  /** A fresh copy of the stable version, which comparisons are made with. */
  readonly baseline?: string | null;
}

/**
 * The weights by version, whole percents that sum to 100, for a canary with this share of the traffic. Without a
 * stable side the canary has it all. A baseline has as much as the canary, or what is left: stable gives it.
 *
 * @throws RangeError for a weight that is not a whole number of 0..100: a plan never holds one.
 * @example weightsFor({ stable: '1.0.0', canary: '1.1.0', weight: 10 }) // { '1.0.0': 90, '1.1.0': 10 }
 * @example weightsFor({ stable: 'a', canary: 'b', weight: 10, baseline: 'c' }) // { a: 80, b: 10, c: 10 }
 */
export function weightsFor({ stable, canary, weight, baseline = null }: Split): Record<string, number> {
  if (!Number.isInteger(weight) || weight < 0 || weight > 100) throw new RangeError(`weight ${weight} is not 0..100`);
  if (stable === null || stable === canary) return { [canary]: 100 };
  if (baseline === null) return { [stable]: 100 - weight, [canary]: weight };
  const beside = Math.min(weight, 100 - weight);
  return { [stable]: 100 - weight - beside, [canary]: weight, [baseline]: beside };
}

/**
 * The name of the baseline's revision: none that runs already, or is about to.
 *
 * @example baselineName('1.0.0', ['1.0.0', '1.1.0']) // '1.0.0-baseline'
 */
export function baselineName(stable: string, taken: readonly string[]): string {
  // As an image tag it has at most 128 characters.
  const name = (count: number) => `${stable.slice(0, 110)}-baseline${count === 1 ? '' : `-${count}`}`;
  let count = 1;
  while (taken.includes(name(count))) count += 1;
  return name(count);
}
