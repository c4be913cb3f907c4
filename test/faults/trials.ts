/** Which kills are tried. */
import type { Kind } from './kinds.ts';
import type { Kill, Ran } from './once.ts';

/** One release, one kill. */
export interface Trial {
  readonly kind: Kind;
  readonly kill: Kill;
  /** After which event the worker dies, in the history of the undisturbed release; or before or after which write. */
  readonly moment: string;
}

/** Events that are appended together are one moment; the kill for each of them comes so much later than the one before. */
const APART_MS = 15;

/** A kill for each event of an undisturbed release's history, and for both sides of each write that could be seen. */
export function trialsOf(kind: Kind, ran: Pick<Ran, 'events' | 'batch' | 'writes'>): Trial[] {
  const { events, batch, writes } = ran;
  return [
    ...events.map(({ id, type }, index): Trial => {
      const afterMs = (batch[index] ?? 0) * APART_MS;
      return { kind, moment: type, kill: { at: 'event', number: id, afterMs } };
    }),
    ...writes.flatMap((write, index) =>
      (['before', 'after'] as const).map((side): Trial => {
        const number = index + 1;
        return { kind, moment: `${side} ${write}`, kill: { at: 'write', number, side } };
      }),
    ),
  ];
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
