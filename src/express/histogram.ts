import type { Metric } from 'prom-client';

/** The seven buckets of the release queries. */
export const DURATION_BUCKETS_SECONDS: readonly number[] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The durations of one combination of labels. */
export interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  /** How many fell into each bucket, each counted once; beyond the last bucket they are in `count` alone. */
  readonly buckets: number[];
  count: number;
  sum: number;
}

export function emptyDistribution(labels: Distribution['labels']): Distribution {
  return { labels, buckets: DURATION_BUCKETS_SECONDS.map(() => 0), count: 0, sum: 0 };
}

export function observe(distribution: Distribution, seconds: number): void {
  distribution.count += 1;
  distribution.sum += seconds;
  let index = 0;
  for (const bound of DURATION_BUCKETS_SECONDS) {
    if (seconds <= bound) {
      distribution.buckets[index] = (distribution.buckets[index] ?? 0) + 1;
      return;
    }
    index += 1;
  }
}

/**
 * A histogram for prom-client's registry that is put together when it is scraped. prom-client's own checks and
 * hashes the labels again at every observation, which costs more than all the rest of the middleware
 * (`test/bench/middleware.ts`).
 */
export function histogramOf(options: {
  readonly name: string;
  readonly help: string;
  readonly distributions: readonly Distribution[];
}): Metric {
  const { name, help, distributions } = options;
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    async get() {
      return { name, help, type: 'histogram', aggregator: 'sum', values: distributions.flatMap(samples) };
    },
    /** Called by `register.resetMetrics()`. */
    reset() {
      for (const distribution of distributions) {
        distribution.count = 0;
        distribution.sum = 0;
        distribution.buckets.fill(0);
      }
    },
  };
  // Of a metric, the registry calls these two alone.
  return metric as unknown as Metric;

  function samples({ labels, buckets, count, sum }: Distribution) {
    let below = 0;
    const bucket = (le: number | string, value: number) => ({
      metricName: `${name}_bucket`,
      labels: { le, ...labels },
      value,
    });
    const bounded = DURATION_BUCKETS_SECONDS.map((le, index) => {
      below += buckets[index] ?? 0;
      return bucket(le, below);
    });
    return [
      ...bounded,
      bucket('+Inf', count),
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
