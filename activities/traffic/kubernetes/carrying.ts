import { failure } from '../../failure.ts';
import { ENDPOINT_SLICES, labelSelector, PODS, type RevisionPods } from '../../kubernetes/index.ts';
import { endpointsOf, type SideFacts, whyNoShare } from './capacity.ts';
import type { Session } from './session.ts';
import type { Side } from './view.ts';

/** Where requests to a side go now, compared with the pods of a revision. */
export async function factsOf(
  { client, place }: Session,
  { service, isShared }: Side,
  { version, key, replicas }: RevisionPods,
): Promise<SideFacts> {
  const { namespace } = place;
  const [slices, pods] = await Promise.all([
    client.list(ENDPOINT_SLICES, namespace, {
      labelSelector: labelSelector({ 'kubernetes.io/service-name': service }),
    }),
    client.list(PODS, namespace, { labelSelector: labelSelector({ [key.label]: key.value }) }),
  ]);
  const own = new Set(pods.map(({ metadata }) => metadata.name));
  const reached = endpointsOf(slices);
  const ready = reached.pods.filter((name) => own.has(name)).length;
  const others = isShared ? 0 : reached.pods.length - ready + reached.foreign;
  return { service, version, ready, others, replicas };
}

/** Waits for a while until a side can have this share. @returns why it still cannot; `''`: it can */
export async function awaitCarrying(
  session: Session,
  side: Side,
  revision: RevisionPods,
  percent: number,
): Promise<string> {
  let why = '';
  await session.until(async () => {
    why = whyNoShare(await factsOf(session, side, revision), percent);
    return why === '' ? 'ready' : null;
  });
  return why;
}

export function notReady(because: string): Error {
  return failure({ code: 'SHIPLOCK_KUBERNETES_NOT_READY', message: because }, { retry: 'later' });
}
