/** Autoscalers during a release. Pure: table-tested. */
import { isDeepStrictEqual } from 'node:util';
import { type JsonPatchOperation, type KubernetesObject, pointerSegment } from '../../kubernetes/index.ts';

/** `autoscaling/v2`, and KEDA's ScaledObject (`keda.sh/v1alpha1`), whose HorizontalPodAutoscaler is KEDA's own. */
export interface Autoscaler extends KubernetesObject {
  readonly spec: {
    readonly scaleTargetRef: ScaleTarget;
    readonly behavior?: { readonly scaleUp?: ScalingRules; readonly scaleDown?: ScalingRules };
  };
}

export interface ScaleTarget {
  /** KEDA's default is `apps/v1`. */
  readonly apiVersion?: string;
  /** KEDA's default is `Deployment`. */
  readonly kind?: string;
  readonly name: string;
}

interface ScalingRules {
  readonly selectPolicy?: string;
  readonly [field: string]: unknown;
}

export type AutoscalerKind = 'HorizontalPodAutoscaler' | 'ScaledObject';

/** What a held autoscaler was like (JSON): there while a release has a canary. */
export const HELD_ANNOTATION = 'shiplock.dev/held';
/** Stays, so that the autoscaler of a revision that is gone is still known to be the service's. */
export const AUTOSCALES_ANNOTATION = 'shiplock.dev/autoscales';
/** KEDA then leaves the number of pods as it is (keda.sh, "Pausing autoscaling"). */
const PAUSED_ANNOTATION = 'autoscaling.keda.sh/paused';

interface Held {
  /** `null`: there was none. */
  readonly up: string | null;
  readonly down: string | null;
  readonly paused?: boolean;
}

/**
 * An autoscaler stops changing the number of pods: its pods share their load with the canary's, and must be as many as
 * before if the release goes back. Empty where it is held already.
 */
export function hold(current: Autoscaler, kind: AutoscalerKind, service: string): readonly JsonPatchOperation[] {
  const { annotations } = current.metadata;
  if (annotations?.[HELD_ANNOTATION] !== undefined) return [];
  if (kind === 'ScaledObject') {
    const paused = annotations?.[PAUSED_ANNOTATION] !== undefined;
    const marks = { [HELD_ANNOTATION]: JSON.stringify({ up: null, down: null, paused } satisfies Held) };
    const pausing: Record<string, string> = paused ? {} : { [PAUSED_ANNOTATION]: 'true' };
    return annotate(annotations, { ...marks, ...pausing, [AUTOSCALES_ANNOTATION]: service });
  }
  const { behavior } = current.spec;
  const held: Held = { up: behavior?.scaleUp?.selectPolicy ?? null, down: behavior?.scaleDown?.selectPolicy ?? null };
  const stopped = {
    ...behavior,
    scaleUp: { ...behavior?.scaleUp, selectPolicy: 'Disabled' },
    scaleDown: { ...behavior?.scaleDown, selectPolicy: 'Disabled' },
  };
  const marks = { [HELD_ANNOTATION]: JSON.stringify(held), [AUTOSCALES_ANNOTATION]: service };
  return [...annotate(annotations, marks), { op: 'add', path: '/spec/behavior', value: stopped }];
}

/**
 * As it was, for the workload that is stable now. What somebody else has changed meanwhile stays; so does a target that
 * is no revision of the service.
 */
export function letGo(
  current: Autoscaler,
  kind: AutoscalerKind,
  stable: ScaleTarget | null,
): readonly JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = [];
  const { annotations = {} } = current.metadata;
  const held = heldOf(annotations[HELD_ANNOTATION]);
  if (annotations[HELD_ANNOTATION] !== undefined) operations.push(unannotate(HELD_ANNOTATION));
  if (kind === 'ScaledObject' && held && !held.paused && annotations[PAUSED_ANNOTATION] === 'true')
    operations.push(unannotate(PAUSED_ANNOTATION));
  if (kind === 'HorizontalPodAutoscaler' && held) operations.push(...behaviorAgain(current, held));
  if (stable && !isSameTarget(current.spec.scaleTargetRef, stable))
    operations.push({
      op: 'replace',
      path: '/spec/scaleTargetRef',
      value: { ...current.spec.scaleTargetRef, ...stable },
    });
  return operations;
}

/** Two references to one workload. */
export function isSameTarget(left: ScaleTarget, right: ScaleTarget): boolean {
  const kindOf = ({ kind = 'Deployment' }: ScaleTarget) => kind;
  return left.name === right.name && kindOf(left) === kindOf(right);
}

/** What the API server makes of a behavior that says nothing (`pkg/apis/autoscaling/v2/defaults.go`), stopped. */
const STOPPED_DEFAULTS = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Disabled',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: { selectPolicy: 'Disabled', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
};

function behaviorAgain({ spec: { behavior } }: Autoscaler, { up, down }: Held): readonly JsonPatchOperation[] {
  if (!behavior) return [];
  if (up === null && down === null && isDeepStrictEqual(behavior, STOPPED_DEFAULTS))
    return [{ op: 'remove', path: '/spec/behavior' }];
  const sides = [
    ['scaleUp', up],
    ['scaleDown', down],
  ] as const;
  // The default of a direction that says nothing; HPAScalingRules of k8s.io/api/autoscaling/v2.
  return sides
    .filter(([side]) => behavior[side]?.selectPolicy === 'Disabled')
    .map(([side, before]) => ({ op: 'add', path: `/spec/behavior/${side}/selectPolicy`, value: before ?? 'Max' }));
}

function heldOf(text: string | undefined): Held | null {
  if (text === undefined) return null;
  try {
    return JSON.parse(text) as Held;
  } catch {
    return null;
  }
}

function annotate(
  current: Readonly<Record<string, string>> | undefined,
  values: Readonly<Record<string, string>>,
): readonly JsonPatchOperation[] {
  const path = '/metadata/annotations';
  if (!current) return [{ op: 'add', path, value: values }];
  return Object.entries(values).map(([key, value]) => ({ op: 'add', path: `${path}/${pointerSegment(key)}`, value }));
}

function unannotate(key: string): JsonPatchOperation {
  return { op: 'remove', path: `/metadata/annotations/${pointerSegment(key)}` };
}
