/** The canary's weight in a VirtualService as a watch tells it, with the moment at which it was told. */
import { followObject } from '../../../infra/test-cluster/client/index.ts';
import { type TestCluster, until } from '../../cluster/support/index.ts';

export interface WatchedWeight {
  /** Milliseconds of `performance.now()` at which this weight was told, for the first time since this call. */
  comesTo(weight: number): Promise<number>;
  end(): void;
}

const VIRTUAL_SERVICES = 'networking.istio.io/v1';
const PATIENCE_MS = 30_000;

interface VirtualService {
  readonly spec: { readonly http: readonly { readonly route: readonly { readonly weight?: number }[] }[] };
}

/** Of the first route of the VirtualService of this name; its second destination is the canary's. */
export async function watchWeight(cluster: TestCluster, name: string): Promise<WatchedWeight> {
  await until(`VirtualService ${name}`, () => cluster.get(VIRTUAL_SERVICES, 'VirtualService', name));
  const waiting = new Set<(weight: number, atMs: number) => void>();
  const at = [VIRTUAL_SERVICES, 'VirtualService', name] as const;
  const { stop } = await followObject<VirtualService>({ api: cluster.api, objects: cluster }, at, ({ spec }) => {
    const atMs = performance.now();
    for (const told of waiting) told(spec.http[0]?.route[1]?.weight ?? 0, atMs);
  });
  return {
    end: stop,
    comesTo: (wanted) =>
      new Promise((resolve, reject) => {
        const told = (weight: number, atMs: number) => {
          if (weight === wanted) settle(() => resolve(atMs));
        };
        const settle = (then: () => void) => {
          clearTimeout(timer);
          waiting.delete(told);
          then();
        };
        const late = new Error(`${name} has not come to ${wanted} % within ${PATIENCE_MS} ms`);
        const timer = setTimeout(() => settle(() => reject(late)), PATIENCE_MS);
        waiting.add(told);
      }),
  };
}

/** How long something took until the weight was there. */
export interface Taken {
  /** From just before it was sent. */
  readonly sentMs: number;
  /** From when it was accepted: the answer had come. */
  readonly acceptedMs: number;
}

/** Sends something, and measures until the watch tells the weight that comes of it. */
export async function timeTo(watched: WatchedWeight, weight: number, send: () => Promise<unknown>): Promise<Taken> {
  const coming = watched.comesTo(weight);
  const sentAt = performance.now();
  const accepted = send().then(() => performance.now());
  const [acceptedAt, thereAt] = await Promise.all([accepted, coming]);
  return { sentMs: thereAt - sentAt, acceptedMs: thereAt - acceptedAt };
}
