/** What responses show, counted from the version header alone. Pure. */
import type { Response } from '../../src/load/load.ts';

export function failed({ status, error }: Response): boolean {
  return error !== null || status === null || status >= 500;
}

export interface Split {
  readonly requests: number;
  /** Percent of answered requests that this version answered. */
  readonly observed: number;
  readonly failed: number;
}

/** The share of one version among the requests that were meant to start in a span (epoch milliseconds). */
export function splitIn(samples: readonly Response[], version: string, from: number, to: number): Split {
  const within = samples.filter(({ dueAtMs }) => dueAtMs >= from && dueAtMs < to);
  const answered = within.filter((sample) => sample.version !== null);
  const theirs = answered.filter((sample) => sample.version === version);
  return {
    requests: within.length,
    observed: answered.length === 0 ? 0 : (100 * theirs.length) / answered.length,
    failed: within.filter(failed).length,
  };
}

export interface Failures {
  /** Answered by this version itself with 5xx. */
  readonly own: number;
  /** Everything else that failed: other versions, the router, the connection. */
  readonly others: number;
}

export function failuresOf(samples: readonly Response[], version: string): Failures {
  const all = samples.filter(failed);
  const own = all.filter((sample) => sample.version === version).length;
  return { own, others: all.length - own };
}

/** When the last answer of a version arrived (epoch milliseconds); `null`: it never answered. */
export function lastAnswer(samples: readonly Response[], version: string): number | null {
  return samples.reduce<number | null>(
    (last, sample) => (sample.version === version ? Math.max(last ?? 0, sample.answeredAtMs) : last),
    null,
  );
}

/** When the first answer of a version arrived that was a fault: 5xx, or slower than `slowMs`. */
export function firstFault(samples: readonly Response[], version: string, slowMs: number): number | null {
  const faults = samples.filter(
    (sample) => sample.version === version && (failed(sample) || sample.answeredAtMs - sample.dueAtMs > slowMs),
  );
  return faults.length === 0 ? null : Math.min(...faults.map(({ answeredAtMs }) => answeredAtMs));
}
