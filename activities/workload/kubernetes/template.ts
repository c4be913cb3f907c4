/** A revision's objects, worked out from its target. Pure: table-tested. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../src/plan/digest.ts';
import type { JsonObject, JsonValue, KubernetesTarget, MetadataPlan } from '../../../src/plan/target.ts';
import { revisionId } from '../../../src/rollout/revision-id.ts';
import {
  REVISION_LABEL,
  type RevisionPods,
  ROLE_LABEL,
  SERVICE_LABEL,
  TEMPLATE_ANNOTATION,
  VERSION_ANNOTATION,
} from '../../kubernetes/index.ts';
import { META_ANNOTATION, onlyWhatRolesSet, type RoleMetadata, withRole } from './role-metadata.ts';

export interface RevisionPlan {
  readonly service: string;
  readonly version: string;
  readonly target: KubernetesTarget;
  /** The one it has as it is created. */
  readonly role: 'stable' | 'canary';
  /** Whose nodes it keeps away from, where the target asks for that. */
  readonly stable: RevisionPods | null;
}

/** `SERVICE-ID`. */
export function revisionName(service: string, version: string): string {
  return `${service}-${revisionId(version)}`;
}

/**
 * SHA-256, hex, of what the revision runs, wherever its pods may be and whatever role they have: two with the same one
 * are the same revision.
 */
export function templateDigest({ template, configMaps = [], minReadySeconds, selector }: KubernetesTarget): string {
  return createHash('sha256').update(canonicalJson({ template, configMaps, minReadySeconds, selector })).digest('hex');
}

/**
 * The ReplicaSet, without pods. Its own labels leave out those of its pods: a Deployment adopts every ReplicaSet without
 * an owner that its selector matches, and would scale this one away.
 */
export function replicaSetOf({ service, version, target, role, stable }: RevisionPlan) {
  const id = revisionId(version);
  const { metadata: declared, spec } = target.template as { metadata?: JsonObject; spec: JsonObject };
  const own = { [REVISION_LABEL]: id, [SERVICE_LABEL]: service };
  const template: MetadataPlan = {
    labels: { ...stringsOf(declared?.labels), ...target.selector, ...own },
    annotations: { ...stringsOf(declared?.annotations), [VERSION_ANNOTATION]: version },
  };
  const planned: RoleMetadata = { ...target.roleMetadata, base: template };
  const kept: RoleMetadata = { ...target.roleMetadata, base: onlyWhatRolesSet(template, planned) };
  return {
    metadata: {
      name: revisionName(service, version),
      labels: { ...own, [ROLE_LABEL]: role, 'app.kubernetes.io/managed-by': 'shiplock' },
      annotations: {
        [VERSION_ANNOTATION]: version,
        [TEMPLATE_ANNOTATION]: templateDigest(target),
        ...(target.roleMetadata && { [META_ANNOTATION]: JSON.stringify(kept) }),
      },
    },
    spec: {
      replicas: 0,
      minReadySeconds: target.minReadySeconds,
      selector: { matchLabels: { ...target.selector, [REVISION_LABEL]: id } },
      template: {
        metadata: withRole(template, planned, role),
        spec: { ...renamed(spec, configMapNames(target, id)), ...affinityOf(target, spec, stable) } as {
          containers: { name: string }[];
        },
      },
    },
  };
}

/** The revision's own copies; nobody changes them, and they go with their ReplicaSet. */
export function configMapsOf({ service, version, target }: Pick<RevisionPlan, 'service' | 'version' | 'target'>) {
  const id = revisionId(version);
  return (target.configMaps ?? []).map(({ name, data }) => ({
    metadata: { name: `${name}-${id}`, labels: { [REVISION_LABEL]: id, [SERVICE_LABEL]: service } },
    data,
    immutable: true,
  }));
}

function configMapNames({ configMaps = [] }: KubernetesTarget, id: string): ReadonlyMap<string, string> {
  return new Map(configMaps.map(({ name }) => [name, `${name}-${id}`]));
}

/** Where a pod's specification names a ConfigMap: PodSpec of `k8s.io/api/core/v1`. */
const REFERENCES: readonly string[] = ['configMap', 'configMapRef', 'configMapKeyRef'];

function renamed(value: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const walk = (node: JsonValue, key: string): JsonValue => {
    if (Array.isArray(node)) return node.map((item) => walk(item, ''));
    if (typeof node !== 'object' || node === null) return node;
    const fields = Object.fromEntries(Object.entries(node).map(([name, field]) => [name, walk(field, name)]));
    const name = typeof fields.name === 'string' ? names.get(fields.name) : undefined;
    return REFERENCES.includes(key) && name !== undefined ? { ...fields, name } : fields;
  };
  return walk(value, '') as JsonObject;
}

/** Away from the nodes of the stable side; as Argo's `GenerateReplicaSetAffinity` (`utils/replicaset/replicaset.go`). */
function affinityOf({ antiAffinity }: KubernetesTarget, spec: JsonObject, stable: RevisionPods | null): JsonObject {
  if (!antiAffinity || !stable) return {};
  const { label, value } = stable.key;
  const term = {
    labelSelector: { matchExpressions: [{ key: label, operator: 'In', values: [value] }] },
    topologyKey: 'kubernetes.io/hostname',
  };
  const affinity = objectOf(spec.affinity);
  const podAntiAffinity = objectOf(affinity.podAntiAffinity);
  const required = antiAffinity.kind === 'required';
  const field = `${required ? 'required' : 'preferred'}DuringSchedulingIgnoredDuringExecution`;
  const added = required ? term : { weight: antiAffinity.weight, podAffinityTerm: term };
  const terms = [...((podAntiAffinity[field] as readonly JsonValue[] | undefined) ?? []), added];
  return { affinity: { ...affinity, podAntiAffinity: { ...podAntiAffinity, [field]: terms } } };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function stringsOf(value: JsonValue | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([name, text]) => [name, `${text}`]));
}
