import { setTimeout as pause } from 'node:timers/promises';
import type { KubernetesPlace } from '../../../src/plan/target.ts';
import { type FencedWriter, fencedWriter, type KubernetesClient } from '../../kubernetes/index.ts';
import { type Marks, marksOf } from './marks.ts';
import type { RouterMetrics } from './observe.ts';

/** One request at work: who writes, under which number, and until when it may wait. */
export interface Session {
  readonly client: KubernetesClient;
  readonly place: KubernetesPlace;
  readonly service: string;
  readonly marks: Marks;
  readonly writer: FencedWriter;
  /** What somebody else changed is overwritten: on the way back. */
  readonly overwrites: boolean;
  /** Where the router's counters of requests are; absent: nowhere. */
  readonly metrics: RouterMetrics | undefined;
  readonly signal: AbortSignal;
  /** Asks until there is an answer, or the time is up; `null` then. */
  until<Answer>(question: () => Promise<Answer | null>): Promise<Answer | null>;
}

/**
 * Below the 10 s of an attempt (`workflows/activities.ts`), so that the reason is said: the next attempt goes on
 * waiting, and writes nothing that is so already.
 */
const PATIENCE_MS = 6_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 400;

export interface SessionOptions {
  readonly client: KubernetesClient;
  readonly place: KubernetesPlace;
  readonly service: string;
  readonly fence: number;
  readonly overwrites: boolean;
  readonly metrics?: RouterMetrics | undefined;
  readonly signal: AbortSignal | undefined;
}

export function openSession(options: SessionOptions): Session {
  const { client, place, service, fence, overwrites, metrics } = options;
  const signal = options.signal ?? new AbortController().signal;
  const marks = marksOf(service);
  const writer = fencedWriter(client, { namespace: place.namespace, service }, fence, marks.fence);
  const deadline = performance.now() + PATIENCE_MS;
  return {
    client,
    place,
    service,
    marks,
    writer,
    overwrites,
    metrics,
    signal,
    until: async (question) => {
      for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
        const answer = await question();
        if (answer !== null || performance.now() + wait > deadline) return answer;
        await pause(wait, undefined, { signal });
      }
    },
  };
}
