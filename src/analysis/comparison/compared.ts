import type { ReadingVerdict } from '../reading.ts';
import type { ComparisonProgress } from './evidence.ts';

/** What one look makes of a comparison. */
export interface Compared {
  readonly progress: ComparisonProgress;
  readonly verdict: ReadingVerdict;
  /** It was shown, at the present weight, that the canary is within the margin. */
  readonly safe: boolean;
  readonly because: string;
  /** The canary's side and the stable side's, in short. */
  readonly value: string;
  readonly beside: string;
}
