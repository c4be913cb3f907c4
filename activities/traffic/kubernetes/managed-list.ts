import { failure } from '../../failure.ts';
import type { JsonPatchOperation } from '../../kubernetes/index.ts';
import type { ManagedRoute } from '../port.ts';
import { isManaged } from './managed-names.ts';
import { below, entriesOf, isRecord, pointerTo, type Spot, textOf } from './spot.ts';

/** The wanted routes in the plan's order of precedence. */
export function inOrder(wanted: readonly ManagedRoute[], managed: readonly string[]): readonly ManagedRoute[] {
  const unknown = wanted.find(({ name }) => !managed.includes(name));
  if (unknown)
    throw failure(
      {
        code: 'SHIPLOCK_KUBERNETES_REQUEST',
        message: `${unknown.name} is none of the managed routes (${managed.join(', ') || 'none'})`,
      },
      { retry: 'never' },
    );
  return wanted.toSorted((one, other) => managed.indexOf(one.name) - managed.indexOf(other.name));
}

/**
 * Operations after which our routes are these, before all others; nothing where it is so already. Only whole entries
 * of ours are removed and added: the others keep every byte and their order.
 *
 * @param list routes (Istio) or rules (Gateway API)
 */
export function managedOperations(
  list: Spot,
  routes: readonly object[],
  managed: readonly string[],
): readonly JsonPatchOperation[] {
  const entries = entriesOf(list);
  const ours = entries.filter((entry) => isManaged(textOf(below(entry, 'name')), managed));
  const isSo = ours.length === routes.length && routes.every((route, index) => holds(entries[index]?.value, route));
  if (isSo) return [];
  return [
    ...ours.toReversed().map((entry) => ({ op: 'remove', path: pointerTo(entry) }) as const),
    ...routes.map((value, index) => ({ op: 'add', path: `${pointerTo(list)}/${index}`, value }) as const),
  ];
}

/** Whether all that is wanted is there; an API server adds defaults of its own. */
export function holds(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((entry, index) => holds(found[index], entry))
    );
  if (isRecord(wanted))
    return isRecord(found) && Object.entries(wanted).every(([key, value]) => holds(found[key], value));
  return found === wanted;
}

/** A copy of a foreign object without some of its fields. */
export function without(value: unknown, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(isRecord(value) ? value : {}).filter(([key]) => !fields.includes(key)));
}
