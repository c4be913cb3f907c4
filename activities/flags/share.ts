import { isDeepStrictEqual } from 'node:util';
import type { FlagDefinition } from '../../infra/local/protocol.ts';

/**
 * What stands for 100 %. Constant, and the variant comes first: whoever is in at 10 % is in at 50 %, since a user's
 * place between 0 and the total depends on nothing else (https://flagd.dev/reference/custom-operations/fractional-operation/).
 */
const TOTAL = 100_000;

type Targeting = FlagDefinition['targeting'];

/** What names a user where it is written out; left out, flagd takes the same two but none without a targeting key. */
const USER = { cat: [{ var: '$flagd.flagKey' }, { var: 'targetingKey' }] };

/**
 * A flag whose variant so many percent of users get, and the default variant the others; all else is as it was. 0 is
 * without a targeting, not `DISABLED`: then the default of each caller's code would count. 100 is for everybody, also
 * for requests that name no user.
 *
 * @param percent 0..100, to a thousandth.
 */
export function withPercent(definition: FlagDefinition, variant: string, percent: number): FlagDefinition {
  return withTargeting(definition, targetingOf(weightOf(percent), variant, definition.defaultVariant ?? ''));
}

/** A percent as it can be written: to a thousandth. */
export function rounded(percent: number): number {
  return (weightOf(percent) * 100) / TOTAL;
}

function weightOf(percent: number): number {
  return Math.round((percent * TOTAL) / 100);
}

export function withTargeting({ targeting: _, ...rest }: FlagDefinition, targeting: Targeting): FlagDefinition {
  return targeting === undefined ? rest : { ...rest, targeting };
}

function targetingOf(weight: number, variant: string, others: string): Targeting {
  if (weight <= 0) return undefined;
  const shares = [
    [variant, weight],
    [others, TOTAL - weight],
  ];
  return { fractional: weight === TOTAL ? [USER, ...shares] : shares };
}

/** The percent of users that get a variant; `null` where no ramp could have written its targeting. */
export function percentOf(definition: FlagDefinition, variant: string): number | null {
  const { targeting = {}, defaultVariant, state } = definition;
  if (state !== 'ENABLED' || !defaultVariant) return null;
  if (Object.keys(targeting).length === 0) return defaultVariant === variant ? 100 : 0;
  if (defaultVariant === variant || !Array.isArray(targeting.fractional)) return null;
  const weight = targeting.fractional.find((part) => Array.isArray(part))?.[1];
  const isShare = Number.isInteger(weight) && weight > 0 && weight <= TOTAL;
  if (!isShare || !isDeepStrictEqual(targetingOf(weight, variant, defaultVariant), targeting)) return null;
  return (weight * 100) / TOTAL;
}

/** `''`, or why no ramp can turn this variant on and off. */
export function whyNoRamp({ state, defaultVariant }: FlagDefinition, variant: string): string {
  if (state !== 'ENABLED') return 'it is disabled, so the default of each caller’s code counts';
  if (!defaultVariant) return 'it has no default variant, so the others would get the default of each caller’s code';
  if (defaultVariant === variant) return `${variant} is its default variant, so there is nothing to turn it off to`;
  return '';
}
