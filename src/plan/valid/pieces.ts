/** What the parts of a compiled plan are made of. */
import path from 'node:path';
import { z } from 'zod';
import { MAX_DURATION_MS, MIN_INTERVAL_MS } from '../limits.ts';
import { TRUST_LEVELS } from '../plan.ts';
import { DNS_LABEL } from '../shape/fields.ts';

export const label = z.string().regex(DNS_LABEL, 'expected a DNS label');
export const text = z.string().min(1).max(16_384);
export const absolute = text.refine((value) => path.isAbsolute(value), 'expected an absolute path');
export const urlPath = z
  .string()
  .max(1_024)
  .regex(/^\/\S*$/);
export const command = z.array(text).min(1).max(100).readonly();
export const ms = z.int().min(0).max(MAX_DURATION_MS);
export const positiveMs = z.int().min(1).max(MAX_DURATION_MS);
export const interval = z.int().min(MIN_INTERVAL_MS).max(MAX_DURATION_MS);
export const percent = z.number().min(0).max(100);
export const wholePercent = z.int().min(0).max(100);
export const whole = z.int().min(0).max(1_000_000_000);

export const onFailure = z.enum(['release', 'phase']);

export const approval = z.strictObject({
  deadlineMs: ms,
  requires: z.enum(TRUST_LEVELS),
  quorum: z.int().min(1).max(20),
  notStarter: z.boolean(),
});

/** Whether no two items have the same key. */
export const distinct = <T>(items: readonly T[], keyOf: (item: T) => string): boolean =>
  new Set(items.map(keyOf)).size === items.length;
