import type { KubernetesTarget } from '../../../src/plan/target.ts';
import { findOwner, wordsOf } from '../../rollout/argo/owned.ts';
import type { Subject } from '../access.ts';
import type { KubernetesClient } from '../client.ts';
import { labelSelector } from '../names.ts';
import { listRevisions } from '../revisions.ts';
import { DEPLOYMENTS, type KubernetesObject, PODS, SERVICES } from '../types.ts';
import { type Look, lookAt, there, wrong } from './look.ts';
import { lookAtScalers } from './scalers.ts';

interface Service extends KubernetesObject {
  readonly spec?: { readonly selector?: Readonly<Record<string, string>>; readonly type?: string };
}

/** What runs there already, and who else has a hand in it. */
export async function lookAtWorkload(
  client: KubernetesClient,
  target: KubernetesTarget,
  service: string,
  subject: Subject | undefined,
): Promise<readonly Look[]> {
  const looks = [
    lookAt('workload', () => adopted(client, target, service)),
    lookAt('Argo Rollouts', () => owners(client, target)),
    ...[target.stableService, target.canaryService].map((name) =>
      lookAt(`Service ${name}`, () => foreignPods(client, target, name)),
    ),
    lookAt('autoscaling', () => lookAtScalers(client, target, service, subject)),
  ];
  return (await Promise.all(looks)).flat();
}

async function adopted(client: KubernetesClient, target: KubernetesTarget, service: string): Promise<Look | Look[]> {
  const { namespace, adopts } = target;
  if (!adopts) return [];
  const name = `Deployment ${adopts.name}`;
  const deployment = await client.get({ type: DEPLOYMENTS, namespace, name: adopts.name });
  if (!deployment)
    return wrong(
      name,
      `namespace ${namespace} has none of that name to adopt`,
      `correct target.adopts, or leave it out; kubectl -n ${namespace} get deployments`,
    );
  const revision = (await listRevisions(client, target, service)).find(({ kind }) => kind === 'Deployment');
  if (!revision) return there(name, 'replaced already, or without a ReplicaSet of its own');
  return there(name, `runs ${revision.version}, ${revision.ready} of ${revision.replicas} pods ready`);
}

/** A Rollout of Argo's controller would undo whatever a release does beside it. */
async function owners(client: KubernetesClient, target: KubernetesTarget): Promise<Look> {
  const owner = await findOwner(client, target);
  if (!owner) return there('Argo Rollouts', 'owns nothing of what the release writes');
  const { message, mend } = wordsOf(owner, target);
  return wrong('Argo Rollouts', message, mend);
}

/** Requests would be split among pods of which the release knows nothing. */
async function foreignPods(client: KubernetesClient, target: KubernetesTarget, name: string): Promise<Look | Look[]> {
  const { namespace, selector } = target;
  const object = await client.get<Service>({ type: SERVICES, namespace, name });
  const chosen = object?.spec?.selector;
  // That it is missing, or has no selector, is what the look at the traffic says.
  if (!chosen || Object.keys(chosen).length === 0) return [];
  const pods = await client.list(PODS, namespace, { labelSelector: labelSelector(chosen) });
  const strangers = pods.filter(({ metadata }) =>
    Object.entries(selector).some(([key, value]) => metadata.labels?.[key] !== value),
  );
  const [first] = strangers;
  if (!first)
    return there(`Service ${name}`, `chooses ${labelSelector(chosen)}: ${pods.length} pods, all of this service`);
  return wrong(
    `Service ${name}`,
    `chooses ${strangers.length} pods that are not of this service, such as ${first.metadata.name}`,
    `kubectl -n ${namespace} patch service ${name} --type=merge -p '${JSON.stringify({ spec: { selector } })}'`,
  );
}
