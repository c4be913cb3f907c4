/** Abort and promote, by Shiplock and by Argo's controller in turns, with plain writes between them. */
import type { Engine } from '../../cluster/support/engine.ts';
import { openArgo } from './argo.ts';
import { openNative } from './native.ts';
import { plainWrites } from './plain.ts';
import type { Undoing } from './scope.ts';
import type { Subject } from './subject.ts';
import type { Taken } from './weights.ts';

export interface Latencies {
  readonly abort: readonly Taken[];
  /** As many pods after it as before. */
  readonly promote: readonly Taken[];
  /** A pod more is needed first. */
  readonly promoteWithPod: readonly Taken[];
}

/** Of 4 pods the first two need one of the canary's, the third one needs two. */
const WEIGHTS = [10, 25, 50];
const REPLICAS = 4;
const WRITES_A_ROUND = 4;

export async function measureLatencies(
  scope: Undoing,
  engine: Engine,
  rounds: number,
  told: (done: string) => void,
): Promise<{ readonly shiplock: Latencies; readonly argo: Latencies; readonly plain: readonly number[] }> {
  const subjects = {
    shiplock: await openNative(scope, engine, { name: 'bench', replicas: REPLICAS, weights: WEIGHTS }),
    argo: await openArgo(scope, { replicas: REPLICAS, weights: WEIGHTS }),
  };
  await Promise.all(Object.values(subjects).map((subject) => subject.begin('1.0.0')));
  const plain: number[] = [];
  const write = await anotherVirtualService(subjects.shiplock);
  await write(WRITES_A_ROUND);
  const taken = { shiplock: nothing(), argo: nothing() };
  // The first round warms everybody's connections and code, and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    for (const who of ['shiplock', 'argo'] as const) {
      const { promote, promoteWithPod, abort } = round === 0 ? nothing() : taken[who];
      await subjects[who].update(`1.1.${round}`);
      promote.push(await subjects[who].promote());
      promoteWithPod.push(await subjects[who].promote());
      abort.push(await subjects[who].abort());
      await subjects[who].ended('rolledBack');
      if (round > 0) plain.push(...(await write(WRITES_A_ROUND)));
    }
    told(`round ${round} of ${rounds}`);
  }
  return { ...taken, plain };
}

function nothing() {
  return { abort: [] as Taken[], promote: [] as Taken[], promoteWithPod: [] as Taken[] };
}

/** One that nobody else looks at. */
async function anotherVirtualService({ cluster }: Subject) {
  const { virtualService } = await import('../../cluster/support/manifests.ts');
  await cluster.apply(virtualService('plain'));
  return plainWrites(cluster, 'plain');
}
