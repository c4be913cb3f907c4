/**
 * Wald's test of "the canary fails `ratio` times as often" against "as often", told that very ratio beforehand, fed one
 * failed request after the other: the fewest failures that anybody who must find them can do with.
 */
export function conditionalSprt(rules: { ratio: number; share: number; alpha: number; beta: number }) {
  const { ratio, share, alpha, beta } = rules;
  const [worse, equal] = [Math.log((1 - beta) / alpha), Math.log(beta / (1 - alpha))];
  const [onCanary, each] = [Math.log(ratio), Math.log1p(share * (ratio - 1))];
  let log = 0;
  return {
    /** One more failed request; `undecided` until a bound is reached. */
    add(canary: boolean): 'worse' | 'equal' | 'undecided' {
      log += (canary ? onCanary : 0) - each;
      return log >= worse ? 'worse' : log <= equal ? 'equal' : 'undecided';
    },
  };
}

/**
 * The same of requests of several kinds, such as the buckets they fell into: told each kind's share on either side. Given
 * its kind, a request is the canary's with odds of `share · canary : (1 - share) · stable`.
 */
export function conditionalSprtOfKinds(rules: {
  canary: readonly number[];
  stable: readonly number[];
  share: number;
  alpha: number;
  beta: number;
}) {
  const { canary, stable, share, alpha, beta } = rules;
  const [worse, equal] = [Math.log((1 - beta) / alpha), Math.log(beta / (1 - alpha))];
  // What the one side hardly ever has must not decide by itself.
  const rare = 1e-6;
  const kinds = canary.map((ours, i) => {
    const ratio = (ours + rare) / ((stable[i] ?? 0) + rare);
    return { onCanary: Math.log(ratio), each: Math.log1p(share * (ratio - 1)) };
  });
  let log = 0;
  return {
    /** Requests by kind since the last look. */
    add(ours: readonly number[], theirs: readonly number[]): 'worse' | 'equal' | 'undecided' {
      for (const [i, { onCanary, each }] of kinds.entries())
        log += (ours[i] ?? 0) * onCanary - ((ours[i] ?? 0) + (theirs[i] ?? 0)) * each;
      return log >= worse ? 'worse' : log <= equal ? 'equal' : 'undecided';
    },
  };
}
