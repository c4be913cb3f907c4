import type { Provider } from '../../src/plan/plan.ts';

export interface MeasureRequest {
  readonly provider: Provider;
  /** Prometheus only: the same question about the stable side, asked about the same time. */
  readonly beside?: string;
  /** Prometheus only: a query of how many requests the reading speaks of, asked about the same time. */
  readonly requests?: string;
  /** The release's, by which a policy may map addresses. */
  readonly environment?: string;
  /** Which metric of the release asks; it is never given the same answer twice. Absent: it shares no past one. */
  readonly metric?: string;
}

/**
 * One reading, as it was answered. Judging parses `raw` (pure code, in the workflow), so whoever replays the
 * history computes the value and the verdict again from the same bytes.
 */
export interface Reading {
  /** RFC 3339, the time that was asked about; readings that share an answer have the same. */
  readonly at: string;
  /** Where the question really went, after the worker's mapping; empty for a job. */
  readonly address: string;
  readonly query: string;
  /** The stretch of time it speaks of: a query's range selectors and its range, `2m, 1h by 1m`; empty for an instant. */
  readonly window: string;
  /** The provider's answer, unaltered (at most 64 KiB); empty with `error`. */
  readonly raw: string;
  /** Why there is no answer: unreachable, time-out, status, too large. */
  readonly error: string | null;
  /** The raw answer to `beside`; empty where there is none. */
  readonly beside: string;
  /** The raw answer to `requests`, or why there is none; absent where it was not asked. */
  readonly requests?: { readonly raw: string; readonly error: string | null };
}

/** A provider that cannot answer is a reading with `error`, never a failed activity: that, too, is evidence. */
export interface MetricsActivities {
  measure(request: MeasureRequest): Promise<Reading>;
}
