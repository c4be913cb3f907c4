/** Fields and rules that the sections of a release file share. */
import { z } from 'zod';
import { TRUST_LEVELS } from '../plan.ts';
import { duration, rule, text } from '../shape/fields.ts';

export const path = (description: string) => text().describe(`${description} Relative to the release file.`);

export const command = (description: string) =>
  z.array(text()).min(1).max(100).describe(`${description} An argument list; no shell.`);

export const fraction = () => z.number().min(0).max(1);

export const urlPath = (description: string) =>
  z
    .string()
    .max(1_024)
    .regex(/^\/\S*$/, 'a path that starts with /')
    .describe(description);

/** How many of the named fields of an object are there. */
export const given = (value: unknown, fields: readonly string[]): readonly string[] =>
  fields.filter((field) => (value as Record<string, unknown>)[field] !== undefined);

export const exactlyOne = (fields: readonly string[]) =>
  rule<unknown>(
    (value) => given(value, fields).length === 1,
    'SHIPLOCK_PLAN_CHOICE',
    (value) => notExactlyOne(value, fields),
  );

export function notExactlyOne(value: unknown, fields: readonly string[]): string {
  const found = given(value, fields);
  return `has ${found.length === 0 ? 'none' : found.join(' and ')}; expected exactly one of ${fields.join(', ')}`;
}

export const approvalSchema = (unanswered: string) =>
  z.strictObject({
    deadline: duration(unanswered).optional(),
    requires: z.enum(TRUST_LEVELS).optional().describe('How far the person must be proven. Default: anonymous.'),
    quorum: z.int().min(1).max(20).optional().describe('Different persons. Default: 1.'),
    notStarter: z.boolean().optional().describe('Nobody approves what they started. Default: false.'),
  });

export const onFailure = () =>
  z
    .enum(['release', 'phase'])
    .optional()
    .describe('What a failure takes back: the whole release (default), or this phase only.');

/** `onFailure` of a section without which nothing would be released: only `release` makes sense. */
export const onFailureOfRelease = (because: string) =>
  z
    .unknown()
    .refine((value) => value === undefined || value === 'release', {
      params: { code: 'SHIPLOCK_PLAN_ON_FAILURE', atKey: true },
      error: `can only be release: ${because}`,
    })
    .optional()
    .meta({ const: 'release' });
