import type { StringMatch } from '../port.ts';

/**
 * What both conditions on one text take, as one condition; `null`: nothing can meet both. `undefined`: it cannot be
 * said in one condition (a regular expression beside another condition).
 *
 * @param unit prefixes end where a segment of a path ends (Gateway API), or anywhere (Istio)
 * @example bothOf({ kind: 'prefix', value: '/a' }, { kind: 'exact', value: '/a/b' }, 'character') // the exact one
 */
export function bothOf(
  one: StringMatch,
  other: StringMatch,
  unit: 'character' | 'segment',
): StringMatch | null | undefined {
  if (one.kind === other.kind && one.value === other.value) return one;
  if (isEverything(one)) return other;
  if (isEverything(other)) return one;
  if (one.kind === 'regex' || other.kind === 'regex') return undefined;
  const [wide, narrow] = one.kind === 'prefix' && one.value.length <= other.value.length ? [one, other] : [other, one];
  if (wide.kind === 'exact') return null;
  return startsWith(narrow.value, wide.value, unit) ? narrow : null;
}

/** Every path starts with a slash. */
function isEverything({ kind, value }: StringMatch): boolean {
  return kind === 'prefix' && (value === '' || value === '/');
}

function startsWith(text: string, prefix: string, unit: 'character' | 'segment'): boolean {
  if (unit === 'character') return text.startsWith(prefix);
  const whole = prefix.replace(/\/$/, '');
  return text === whole || text.startsWith(`${whole}/`);
}
