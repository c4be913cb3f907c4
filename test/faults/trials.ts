/** Which kills are tried. */
import type { Kind } from './kinds.ts';
import type { Kill, Ran } from './once.ts';

/** One release, one kill. */
export interface Trial extends Kill {
  readonly kind: Kind;
  /** The event after which the worker dies, in the history of the undisturbed release. */
  readonly event: string;
}

/** Events that are appended together are one moment; the kill for each of them comes so much later than the one before. */
const APART_MS = 15;

/** A kill for each event of an undisturbed release's history. */
export function trialsOf(kind: Kind, { events, batch }: Pick<Ran, 'events' | 'batch'>): Trial[] {
  return events.map(({ id, type }, index) => ({
    kind,
    event: type,
    atEvent: id,
    afterMs: (batch[index] ?? 0) * APART_MS,
  }));
}

/** So many of them, evenly spaced; another seed begins elsewhere. */
export function sampled(trials: readonly Trial[], size: number, seed: number): Trial[] {
  if (size >= trials.length) return [...trials];
  const stride = trials.length / size;
  const first = (((seed - 1) * 7) % Math.max(1, Math.floor(stride))) + 0.5;
  return Array.from({ length: size }, (_, index) => trials[Math.floor(first + index * stride) % trials.length]).filter(
    (trial) => trial !== undefined,
  );
}
