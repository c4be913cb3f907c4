import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** More versions than a test ever has; further ones are counted as `other`. */
const MAX_VERSIONS = 50;
const MAX_FAILURES = 500;
/** An hour of seconds; the oldest fall away. */
const MAX_SECONDS = 3600;
/** A request sent later than this after it was due was late because of the generator, not of the service. */
const LATE_MS = 20;

/** How one request went. Times are milliseconds since 1970, with fractions. */
export interface Response {
  /** The header `x-service-version`; `null` where no header came. */
  readonly version: string | null;
  readonly status: number | null;
  /** `ECONNRESET`, `timeout`, `incomplete` …; `null` with a complete answer. */
  readonly error: string | null;
  readonly dueAtMs: number;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

export interface VersionCounts {
  readonly requests: number;
  /** By class: `2xx`, `5xx`; `none` without a status. */
  readonly classes: Readonly<Record<string, number>>;
  /** 5xx and answers that did not come, or not completely. */
  readonly failures: number;
  readonly firstSeen: Seen;
  readonly lastSeen: Seen;
}

/** Milliseconds since 1970. */
export interface Seen {
  /** When the latest request that this version answered was sent. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

export interface Second {
  /** Seconds since 1970 in which these requests were sent. */
  readonly second: number;
  readonly versions: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
}

export interface LoadReport {
  readonly startedAtMs: number;
  readonly seconds: number;
  readonly requests: number;
  readonly failures: number;
  /** By `x-service-version`; `unknown` where there was no such header (an answer of the router itself, or none). */
  readonly versions: Readonly<Record<string, VersionCounts>>;
  /** From when a request was due, in milliseconds; `null` without any answer. */
  readonly responseMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  /** Sent more than 20 ms after they were due. */
  readonly lateStarts: number;
  /** Due while too many were under way. */
  readonly notSent: number;
  readonly timeline: readonly Second[];
  /** The first 500. */
  readonly failed: readonly Response[];
}

interface Counting {
  requests: number;
  classes: Record<string, number>;
  failures: number;
  firstSeen: Seen;
  lastSeen: Seen;
}

export interface Recorder {
  answered(response: Response): void;
  notSent(): void;
  snapshot(): LoadReport;
}

/** Counts responses; its memory is bounded. */
export function recorder(): Recorder {
  const startedAtMs = performance.timeOrigin + performance.now();
  const versions = new Map<string, Counting>();
  const timeline = new Map<number, { versions: Record<string, number>; failures: Record<string, number> }>();
  const failed: Response[] = [];
  // In microseconds, up to two minutes, to three figures: a native HDR histogram.
  const histogram = createHistogram({ lowest: 1, highest: 120_000_000, figures: 3 });
  let requests = 0;
  let failures = 0;
  let lateStarts = 0;
  let notSent = 0;

  function answered(response: Response): void {
    const { status, dueAtMs, sentAtMs, answeredAtMs } = response;
    const named = response.version ?? 'unknown';
    const version = versions.has(named) || versions.size < MAX_VERSIONS ? named : 'other';
    const hasFailed = isFailure(response);
    requests += 1;
    if (sentAtMs - dueAtMs > LATE_MS) lateStarts += 1;
    histogram.record(Math.max(1, Math.round((answeredAtMs - dueAtMs) * 1000)));

    const seen = { sentAtMs, answeredAtMs };
    const counting = versions.get(version) ?? {
      requests: 0,
      classes: {},
      failures: 0,
      firstSeen: seen,
      lastSeen: seen,
    };
    versions.set(version, counting);
    counting.requests += 1;
    const name = status === null ? 'none' : `${Math.floor(status / 100)}xx`;
    counting.classes[name] = (counting.classes[name] ?? 0) + 1;
    if (sentAtMs >= counting.lastSeen.sentAtMs) counting.lastSeen = seen;
    if (sentAtMs < counting.firstSeen.sentAtMs) counting.firstSeen = seen;

    const second = Math.floor(sentAtMs / 1000);
    const slot = timeline.get(second) ?? { versions: {}, failures: {} };
    timeline.set(second, slot);
    slot.versions[version] = (slot.versions[version] ?? 0) + 1;
    if (timeline.size > MAX_SECONDS) timeline.delete(timeline.keys().next().value ?? second);

    if (!hasFailed) return;
    failures += 1;
    counting.failures += 1;
    slot.failures[version] = (slot.failures[version] ?? 0) + 1;
    if (failed.length < MAX_FAILURES) failed.push(response);
  }

  return {
    answered,
    notSent() {
      notSent += 1;
    },
    snapshot: () => ({
      startedAtMs,
      seconds: (performance.timeOrigin + performance.now() - startedAtMs) / 1000,
      requests,
      failures,
      versions: Object.fromEntries([...versions].map(([version, counting]) => [version, structuredClone(counting)])),
      responseMs: requests === 0 ? null : percentiles(histogram),
      lateStarts,
      notSent,
      timeline: [...timeline]
        .sort(([a], [b]) => a - b)
        .map(([second, slot]) => ({ second, versions: { ...slot.versions }, failures: { ...slot.failures } })),
      failed: [...failed],
    }),
  };
}

/** A 5xx, or no complete answer. */
export function isFailure({ status, error }: Pick<Response, 'status' | 'error'>): boolean {
  return error !== null || status === null || status >= 500;
}

function percentiles(histogram: RecordableHistogram) {
  const milliseconds = (microseconds: number) => microseconds / 1000;
  return {
    p50: milliseconds(histogram.percentile(50)),
    p95: milliseconds(histogram.percentile(95)),
    p99: milliseconds(histogram.percentile(99)),
    max: milliseconds(histogram.max),
  };
}
