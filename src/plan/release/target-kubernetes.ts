/** `target` on Kubernetes: what the release file says, else the Rollout, else the Deployment. */
import { BLUE_GREEN } from '../argo/blue-green.ts';
import { CANARY } from '../argo/rollout.ts';
import { canarySchema } from '../argo/rollout-schema.ts';
import { MAX_PODS } from '../limits.ts';
import type { ImagePlan } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { DNS_LABEL, isWholeBetween } from '../shape/fields.ts';
import { isOwnLabel } from '../shape/labels.ts';
import { show } from '../shape/show.ts';
import type { AdoptedWorkload, KubernetesTarget, MetadataPlan } from '../target.ts';
import type { Source } from '../yaml/read.ts';
import type { CompiledCanary } from './canary.ts';
import { compileConfigMaps } from './config-maps.ts';
import type { Context } from './context.ts';
import { pickWorkload, type WorkloadRef, type WrittenTarget, workloadRefOf } from './deployment.ts';
import { compilePods } from './pods.ts';
import { compileScale } from './scale.ts';
import { kubernetesTargetSchema } from './schema-target.ts';
import { compileTraffic } from './traffic.ts';
import { firstWritten, type Written } from './written.ts';

const AT: Path = ['target'];

/** `null` with the reason reported. */
export function compileKubernetesTarget(
  context: Context,
  ramp: CompiledCanary,
  image: ImagePlan | undefined,
): KubernetesTarget | null {
  const target = piece(kubernetesTargetSchema, valueAt(context.source.value, AT));
  if (target === undefined) return null;
  const { rollout } = ramp;
  const manifest = pickWorkload(context, target, rollout);
  const namespace = namespaceOf(context, target, rollout, manifest);
  const traffic = compileTraffic(context, target.traffic, rollout, namespace);
  const adopts = adopted(context, target, workloadRefOf(rollout));
  if (manifest === null) return null;
  const pods = compilePods(context, manifest, { container: target.container, image });
  if (pods === null || traffic === null || namespace === null) return null;
  const configMaps = compileConfigMaps(context, target.configMaps ?? [], pods.template);
  if (configMaps === null) return null;
  const roleMetadata = metadata(context, rollout);
  const antiAffinity = antiAffinityOf(rollout);
  return {
    platform: 'kubernetes',
    cluster: target.cluster ?? 'default',
    namespace,
    selector: pods.selector,
    ...services(context, ramp),
    traffic,
    ...(adopts && { adopts }),
    replicas: replicasOf(context, rollout, manifest),
    template: pods.template,
    ...(configMaps.length > 0 && { configMaps }),
    minReadySeconds: minReady(context, ramp, manifest),
    readinessPath: target.readinessPath ?? pods.readinessPath ?? '/ready',
    scale: compileScale(context, rollout, traffic.kind !== 'replicas'),
    ...(roleMetadata && { roleMetadata }),
    ...(antiAffinity && { antiAffinity }),
  };
}

function namespaceOf(
  context: Context,
  target: WrittenTarget,
  rollout: Source | null,
  manifest: Source | null,
): string | null {
  if (target.namespace !== undefined) return target.namespace;
  const found = firstWritten([rollout, ['metadata', 'namespace']], [manifest, ['metadata', 'namespace']]);
  if (found === null && manifest === null) return null;
  if (found === null) {
    const message = 'is missing, and no manifest has one; expected the namespace of the service';
    context.report.error(context.source, [...AT, 'namespace'], 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
    return null;
  }
  return labelAt(context, found);
}

function labelAt(context: Context, found: Written): string | null {
  if (typeof found.value === 'string' && DNS_LABEL.test(found.value)) return found.value;
  const message = `is ${show(found.value)}; expected a DNS label: a-z, 0-9 and -, at most 63 characters`;
  context.report.error(found.source, found.path, 'SHIPLOCK_PLAN_VALUE', message);
  return null;
}

function services(context: Context, { rollout }: CompiledCanary): { stableService: string; canaryService: string } {
  const nameOf = (field: string, pingPong: string, blueGreen: string, otherwise: string): string => {
    const found = firstWritten(
      [context.source, [...AT, field]],
      [rollout, [...CANARY, 'pingPong', pingPong]],
      [rollout, [...CANARY, field]],
      [rollout, [...BLUE_GREEN, blueGreen]],
    );
    return found === null || found.value === '' ? otherwise : (labelAt(context, found) ?? otherwise);
  };
  return {
    stableService: nameOf('stableService', 'pingService', 'activeService', `${context.service}-stable`),
    canaryService: nameOf('canaryService', 'pongService', 'previewService', `${context.service}-canary`),
  };
}

function replicasOf(context: Context, rollout: Source | null, manifest: Source): number {
  const field: Path = ['spec', 'replicas'];
  const found = firstWritten([context.source, [...AT, 'replicas']], [rollout, field], [manifest, field]);
  if (found === null) return 1;
  if (isWholeBetween(found.value, 1, MAX_PODS)) return found.value as number;
  const message = `is ${show(found.value)}; expected 1 to ${MAX_PODS} on this platform`;
  context.report.error(found.source, found.path, 'SHIPLOCK_PLAN_RANGE', message);
  return 1;
}

function minReady(context: Context, { rollout, canary }: CompiledCanary, manifest: Source): number {
  const field: Path = ['spec', 'minReadySeconds'];
  // With a Rollout it is the Rollout that says, also where a Deployment has the template.
  const found = firstWritten([context.source, [...AT, 'minReadySeconds']], [rollout ?? manifest, field]);
  if (found === null) return 0;
  const most = Math.ceil((canary?.readyDeadlineMs ?? Number.POSITIVE_INFINITY) / 1_000);
  if (isWholeBetween(found.value, 0, most - 1)) return found.value as number;
  const message = `is ${show(found.value)}; expected less than the readyDeadline, ${most} s`;
  context.report.error(found.source, found.path, 'SHIPLOCK_PLAN_RANGE', message);
  return 0;
}

function adopted(context: Context, { adopts }: WrittenTarget, ref: WorkloadRef | undefined): AdoptedWorkload | null {
  const own = typeof adopts === 'string' ? { name: adopts } : adopts;
  const name = own?.name ?? ref?.name;
  if (name === undefined) return null;
  if (own !== undefined && ref !== undefined && own.name !== ref.name) {
    const message = `is ${show(own.name)}; the Rollout's workloadRef names ${ref.name}`;
    context.report.error(context.source, [...AT, 'adopts'], 'SHIPLOCK_PLAN_VALUE', message);
  }
  return { kind: 'Deployment', name, scaleDown: own?.scaleDown ?? ref?.scaleDown ?? 'never' };
}

function metadata(context: Context, rollout: Source | null): KubernetesTarget['roleMetadata'] | null {
  const canary = metadataAt(context, rollout, 'canaryMetadata', 'previewMetadata');
  const stable = metadataAt(context, rollout, 'stableMetadata', 'activeMetadata');
  return canary || stable ? { ...(canary && { canary }), ...(stable && { stable }) } : null;
}

function metadataAt(context: Context, rollout: Source | null, field: string, blueGreen: string): MetadataPlan | null {
  const found = firstWritten([rollout, [...CANARY, field]], [rollout, [...BLUE_GREEN, blueGreen]]);
  const given = piece(canarySchema.kubernetes.shape.canaryMetadata, found?.value);
  if (found === null || given == null) return null;
  const { labels = null, annotations = null } = given;
  for (const key of Object.keys(labels ?? {}).filter(isOwnLabel)) {
    const message = 'is a label that each revision is given of its own; remove it';
    context.report.error(found.source, [...found.path, 'labels', key], 'SHIPLOCK_PLAN_VALUE', message, 'key');
  }
  return { labels: labels ?? {}, annotations: annotations ?? {} };
}

function antiAffinityOf(rollout: Source | null): KubernetesTarget['antiAffinity'] | null {
  const found = firstWritten([rollout, [...CANARY, 'antiAffinity']], [rollout, [...BLUE_GREEN, 'antiAffinity']]);
  const given = piece(canarySchema.kubernetes.shape.antiAffinity, found?.value);
  const weight = given?.preferredDuringSchedulingIgnoredDuringExecution?.weight;
  if (weight !== undefined) return { kind: 'preferred', weight };
  return given?.requiredDuringSchedulingIgnoredDuringExecution == null ? null : { kind: 'required' };
}
