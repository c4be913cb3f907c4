/** Which requests a route of the engine takes, in a compiled plan. */
import { z } from 'zod';
import { MAX_MATCHES } from '../limits.ts';
import { HEADER_FIELD } from '../shape/names.ts';

const stringMatch = z.strictObject({
  kind: z.enum(['exact', 'prefix', 'regex']),
  value: z.string().min(1).max(1_024),
});

const requestMatch = z.strictObject({
  method: stringMatch.optional(),
  path: stringMatch.optional(),
  headers: z
    .record(z.string().regex(HEADER_FIELD, 'expected the name of a header'), stringMatch)
    .refine((headers) => Object.keys(headers).length <= MAX_MATCHES, `expected at most ${MAX_MATCHES} headers`)
    .optional(),
});

export const matches = z.array(requestMatch).max(MAX_MATCHES).readonly();
