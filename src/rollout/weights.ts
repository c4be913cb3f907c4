/**
 * The weights by version, whole percents that sum to 100, for a canary with this share of the traffic. Without a
 * stable side the canary has it all.
 *
 * @throws RangeError for a weight that is not a whole number of 0..100: a plan never holds one.
 * @example weightsFor({ stable: '1.0.0', canary: '1.1.0', weight: 10 }) // { '1.0.0': 90, '1.1.0': 10 }
 */
export function weightsFor(split: { stable: string | null; canary: string; weight: number }): Record<string, number> {
  const { stable, canary, weight } = split;
  if (!Number.isInteger(weight) || weight < 0 || weight > 100) throw new RangeError(`weight ${weight} is not 0..100`);
  if (stable === null || stable === canary) return { [canary]: 100 };
  return { [stable]: 100 - weight, [canary]: weight };
}
