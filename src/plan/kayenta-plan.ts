/** What the comparison judge `kayenta` is told; in words of Spinnaker Kayenta's canary configuration. */

/** One metric. Its samples are the points of one series on each side. */
export interface KayentaMetric {
  readonly name: string;
  /** A metric in no group is judged and shown, and counts only where it is critical (as in Kayenta). */
  readonly groups: readonly string[];
  /** What is bad: more, less, or both. */
  readonly direction: 'increase' | 'decrease' | 'either';
  /** If it is worse by the critical effect size, or has no data, the summary score is 0. */
  readonly critical: boolean;
  /** No data counts as a failed metric of its group. */
  readonly mustHaveData: boolean;
  /** Judged and shown, and counts for nothing. */
  readonly muted: boolean;
  /** Missing points are left out, or count as 0. */
  readonly nan: 'remove' | 'replace';
  readonly outliers: KayentaOutliers;
  readonly effectSize: KayentaEffectSize;
}

export type KayentaOutliers =
  | { readonly strategy: 'keep' }
  /** Outside the fences at `factor` interquartile ranges, or `factor` standard deviations from the mean. */
  | { readonly strategy: 'remove'; readonly detector: 'iqr' | 'kSigma'; readonly factor: number };

/**
 * How large a difference must be. `meanRatio`: the canary's mean by the baseline's, 1 for equal sides. `cles`: the
 * share of pairs in which the canary's value is the larger one, 0.5 for equal sides.
 */
export interface KayentaEffectSize {
  readonly measure: 'meanRatio' | 'cles';
  readonly allowedIncrease: number;
  readonly allowedDecrease: number;
  readonly criticalIncrease: number;
  readonly criticalDecrease: number;
}

/** A comparison by the judge `kayenta`: all its metrics are one, since they share a score. */
export interface KayentaPlan extends KayentaScoring {
  readonly judge: 'kayenta';
  /** Between two points of a series. Grows with the window where an answer would get too large. */
  readonly stepMs: number;
  /** How far back a window looks. `null`: to where the comparison began. */
  readonly lookbackMs: number | null;
}

/** What is judged and how the scores become a verdict. */
export interface KayentaScoring {
  readonly metrics: readonly KayentaMetric[];
  /** Weights of groups in percent; the other groups share the rest to 100 equally. */
  readonly groups: Readonly<Record<string, number>>;
  /** Summary scores in 0..100: at or below `marginal` fails, `pass` or more passes. `null`: no such threshold. */
  readonly marginal: number | null;
  readonly pass: number | null;
}
