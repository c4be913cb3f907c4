import { createHash } from 'node:crypto';

/** An answer that is at most this old is as good as a new one: no metric is read more often than once a second. */
const FRESH_MS = 1_000;
/** Answers kept after they came, each at most 2 × 64 KiB. */
const MOST_KEPT = 100;

interface Shared<T> {
  readonly begun: number;
  readonly answer: Promise<T>;
  /** Who has been given this answer, or waits for it: nobody gets the same one twice. */
  readonly askers: Set<string>;
  waiting: number;
  settled: boolean;
  readonly cancellation: AbortController;
}

export interface Asking<T> {
  /** What makes two questions the same, secrets included. */
  readonly question: unknown;
  /** Who asks: one metric of one release. `null`: takes part in what is under way, and in nothing older. */
  readonly asker: string | null;
  readonly signal: AbortSignal;
  /** Whether an answer may be given to whoever asks a moment later. */
  readonly isGood: (answer: T) => boolean;
  ask(signal: AbortSignal): Promise<T>;
}

/**
 * One question is sent where several ask it at once: while it is under way, and within a second of its beginning. Each
 * asker gets an answer at most once, so that no reading counts as two. Who is cancelled leaves; the question itself is
 * cancelled with its last asker.
 */
export function createSharing<T>(): (asking: Asking<T>) => Promise<T> {
  const known = new Map<string, Shared<T>>();

  function begin(key: string, { ask, isGood }: Asking<T>): Shared<T> {
    const cancellation = new AbortController();
    const shared: Shared<T> = {
      begun: performance.now(),
      answer: ask(cancellation.signal),
      askers: new Set(),
      waiting: 0,
      settled: false,
      cancellation,
    };
    known.set(key, shared);
    const forget = () => {
      if (known.get(key) === shared) known.delete(key);
    };
    shared.answer.then((answer) => {
      shared.settled = true;
      const left = shared.begun + FRESH_MS - performance.now();
      if (left > 0 && known.size <= MOST_KEPT && isGood(answer)) setTimeout(forget, left).unref();
      else forget();
    }, forget);
    return shared;
  }

  return async (asking) => {
    const { asker, signal } = asking;
    signal.throwIfAborted();
    // The key keeps no secret in memory for longer than the question needs it.
    const key = createHash('sha256').update(JSON.stringify(asking.question)).digest('base64');
    const found = known.get(key);
    const shared = found && isFor(found, asker) ? found : begin(key, asking);
    if (asker !== null) shared.askers.add(asker);
    shared.waiting += 1;
    try {
      return await untilCancelled(shared.answer, signal);
    } finally {
      shared.waiting -= 1;
      if (shared.waiting === 0 && !shared.settled) {
        if (known.get(key) === shared) known.delete(key);
        shared.cancellation.abort(signal.reason);
      }
    }
  };
}

/** Under way, or fresh and not had yet. A timer may come late, so what it forgets is looked at, too. */
function isFor(shared: Shared<unknown>, asker: string | null): boolean {
  if (shared.settled && (asker === null || performance.now() - shared.begun >= FRESH_MS)) return false;
  return asker === null || !shared.askers.has(asker);
}

function untilCancelled<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
}
