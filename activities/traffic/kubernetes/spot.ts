import { failure } from '../../failure.ts';

/** A place in an object that somebody else wrote. What stands there may be anything. */
export interface Spot {
  /** For people: `VirtualService shop/reviews`. */
  readonly object: string;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** The whole of an object as the API server sent it. */
export function wholeOf(kind: string, object: unknown): Spot {
  const metadata = isRecord(object) && isRecord(object.metadata) ? object.metadata : {};
  const place = [metadata.namespace, metadata.name].filter((part) => typeof part === 'string').join('/');
  return { object: `${kind} ${place}`, path: [], value: object };
}

/** What stands below a key; `undefined` where nothing does, or the place is no object. */
export function below(spot: Spot, key: string): Spot {
  const value = isRecord(spot.value) && Object.hasOwn(spot.value, key) ? spot.value[key] : undefined;
  return { ...spot, path: [...spot.path, key], value };
}

/** The entries of a list. A missing or empty one has none. @throws SHIPLOCK_KUBERNETES_ROUTE where it is no list */
export function entriesOf(spot: Spot): readonly Spot[] {
  if (spot.value === undefined || spot.value === null) return [];
  if (!Array.isArray(spot.value)) throw unfit(spot, 'is no list');
  return spot.value.map((value, index) => ({ ...spot, path: [...spot.path, index], value }));
}

/** A text; an absent one is `''`. @throws SHIPLOCK_KUBERNETES_ROUTE where it is something else */
export function textOf(spot: Spot): string {
  if (spot.value === undefined || spot.value === null) return '';
  if (typeof spot.value !== 'string') throw unfit(spot, 'is no text');
  return spot.value;
}

/** A whole number from 0 on; `undefined` where nothing stands. @throws SHIPLOCK_KUBERNETES_ROUTE for anything else */
export function countOf(spot: Spot): number | undefined {
  if (spot.value === undefined || spot.value === null) return undefined;
  const { value } = spot;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw unfit(spot, 'is no whole number');
  return value;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 6901. */
export function pointerTo({ path }: Spot): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** As people write it: `VirtualService shop/reviews: spec.http[0].route[1]`. */
export function placeOf({ object, path }: Spot): string {
  const dotted = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return dotted === '' ? object : `${object}: ${dotted.replace(/^\./, '')}`;
}

/** What a person has to mend in an object that is not ours. */
export function unfit(spot: Spot, why: string, mend?: string): Error {
  const error = { code: 'SHIPLOCK_KUBERNETES_ROUTE', message: `${placeOf(spot)} ${why}` } as const;
  return failure({ ...error, ...(mend && { mend }) }, { retry: 'never' });
}
