/** Releases that something happens to while they wait at 20 %. */
import assert from 'node:assert/strict';
import type { V1ConfigMap } from '@kubernetes/client-node';
import type { Engine } from './engine.ts';
import type { Scope } from './index.ts';
import { until } from './index.ts';
import { kindsOf, leftIn } from './left.ts';
import { istio, virtualService } from './manifests.ts';
import { hasWeights } from './routes.ts';
import { type Given, given, type Story } from './story.ts';
import type { Update } from './update.ts';

/** A service with a stable version and a VirtualService. */
export interface Standing {
  readonly shop: Story;
  /** Everything is as it was: weights, Services, lease, and no object more or less. */
  isAsBefore(): Promise<void>;
  /** The codes of what failed, or fails again and again now. */
  codesOf(update: Update): Promise<readonly string[]>;
}

export interface Begun extends Standing {
  /** To 1.1.0; it has 20 % of the traffic and waits. */
  readonly update: Update;
}

const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];

export async function standing(
  scope: Scope,
  engine: Engine,
  start: Pick<Given, 'service'> & Partial<Given>,
): Promise<Standing> {
  const { service, objects = [] } = start;
  const shop = await given(scope, engine, {
    canary: istio(service, STEPS, { abortScaleDownDelaySeconds: 1 }),
    ...start,
    objects: [virtualService(service), ...objects],
  });
  await shop.hasReleased('1.0.0');
  const kinds = await until('the kinds of objects', () => kindsOf(shop.cluster));
  await shop.hasPods({ '1.0.0': start.replicas ?? 1 });
  // An API server that has just begun refuses for a moment.
  const left = () => until('what is there', () => leftIn(shop.cluster, kinds));
  const before = await left();
  return {
    shop,
    codesOf: (update) => codesOf(engine, update),
    isAsBefore: async () => {
      await hasWeights(shop, [100, 0]);
      await shop.selects({ stable: '1.0.0' });
      assert.deepEqual(await left(), before);
      const lease = await shop.cluster.get<V1ConfigMap>('v1', 'ConfigMap', `shiplock-${service}`);
      assert.deepEqual([lease?.data?.stable, lease?.data?.canary], ['1.0.0', undefined]);
    },
  };
}

export async function begun(...start: Parameters<typeof standing>): Promise<Begun> {
  const stands = await standing(...start);
  const update = await stands.shop.releases('1.1.0');
  await update.pauses();
  await hasWeights(stands.shop, [80, 20]);
  return { ...stands, update };
}

/** Waits until an undo is stuck for a reason like this. @returns lets it be tried again. */
export async function isStuck(update: Update, because: RegExp): Promise<() => Promise<void>> {
  const { waiting } = await update.sees('an undo is stuck', (status) => status.waiting?.kind === 'undo');
  assert.match(waiting?.prompt ?? '', because);
  return async () => {
    const { accepted, because: why } = await update.sends('retry', waiting ? { act: waiting.token } : {});
    assert.ok(accepted, why);
  };
}

/** Waits until a code like this is why what is under way does not get through. */
export async function isHeldUp({ codesOf: codes }: Standing, update: Update, code: string): Promise<void> {
  await until(`${code}`, async () => {
    const seen = await codes(update);
    if (seen.includes(code)) return true;
    throw new Error(seen.join(', ') || 'nothing has failed');
  });
}

async function codesOf({ shiplock }: Engine, { id }: Update): Promise<readonly string[]> {
  const handle = shiplock.session.client.workflow.getHandle(id);
  const [{ events = [] }, { raw }] = await Promise.all([handle.fetchHistory(), handle.describe()]);
  const failed = (events ?? []).map(({ activityTaskFailedEventAttributes: failure }) => failure?.failure);
  const pending = (raw.pendingActivities ?? []).map(({ lastFailure }) => lastFailure);
  return [...failed, ...pending].flatMap((failure) => failure?.applicationFailureInfo?.type ?? []);
}
