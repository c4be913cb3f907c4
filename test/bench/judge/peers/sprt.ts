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
