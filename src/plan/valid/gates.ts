import { z } from 'zod';
import { absolute, command, label, ms, percent, text } from './pieces.ts';

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
]);
