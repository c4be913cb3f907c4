import { z } from 'zod';
import { dnsLabel, duration, interval, textOf } from '../shape/fields.ts';
import { askedFields } from './schema-comparison.ts';

const limit = (description: string) => z.number().min(0).max(1_000_000).optional().describe(description);
const score = () => z.number().min(0).max(100).optional();

/** What the judge `kayenta` compares: the names are those of Kayenta's canary configuration. */
export const kayentaSchema = z.strictObject({
  judge: z.literal('kayenta'),
  interval: interval().optional().describe('Between two readings, the first one so long after the start. Default: 5m.'),
  ...askedFields(),
  step: interval('Between two points of a series. Default: 15s.').optional(),
  lookback: duration('Judges so much of the time until now. Default: all since the comparison began.').optional(),
  pass: score().describe('This score or more passes. Default: 95.'),
  marginal: score().describe('This score or less fails at once; between the two it is inconclusive. Default: 75.'),
  groups: z
    .record(dnsLabel(), z.number().gt(0).max(100))
    .optional()
    .describe('Weights of groups in percent; the other groups share the rest.'),
  metrics: z
    .array(
      z.strictObject({
        name: dnsLabel(),
        query: textOf('PromQL').describe("PromQL that names the canary's service and gives one series."),
        group: dnsLabel().optional().describe('Default: all.'),
        direction: z.enum(['increase', 'decrease', 'either']).optional().describe('What is bad. Default: either.'),
        critical: z.boolean().optional().describe('If it fails or has no data, the score is 0. Default: false.'),
        mustHaveData: z.boolean().optional().describe('No data counts as failed. Default: false.'),
        muted: z.boolean().optional().describe('Judged and shown, and counts for nothing. Default: false.'),
        nan: z.enum(['remove', 'replace']).optional().describe('Missing points: left out, or 0. Default: remove.'),
        outliers: z.enum(['keep', 'remove']).optional().describe('By interquartile ranges. Default: keep.'),
        outlierFactor: z.number().gt(0).max(1_000).optional().describe('Interquartile ranges. Default: 3.'),
        effectSize: z
          .strictObject({
            measure: z
              .enum(['meanRatio', 'cles'])
              .optional()
              .describe('Ratio of the means, or the share of pairs in which the canary is higher. Default: meanRatio.'),
            allowedIncrease: limit('Smaller effects are no increase. Default: 1; of cles 0.5.'),
            allowedDecrease: limit('Larger effects are no decrease. Default: 1; of cles 0.5.'),
            criticalIncrease: limit('From here an increase is critical. Default: 1; of cles 0.5.'),
            criticalDecrease: limit('To here a decrease is critical. Default: 1; of cles 0.5.'),
          })
          .optional()
          .describe('How large a difference must be.'),
      }),
    )
    .min(1)
    .max(20),
});

export type WrittenKayenta = z.infer<typeof kayentaSchema>;
export type WrittenKayentaMetric = WrittenKayenta['metrics'][number];
