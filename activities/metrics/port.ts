import type { PrometheusQuery } from '../../src/plan/plan.ts';

export interface MeasureRequest {
  readonly provider: PrometheusQuery;
  /** The same question about the stable side, asked at the same time: shown to people, never judged. */
  readonly beside?: string;
}

/**
 * One reading, as it was answered. Judging parses `raw` (pure code, in the workflow), so whoever replays the
 * history computes the value and the verdict again from the same bytes.
 */
export interface Reading {
  /** RFC 3339, the evaluation time that was asked for. */
  readonly at: string;
  /** Where the query really went, after the worker's mapping. */
  readonly address: string;
  readonly query: string;
  /** The range selectors of the query, for example `2m`; empty for an instant value. */
  readonly window: string;
  /** The provider's answer, unaltered (at most 64 KiB); empty with `error`. */
  readonly raw: string;
  /** Why there is no answer: unreachable, time-out, status, too large. */
  readonly error: string | null;
  /** The raw answer to `beside`; empty where there is none. */
  readonly beside: string;
}

/** A provider that cannot answer is a reading with `error`, never a failed activity: that, too, is evidence. */
export interface MetricsActivities {
  measure(request: MeasureRequest): Promise<Reading>;
}
