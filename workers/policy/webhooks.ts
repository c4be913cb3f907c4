import { z } from 'zod';
import type { Plan } from '../../src/plan/plan.ts';
import type { Policy } from './contents.ts';
import { isLoopback } from './patterns.ts';

const address = z
  .url({ protocol: /^https?$/, error: 'expected an http(s) address' })
  .max(2_000)
  .refine((text) => isProtected(URL.parse(text)), 'expected https: http is spoken only to a loopback address')
  .refine((text) => isBare(URL.parse(text)), 'expected no credentials in the address: the signature proves who sends');

/** Webhooks by name: where they are, and which variable of the worker holds their secret. */
export const webhooksSchema = z.record(
  z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected lower-case letters, digits, hyphens'),
  z.strictObject({
    url: address,
    secret: z.strictObject({
      env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'expected the name of a variable'),
    }),
  }),
);

/** Webhooks that the plan names and the policy does not. */
export function webhookRefusals({ notify = [] }: Plan, { webhooks }: Policy): string[] {
  return notify
    .filter((name) => !Object.hasOwn(webhooks, name))
    .map((name) => `the webhook "${name}" is not in "webhooks"`);
}

/** What is no address at all has been reported already. */
function isProtected(url: URL | null): boolean {
  return url === null || url.protocol === 'https:' || isLoopback(url.hostname);
}

function isBare(url: URL | null): boolean {
  return url === null || (url.username === '' && url.password === '');
}
