/** What one release of ten pods asks of the API server, by Shiplock and by Argo's controller. */
import type { Engine } from '../../cluster/support/engine.ts';
import { openArgo } from './argo.ts';
import { type Asked, type CountingProxy, isWrite, openCountingProxy } from './counting-proxy.ts';
import { openNative } from './native.ts';
import type { Undoing } from './scope.ts';
import { type Subject, untilQuiet } from './subject.ts';

export interface Requests {
  readonly writes: number;
  readonly reads: number;
  /** `4 patch services`, the most frequent first. */
  readonly written: readonly string[];
}

export interface Counts {
  /** To the pause at the last weight, back, and to the end of that. */
  readonly abort: Requests;
  /** Through all weights to the end of the window. */
  readonly whole: Requests;
}

export const COUNTED_WEIGHTS: readonly number[] = [10, 25, 50, 75];
export const COUNTED_PODS = 10;

/** @param cluster the name in the worker's policy of the cluster as it is reached through the proxy */
export async function countShiplock(
  scope: Undoing,
  engine: Engine,
  { cluster, proxy }: { readonly cluster: string; readonly proxy: CountingProxy },
): Promise<Counts> {
  const options = { name: 'counted', replicas: COUNTED_PODS, weights: COUNTED_WEIGHTS, cluster };
  return count(await openNative(scope, engine, options), () => proxy.asked);
}

export async function countArgo(scope: Undoing): Promise<Counts> {
  let proxy: CountingProxy | undefined;
  const subject = await openArgo(scope, {
    replicas: COUNTED_PODS,
    weights: COUNTED_WEIGHTS,
    through: async (cluster) => {
      proxy = await openCountingProxy(scope, cluster);
      return proxy;
    },
  });
  return count(subject, () => proxy?.asked ?? []);
}

async function count(subject: Subject, all: () => readonly Asked[]): Promise<Counts> {
  const during = async (work: () => Promise<void>): Promise<Requests> => {
    const before = all().length;
    await work();
    await untilQuiet(() => all().filter(isWrite).length);
    return requestsIn(all().slice(before));
  };
  const ramp = async (version: string) => {
    await subject.update(version);
    for (const _ of COUNTED_WEIGHTS.slice(1)) await subject.promote();
  };
  await subject.begin('1.0.0');
  await untilQuiet(() => all().filter(isWrite).length);
  const abort = await during(async () => {
    await ramp('1.1.0');
    await subject.abort();
    await subject.ended('rolledBack');
  });
  const whole = await during(async () => {
    await ramp('1.2.0');
    await subject.finish();
    await subject.ended('released');
  });
  return { abort, whole };
}

function requestsIn(asked: readonly Asked[]): Requests {
  const writes = asked.filter(isWrite);
  const counts = new Map<string, number>();
  for (const { verb, resource } of writes) {
    const name = `${verb} ${resource}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const written = [...counts].toSorted(([, one], [, other]) => other - one).map(([name, times]) => `${times} ${name}`);
  return { writes: writes.length, reads: asked.length - writes.length, written };
}
