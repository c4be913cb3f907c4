/** Releases of a service by Shiplock's own engine: Temporal, a worker, and the cluster. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../../cluster/support/engine.ts';
import { istio, virtualService } from '../../cluster/support/manifests.ts';
import { given } from '../../cluster/support/story.ts';
import type { Update } from '../../cluster/support/update.ts';
import type { Undoing } from './scope.ts';
import { SETTLED_MS, type Subject } from './subject.ts';
import { timeTo, watchWeight } from './weights.ts';

export async function openNative(
  scope: Undoing,
  engine: Engine,
  options: {
    readonly name: string;
    readonly replicas: number;
    readonly weights: readonly number[];
    readonly cluster?: string;
  },
): Promise<Subject> {
  const { name, replicas, weights, cluster: known } = options;
  const story = await given(scope, engine, {
    service: name,
    replicas,
    objects: [virtualService(name)],
    canary: istio(
      name,
      weights.flatMap((weight) => [{ setWeight: weight }, { pause: {} }]),
      {
        abortScaleDownDelaySeconds: 1,
      },
    ),
    ...(known && { release: { target: { cluster: known } } }),
  });
  const watched = await watchWeight(story.cluster, name);
  scope.after(async () => watched.end());
  const handleOf = ({ id }: Update) => engine.shiplock.session.client.workflow.getHandle(id);
  let update: Update | null = null;
  const current = (): Update => {
    if (!update) throw new Error(`${name} has begun nothing`);
    return update;
  };
  const pauses = async (index: number): Promise<string> => {
    const { waiting } = await current().pauses(`step-${2 * index + 2}`);
    await delay(SETTLED_MS);
    return waiting?.token ?? '';
  };
  let index = 0;
  let step = '';
  return {
    cluster: story.cluster,
    begin: (version) => story.hasReleased(version),
    update: async (version) => {
      update = await story.releases(version);
      index = 0;
      step = await pauses(index);
    },
    promote: async () => {
      const [token, next = 0] = [step, weights[index + 1]];
      const taken = await timeTo(watched, next, () => handleOf(current()).signal('promote', { step: token }));
      index += 1;
      step = await pauses(index);
      return taken;
    },
    abort: () => timeTo(watched, 0, () => handleOf(current()).signal('abort', { reason: 'measured' })),
    finish: async () => void (await handleOf(current()).signal('promote', { step })),
    ended: async (outcome) => {
      await current().ends(outcome);
    },
  };
}
