/** Random numbers that are the same in every run of the bench. */
export type Random = () => number;

/** mulberry32: 32 bits of state, good enough for counts. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How many of `n` trials succeed, by skipping from success to success. */
export function binomial(random: Random, n: number, p: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return n;
  let successes = -1;
  for (let at = 0; at <= n; successes += 1) at += 1 + Math.floor(Math.log(1 - random()) / Math.log1p(-p));
  return successes;
}

/** The upper end of a one-sided 99 % interval of a share (Wilson). */
export function upperBound(hits: number, runs: number): number {
  const z = 2.326;
  const share = hits / runs;
  const middle = share + (z * z) / (2 * runs);
  const reach = z * Math.sqrt((share * (1 - share)) / runs + (z * z) / (4 * runs * runs));
  return (middle + reach) / (1 + (z * z) / runs);
}
