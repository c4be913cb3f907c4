/** Of a constant's size, as in Kayenta. */
const SCALE = 1e-5;
const SEED = 20_180_410;

/**
 * Two constant samples as they would be with a little noise: without it the test has only ties. Kayenta's noise is
 * random and differs from run to run; this one depends on nothing but the number of values, so that the same data has
 * the same verdict.
 */
export function withNoise(
  canary: readonly number[],
  baseline: readonly number[],
): { readonly canary: readonly number[]; readonly baseline: readonly number[] } {
  const next = gaussian(SEED);
  const noisy = (values: readonly number[]) => values.map((value) => value + value * SCALE * next());
  return { canary: noisy(canary), baseline: noisy(baseline) };
}

/** Nearly standard normal: the sum of twelve uniform numbers less 6 (Irwin and Hall). */
function gaussian(seed: number): () => number {
  const uniform = mulberry32(seed);
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i += 1) sum += uniform();
    return sum;
  };
}

/** T. Ettinger's generator of 32 bits (2017): numbers in 0..1 without 1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
