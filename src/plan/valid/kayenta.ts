/** A comparison by the judge `kayenta`, in a compiled plan. */
import { z } from 'zod';
import { distinct, interval, label, positiveMs } from './pieces.ts';

const limit = z.number().min(0).max(1_000_000);

const metric = z.strictObject({
  name: label,
  groups: z.array(label).max(20).readonly(),
  direction: z.enum(['increase', 'decrease', 'either']),
  critical: z.boolean(),
  mustHaveData: z.boolean(),
  muted: z.boolean(),
  nan: z.enum(['remove', 'replace']),
  outliers: z.discriminatedUnion('strategy', [
    z.strictObject({ strategy: z.literal('keep') }),
    z.strictObject({
      strategy: z.literal('remove'),
      detector: z.enum(['iqr', 'kSigma']),
      factor: z.number().gt(0).max(1_000),
    }),
  ]),
  effectSize: z.strictObject({
    measure: z.enum(['meanRatio', 'cles']),
    allowedIncrease: limit,
    allowedDecrease: limit,
    criticalIncrease: limit,
    criticalDecrease: limit,
  }),
});

const score = z.number().min(0).max(100);

export const kayenta = z
  .strictObject({
    judge: z.literal('kayenta'),
    stepMs: interval,
    lookbackMs: positiveMs.nullable(),
    pass: score,
    marginal: score,
    groups: z.record(label, z.number().gt(0).max(100)),
    metrics: z
      .array(metric)
      .min(1)
      .max(20)
      .readonly()
      .refine((metrics) => distinct(metrics, ({ name }) => name), 'expected a name only once')
      .refine((metrics) => metrics.some(({ muted }) => !muted), 'expected a metric that is not muted'),
  })
  .refine(({ marginal, pass }) => marginal < pass, 'expected a marginal score below the one to pass');
