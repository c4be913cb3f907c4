import { z } from 'zod';
import { isHttpAddress } from '../argo/providers/index.ts';
import { MAX_BODY_CHARACTERS, MAX_RETRIES, MIN_INTERVAL_MS } from '../limits.ts';
import { absolute, command, label, ms, percent, text } from './pieces.ts';

const httpAddress = z.string().max(4_096).refine(isHttpAddress, 'expected an http(s) address without credentials');

const base = { name: label, directory: absolute, timeoutMs: ms };

export const gate = z.discriminatedUnion('kind', [
  z.strictObject({ ...base, kind: z.literal('command'), command }),
  z.strictObject({ ...base, kind: z.literal('coverage'), report: text, minimumPercent: percent }),
  z
    .strictObject({
      ...base,
      kind: z.literal('audit'),
      command: command.optional(),
      report: text.optional(),
      level: z.enum(['low', 'moderate', 'high', 'critical']),
    })
    .refine((value) => (value.command === undefined) !== (value.report === undefined), 'expected command or report'),
  z.strictObject({
    ...base,
    kind: z.literal('web'),
    url: httpAddress,
    body: z.string().max(MAX_BODY_CHARACTERS).optional(),
    requestTimeoutMs: ms,
    retries: z.int().min(0).max(MAX_RETRIES),
    intervalMs: ms.min(MIN_INTERVAL_MS),
    insecure: z.literal(true).optional(),
  }),
]);
