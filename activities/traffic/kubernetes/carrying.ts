import { failure } from '../../failure.ts';
import {
  ENDPOINT_SLICES,
  type KubernetesObject,
  labelSelector,
  PODS,
  type RevisionPods,
} from '../../kubernetes/index.ts';
import { endpointsOf, type SideFacts, whyNoShare } from './capacity.ts';
import type { Session } from './session.ts';
import type { Side } from './view.ts';

/** Where requests to some Services go now, and the pods that could be meant. */
export interface Reach {
  readonly slices: readonly KubernetesObject[];
  readonly pods: readonly KubernetesObject[];
}

/** Of both Services, and of all pods that the plan's selector matches: one look, before it is known what matters of it. */
export async function reachOf({ client, place }: Session): Promise<Reach> {
  const { namespace, selector, stableService, canaryService } = place;
  const services = [...new Set([stableService, canaryService])].join(',');
  const [slices, pods] = await Promise.all([
    client.list(ENDPOINT_SLICES, namespace, { labelSelector: `${SERVICE_NAME} in (${services})` }),
    client.list(PODS, namespace, { labelSelector: labelSelector(selector) }),
  ]);
  return { slices, pods };
}

const SERVICE_NAME = 'kubernetes.io/service-name';

/** Where requests to a side go now, compared with the pods of a revision. */
export async function factsOf({ client, place }: Session, side: Side, revision: RevisionPods): Promise<SideFacts> {
  const { namespace } = place;
  const { label, value } = revision.key;
  const [slices, pods] = await Promise.all([
    client.list(ENDPOINT_SLICES, namespace, { labelSelector: labelSelector({ [SERVICE_NAME]: side.service }) }),
    client.list(PODS, namespace, { labelSelector: labelSelector({ [label]: value }) }),
  ]);
  return factsIn({ slices, pods }, side, revision);
}

function factsIn(reach: Reach, { service, isShared }: Side, { version, key, replicas }: RevisionPods): SideFacts {
  const slices = reach.slices.filter(({ metadata }) => metadata.labels?.[SERVICE_NAME] === service);
  const pods = reach.pods.filter(({ metadata }) => metadata.labels?.[key.label] === key.value);
  const own = new Set(pods.map(({ metadata }) => metadata.name));
  const reached = endpointsOf(slices);
  const ready = reached.pods.filter((name) => own.has(name)).length;
  const others = isShared ? 0 : reached.pods.length - ready + reached.foreign;
  return { service, version, ready, others, replicas };
}

/** Why a side cannot have this share now; `''`: it can. What a first look left open is looked at once more. */
export async function whyNotCarried(
  session: Session,
  side: Side,
  revision: RevisionPods,
  { percent, reach }: { readonly percent: number; readonly reach: Reach | null },
): Promise<string> {
  if (reach && whyNoShare(factsIn(reach, side, revision), percent) === '') return '';
  return whyNoShare(await factsOf(session, side, revision), percent);
}

/** Waits for a while until a side can have this share. @returns why it still cannot; `''`: it can */
export async function awaitCarrying(
  session: Session,
  side: Side,
  revision: RevisionPods,
  percent: number,
  first: Reach | null = null,
): Promise<string> {
  let why = '';
  let reach = first;
  await session.until(async () => {
    why = await whyNotCarried(session, side, revision, { percent, reach });
    reach = null;
    return why === '' ? 'ready' : null;
  });
  return why;
}

export function notReady(because: string): Error {
  return failure({ code: 'SHIPLOCK_KUBERNETES_NOT_READY', message: because }, { retry: 'later' });
}
