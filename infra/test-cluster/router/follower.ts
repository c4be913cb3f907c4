import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from '../client/index.ts';
import { PLAYED } from '../stages/annotations.ts';
import type { ServedPod } from './pod.ts';
import { type Served, servePod, type Tell } from './serve-pod.ts';
import type { Place } from './traefik.ts';

/** Follows the pods of a namespace that are to be served. */
export interface Follower {
  /** How many processes run now. */
  count(): number;
  stop(): Promise<void>;
}

export interface FollowOptions {
  /** The variables that the image sets by itself; what the pod sets comes before them. */
  readonly image?: Readonly<Record<string, string>>;
}

const POLL_MS = 100;

/**
 * Runs the sample service for every pod of the namespace with the annotation `played.shiplock.dev/served: "true"`, at the
 * pod's own address and port 3000. Such a pod is ready when its process is, and is gone when it has ended.
 */
export function followPods(
  place: Omit<Place, 'objects'> & { readonly api: Api },
  { image = {} }: FollowOptions = {},
): Follower {
  const { api, namespace } = place;
  const folder = join(place.folder, 'pods');
  mkdirSync(folder, { recursive: true });
  const served = new Map<string, Served>();
  const ending = new AbortController();
  const pods = `/api/v1/namespaces/${namespace}/pods`;

  const look = async () => {
    const { items } = await api.ask<{ items: ServedPod[] }>('GET', pods);
    for (const pod of items) {
      const { uid, name, annotations, deletionTimestamp } = pod.metadata;
      if (annotations?.[PLAYED.served] !== 'true' || !pod.status?.podIP) continue;
      const known = served.get(uid);
      if (known) known.update(pod);
      else if (pod.status.phase === 'Running' && deletionTimestamp === undefined) {
        served.set(
          uid,
          servePod(
            pod,
            { folder, image },
            tellOf(api, `${pods}/${name}`, () => served.delete(uid)),
          ),
        );
      }
    }
    const there = new Set(items.map(({ metadata }) => metadata.uid));
    for (const [uid, one] of served) {
      if (there.has(uid)) continue;
      served.delete(uid);
      await one.stop();
    }
  };
  const run = async () => {
    while (!ending.signal.aborted) {
      // An API server that is down or slow comes back; what runs meanwhile runs on, as with a kubelet.
      await look().catch(() => undefined);
      await delay(POLL_MS);
    }
  };
  const running = run();
  return {
    count: () => served.size,
    async stop() {
      ending.abort();
      await running;
      await Promise.all([...served.values()].map((one) => one.stop()));
    },
  };
}

function tellOf(api: Api, path: string, onGone: () => void): Tell {
  const contentType = 'application/merge-patch+json';
  const sent = async (method: string, body: unknown) => {
    const { status } = await api.send(method, path, { body, contentType }).catch(() => ({ status: 0 }));
    return status === 404 || (status >= 200 && status < 300);
  };
  const annotate = (annotations: Record<string, string | null>) => sent('PATCH', { metadata: { annotations } });
  return {
    ready: (ready) => annotate({ [PLAYED.ready]: String(ready) }),
    crashed: (times) =>
      annotate({ [PLAYED.ready]: null, [PLAYED.fails]: 'CrashLoopBackOff', [PLAYED.failsTimes]: String(times) }),
    async gone() {
      const { status } = await api
        .send('DELETE', path, { body: { gracePeriodSeconds: 0 } })
        .catch(() => ({ status: 0 }));
      const gone = status === 404 || status === 200;
      if (gone) onGone();
      return gone;
    },
  };
}
