import { type JsonPatchOperation, type KubernetesObject, pointerSegment } from '../../kubernetes/index.ts';

/**
 * What we wrote last, as annotations of objects that are not ours. One object may serve several services, each of which
 * has its own numbers and weights: so the service's name is part of the annotation's.
 */
export interface Marks {
  readonly fence: string;
  /** Percent of the canary. */
  readonly weight: string;
  /** When it was written, RFC 3339, by the worker's clock. */
  readonly since: string;
  /** `label=value` of the revision whose pods a Service chooses. */
  readonly chosen: string;
  /** The same of the two subsets of a DestinationRule. */
  readonly stable: string;
  readonly canary: string;
}

export function marksOf(service: string): Marks {
  const named = (what: string) => `${what}.shiplock.dev/${service}`;
  return {
    fence: named('fence'),
    weight: named('weight'),
    since: named('since'),
    chosen: named('chosen'),
    stable: named('stable'),
    canary: named('canary'),
  };
}

export function markOf({ metadata }: KubernetesObject, mark: string): string | undefined {
  return metadata.annotations?.[mark];
}

/** Nothing where all of them say so already. */
export function markOperations(
  { metadata }: KubernetesObject,
  marks: Readonly<Record<string, string>>,
): readonly JsonPatchOperation[] {
  const changed = Object.entries(marks).filter(([mark, value]) => metadata.annotations?.[mark] !== value);
  if (changed.length === 0) return [];
  if (!metadata.annotations) return [{ op: 'add', path: '/metadata/annotations', value: Object.fromEntries(changed) }];
  return changed.map(([mark, value]) => ({ op: 'add', path: `/metadata/annotations/${pointerSegment(mark)}`, value }));
}
