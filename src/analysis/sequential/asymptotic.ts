/** A side's numbers: the sum, the sum of squares and how many. */
export interface Moments {
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly n: number;
}

/** A relative difference (0.5: half as much again) with the interval that holds at every look, asymptotically. */
export interface Uplift {
  readonly uplift: number;
  readonly low: number;
  readonly high: number;
  readonly standardError: number;
  /** Always-valid p-value for "no difference". */
  readonly pValue: number;
}

/**
 * How much larger the mean of `b` is than the mean of `a`, relative to `a`, as an asymptotic confidence sequence:
 * valid at every look once both samples are large; tightest after about `tuning` values. `null` where it has no
 * meaning: fewer than two values on a side, a zero mean of `a`, no variance at all, numbers that are not finite.
 *
 * Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence
 * sequences" (arXiv 2103.06476), theorem 2.2 and eq. (10), with the delta method for the ratio of two means.
 */
export function relativeUplift(
  a: Moments,
  b: Moments,
  rules: { readonly alpha: number; readonly tuning: number },
): Uplift | null {
  if (!(a.n > 1 && b.n > 1)) return null;
  const [meanA, meanB] = [a.sum / a.n, b.sum / b.n];
  const variance =
    sampleVariance(b) / b.n / (meanA * meanA) + (sampleVariance(a) / a.n) * (meanB * meanB * meanA ** -4);
  if (!(variance > 0 && Number.isFinite(variance) && Number.isFinite(meanB / meanA))) return null;
  const uplift = (meanB - meanA) / meanA;
  const standardError = Math.sqrt(variance);
  const n = a.n + b.n;
  const logs = -2 * Math.log(rules.alpha);
  const rhoSquared = (logs + Math.log(logs + 1)) / rules.tuning;
  const scaled = n * rhoSquared + 1;
  const radius =
    standardError *
    Math.sqrt(n) *
    Math.sqrt(((2 * scaled) / (n * n * rhoSquared)) * Math.log(Math.sqrt(scaled) / rules.alpha));
  const logEvidence = ((uplift / standardError) ** 2 * n * rhoSquared) / (2 * scaled) - 0.5 * Math.log(scaled);
  return {
    uplift,
    low: uplift - radius,
    high: uplift + radius,
    standardError,
    pValue: Math.min(1, Math.exp(-logEvidence)),
  };
}

/** The moments of a count of successes: a success is 1, its square too; the variance is p(1 - p). */
export function proportionMoments(successes: number, n: number): Moments {
  // Squares are scaled so that the sample variance is exactly p(1 - p), the usual form for shares.
  const mean = successes / n;
  return { sum: successes, sumOfSquares: mean * (1 - mean) * (n - 1) + n * mean * mean, n };
}

function sampleVariance({ sum, sumOfSquares, n }: Moments): number {
  return (sumOfSquares - (sum * sum) / n) / (n - 1);
}
