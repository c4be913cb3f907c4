import type { KubernetesTarget } from '../../../src/plan/target.ts';
import { allows, type Subject } from '../access.ts';
import type { KubernetesClient } from '../client.ts';
import type { Feature } from '../permissions.ts';
import { listRevisions } from '../revisions.ts';
import type { KubernetesObject, ResourceType } from '../types.ts';
import { type Look, there, wrong } from './look.ts';

interface Scaler extends KubernetesObject {
  readonly spec?: { readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string } };
}

interface ScalerType extends ResourceType {
  readonly group: string;
  readonly feature: Feature;
}

const HORIZONTAL: ScalerType = {
  apiVersion: 'autoscaling/v2',
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  feature: 'autoscaling',
};
const KEDA: ScalerType = {
  apiVersion: 'keda.sh/v1alpha1',
  group: 'keda.sh',
  kind: 'ScaledObject',
  plural: 'scaledobjects',
  feature: 'keda',
};

/** What scales the service now; the release holds it while there is a canary, and must be allowed to. */
export async function lookAtScalers(
  client: KubernetesClient,
  target: KubernetesTarget,
  service: string,
  subject: Subject | undefined,
): Promise<readonly Look[]> {
  const { namespace } = target;
  const revisions = await listRevisions(client, target, service);
  const types = (await client.serves(KEDA)) ? [HORIZONTAL, KEDA] : [HORIZONTAL];
  const looks = types.map(async (type) => {
    const found = (await client.list<Scaler>(type, namespace)).filter(({ metadata, spec }) => {
      // What KEDA made is KEDA's; it takes a Deployment where no kind is named.
      const { kind = 'Deployment', name } = spec?.scaleTargetRef ?? {};
      const isKedas = metadata.ownerReferences?.some((owner) => owner.kind === KEDA.kind);
      return !isKedas && revisions.some((one) => one.kind === kind && one.object.metadata.name === name);
    });
    return Promise.all(found.map((scaler) => lookOf(client, namespace, type, scaler, subject)));
  });
  return (await Promise.all(looks)).flat();
}

async function lookOf(
  client: KubernetesClient,
  namespace: string,
  { kind, group, plural: resource, feature }: ScalerType,
  { metadata: { name }, spec }: Scaler,
  subject: Subject | undefined,
): Promise<Look> {
  const scales = `scales ${spec?.scaleTargetRef?.kind ?? 'Deployment'} ${spec?.scaleTargetRef?.name}`;
  const verbs = ['get', 'patch'] as const;
  const rights = await Promise.all(
    verbs.map((verb) => allows(client, namespace, { verb, group, resource, name }, subject)),
  );
  if (rights.every(Boolean)) return there(`${kind} ${name}`, `${scales}; it is held while there is a canary`);
  const because = `${scales}, and may not be held while there is a canary`;
  return wrong(`${kind} ${name}`, because, `add the feature ${feature} of the chart for the namespace ${namespace}`);
}
