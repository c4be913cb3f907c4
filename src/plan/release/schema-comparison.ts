import { z } from 'zod';
import { dnsLabel, duration, interval, numberBetween, textOf } from '../shape/fields.ts';
import { exactlyOne } from './schema-fields.ts';

const margin = () =>
  numberBetween(0.01, 99, '0.5 is half as often again')
    .optional()
    .describe('Up to 1 + margin times as often (a mean: as long) is equivalent. Default: none.');
const minimumRequests = () =>
  z
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe('Needed on each side before anything is concluded. Default: 100.');

const promql = () => textOf('PromQL');

/** Whom every judge asks, and with what it compares. */
export const askedFields = () => ({
  baseline: z
    .boolean()
    .optional()
    .describe(
      'Compares with a fresh revision of the stable version, of the size and share of the canary. Default: false.',
    ),
  timeout: duration('Of one question. Default: 30s.').optional(),
  prometheus: textOf('an http address').describe('Its address, for example http://prometheus:9090.'),
});

/** What of the canary is compared with the stable side, look by look. */
export const comparisonSchema = z.strictObject({
  judge: z.literal('sequential').optional().describe('Who judges: sequential (default) or kayenta.'),
  alpha: numberBetween(1e-6, 0.5, '0.05 is 5 %')
    .optional()
    .describe(
      'The share of releases of an equal version that may be called worse, for all metrics together. Default: 0.05.',
    ),
  interval: interval().optional().describe('Between two looks. Default: 30s.'),
  ...askedFields(),
  margin: margin(),
  minimumRequests: minimumRequests(),
  metrics: z
    .array(
      z
        .strictObject({
          name: dnsLabel(),
          weight: z.number().min(0.01).max(100).optional().describe('Its part of alpha. Default: 1.'),
          counts: z
            .strictObject({
              events: promql().describe('Counters of what should not happen, for example failed requests.'),
              total: promql().describe('Counters of all requests.'),
            })
            .optional()
            .describe("PromQL that names the canary's service; sums are taken of it."),
          histogram: promql()
            .optional()
            .describe("Buckets (PromQL that names the canary's service), by le in seconds."),
          mean: z
            .strictObject({
              sum: promql().describe('The sum of what the histogram observed, in seconds: its series ending in _sum.'),
              histogram: promql().describe('Its buckets, by le in seconds; they say how much the latency varies.'),
            })
            .optional()
            .describe("PromQL that names the canary's service: how long requests take on average."),
          quantile: numberBetween(0.5, 0.9999, '0.99 is the 99th percentile')
            .optional()
            .describe('Of the histogram. Default: 0.99.'),
          margin: margin(),
          minimumRequests: minimumRequests(),
        })
        .check(exactlyOne(['counts', 'histogram', 'mean'])),
    )
    .min(1)
    .max(10),
});

export type WrittenComparison = z.infer<typeof comparisonSchema>;
