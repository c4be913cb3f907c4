/** Fields that release files and Argo's manifests share, and the ways to refuse one. */
import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import { MIN_INTERVAL_MS } from '../limits.ts';
import type { PlanCode } from '../problem.ts';
import { show } from './show.ts';

/** RFC 1123 label, as Kubernetes' own validation reads it. */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** RFC 1123 subdomain: names of most Kubernetes objects. */
export const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export const text = () => z.string().min(1).max(4_096);

/** Text of a kind, which a message names where it is missing. */
export const textOf = (kind: string) => z.string({ error: kind }).min(1).max(4_096);

/** A share or the like, of which a percentage is the usual mistake; `instead` says what to write. */
export function numberBetween(least: number, most: number, instead: string) {
  const error = `a number from ${least} to ${most}: ${instead}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
}

export const dnsLabel = () =>
  z.string().regex(DNS_LABEL, 'a DNS label: a-z, 0-9 and -, at most 63 characters, for example credlink-api');

/** A rule with a code of its own, judged even where other parts of the value are wrong. */
export function rule<T>(holds: (value: T) => boolean, code: PlanCode, message: (value: T) => string) {
  return z.refine<T>((value) => holds(value), {
    params: { code },
    error: (issue) => message(issue.input as T),
    when: ({ value }) => typeof value === 'object' && value !== null,
  });
}

/** Of a step: exactly one of the kinds. */
export const oneKind = (kinds: readonly string[]) =>
  rule<unknown>(
    (step) => kindsOf(step, kinds).length === 1,
    'SHIPLOCK_PLAN_STEP_KIND',
    (step) => {
      const found = kindsOf(step, kinds);
      const is = found.length === 0 ? 'does nothing' : `is ${found.join(' and ')} at once`;
      return `${is}; expected exactly one of ${kinds.join(', ')}`;
    },
  );

/** The named fields of a step that are there. */
export const kindsOf = (step: unknown, among: readonly string[]): string[] =>
  among.filter((kind) => (step as Record<string, unknown>)[kind] != null);

/**
 * A field of Argo's that is known and not supported: refused by name, never called a spelling mistake.
 * `harmless` is a value that asks for nothing; `instead` says what to do.
 */
export function refused(name: string, harmless?: unknown, instead = 'remove it', by = 'by this version of Shiplock') {
  return z
    .unknown()
    .refine((value) => value === undefined || value === null || value === harmless, {
      params: { code: 'SHIPLOCK_PLAN_UNSUPPORTED', atKey: true },
      error: `${name} is known to Argo Rollouts but not supported ${by}; ${instead}`,
    })
    .optional()
    .meta({ not: {} });
}

/** Accepted and not looked into: Kubernetes' own part of a manifest. */
export const opaque = () => z.unknown().optional();

/** Percent of traffic, whole, 0..100. */
export const weight = () => wholePercent('Percent of traffic for the canary.');

/** Percent of users, whole, 0..100. */
export const percent = () => wholePercent('Percent of users that get the variant.');

const wholePercent = (description: string) =>
  z
    .unknown()
    .refine((value) => isWholeBetween(value, 0, 100), {
      params: { code: 'SHIPLOCK_PLAN_WEIGHT_RANGE', expected: WEIGHT },
      error: (issue) => `is ${show(issue.input)}; expected ${WEIGHT}`,
    })
    .transform((value) => value as number)
    .meta({ type: 'integer', minimum: 0, maximum: 100, description });

const WEIGHT = 'a whole percentage from 0 to 100';

export const isWholeBetween = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

/** Milliseconds, from whole seconds or `5m`, `1h30m`. */
export const duration = (description = 'Whole seconds, or for example 30s, 5m, 1h30m.') =>
  durationField(true, 0).meta({ type: ['string', 'integer'], description });

/** A rhythm: as a duration, but never faster than once a second. */
export const interval = (description = 'For example 5s or 5m; at least 1s.') =>
  durationField(true, MIN_INTERVAL_MS).meta({ type: ['string', 'integer'], description });

function durationField(bareSeconds: boolean, leastMs: number) {
  return z.unknown().transform((value, context): number => {
    const fail = (message: string) => {
      context.addIssue({ code: 'custom', message, params: { code: 'SHIPLOCK_PLAN_DURATION', expected: 'a duration' } });
      return z.NEVER;
    };
    if (typeof value !== 'number' && typeof value !== 'string') return fail(`is ${show(value)}; expected a duration`);
    const parsed = parseDuration(value, bareSeconds);
    if (!parsed.ok) return fail(parsed.message);
    return parsed.ms < leastMs ? fail(`is shorter than ${leastMs} ms`) : parsed.ms;
  });
}

/** Text in which `{{args.x}}` may still stand; whatever reads it then waits for the value. */
export const isPlaceholder = (value: unknown): value is string => typeof value === 'string' && value.includes('{{');

/** A duration that needs a unit (Argo's `DurationString`); `null` while a placeholder stands in it. */
export function durationText(leastMs = 0) {
  const parse = durationField(false, leastMs);
  return z.unknown().transform((value, context): number | null => {
    if (isPlaceholder(value)) return null;
    const result = parse.safeParse(value);
    if (result.success) return result.data;
    context.addIssue({
      code: 'custom',
      message: result.error.issues[0]?.message,
      params: { code: 'SHIPLOCK_PLAN_DURATION' },
    });
    return z.NEVER;
  });
}

/** Argo's `IntOrString` holding a whole number of `least` to `most`; `null` while a placeholder stands in it. */
export function wholeText(least = 0, most = 1_000_000_000) {
  return z.unknown().transform((value, context): number | null => {
    if (isPlaceholder(value)) return null;
    const number = typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
    if (isWholeBetween(number, least, most)) return number as number;
    const bound = isWholeBetween(number, most, Number.MAX_SAFE_INTEGER) ? `at most ${most}` : undefined;
    const expected = bound ?? `${least === 0 ? 'zero' : least} or more`;
    const message = `is ${show(value)}; expected a whole number of ${expected}`;
    context.addIssue({ code: 'custom', message, params: { code: 'SHIPLOCK_PLAN_RANGE' } });
    return z.NEVER;
  });
}
