import { createHistogram } from 'node:perf_hooks';
import { isFailure, type Response } from './report.ts';

/** Counts of one side, with response times from when each request was due. */
export interface SideCounts {
  readonly requests: number;
  readonly failed: number;
  readonly p50Seconds: number;
  readonly p95Seconds: number;
  readonly p99Seconds: number;
  /** Sent more than 10 ms after they were due. */
  readonly late: number;
}

export interface SideCounter {
  answered(response: Response): void;
  /** Requests that were due while too many before them were unanswered. */
  notSent(requests: number): void;
  counts(): SideCounts;
}

const LATE_MS = 10;

/** What one side of a comparison answered. Bounded memory: a native HDR histogram, microseconds to three figures. */
export function countSide(): SideCounter {
  const histogram = createHistogram({ lowest: 1, highest: 120_000_000, figures: 3 });
  let requests = 0;
  let failed = 0;
  let late = 0;
  const at = (percentile: number) => (histogram.count === 0 ? 0 : histogram.percentile(percentile) / 1_000_000);
  return {
    answered(response) {
      const { dueAtMs, sentAtMs, answeredAtMs } = response;
      requests += 1;
      if (isFailure(response)) failed += 1;
      if (sentAtMs - dueAtMs > LATE_MS) late += 1;
      histogram.record(Math.max(1, Math.round((answeredAtMs - dueAtMs) * 1000)));
    },
    notSent(unsent) {
      requests += unsent;
      failed += unsent;
    },
    counts: () => ({ requests, failed, p50Seconds: at(50), p95Seconds: at(95), p99Seconds: at(99), late }),
  };
}
